/** `meridian project`: what the next months of a bill may cost, with its uncertainty and what drives it. */
import { join } from "node:path";
import { Option } from "commander";
import writeFileAtomic from "write-file-atomic";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { dailySpendOf } from "../../simulator/bill/daily-spend.ts";
import { FLAT, type PriceScenario, projectBill, TREND_DAYS_MIN } from "../../simulator/bill/project.ts";
import { usageLines } from "../../simulator/bill/spend.ts";
import { addBillOptions, openBill } from "../bill/open-bill.ts";
import { requireStore } from "../io/run-store.ts";
import { type CommandDefinition, type CommandInput, jsonDocument } from "./command.ts";
import { wholeNumber } from "./options.ts";

const BILL = "scenarios/bills/cost-explorer.csv.gz";

export const projectCommand: CommandDefinition = {
  examples: [
    [`meridian project ${BILL}`, "twelve months by the trend of the bill"],
    [`meridian project ${BILL} --growth 2%..8% --price cut=-20%@7`, "growth of your own, and prices from month 7 on"],
    [`meridian project ${BILL} --season 12=-30% 8=-15%`, "quiet months, which 90 days do not tell"],
    [`meridian project ${BILL} --out projection`, "page to print, spreadsheet and JSON in a folder"],
  ],
  configure: (command) => {
    addBillOptions(command);
    command
      .addOption(new Option("--months <n>", "how far ahead").default(12).argParser(wholeNumber(1)))
      .option("--growth <low..high>", "growth a month between these, 10 to 90 % quantile; else the bill's trend")
      .option("--price <name=change@month...>", "price scenarios beside prices as they are, e.g. cut=-20%@7")
      .option("--season <month=change...>", "calendar months that differ from the others, e.g. 12=-30% 8=-15%")
      .option("--out <dir>", "folder for projection.html, projection.csv and projection.json");
  },
  run: runProject,
};

async function runProject({ args, options, terminal }: CommandInput): Promise<number> {
  const growth = options.growth === undefined ? undefined : growthOf(String(options.growth));
  const prices = ((options.price as readonly string[] | undefined) ?? []).map(priceOf);
  const seasons = new Map(((options.season as readonly string[] | undefined) ?? []).map(seasonOf));
  const months = Math.min(120, Number(options.months));
  if (options.out !== undefined) await requireStore(String(options.out));
  const { bill, from, title } = await openBill(args[0], options);
  const projection = projectBill(bill, { months, growth, seasons, prices: [FLAT, ...prices] });
  if (projection === undefined && usageLines(bill).length === 0) {
    throw new MeridianError("data", {
      code: "PROJECT_NO_TOKENS",
      what: "no line says that it is of tokens",
      where: from,
      fix: "export it grouped by usage type, too",
    });
  }
  if (projection === undefined) {
    const fix = `export ${TREND_DAYS_MIN} days or more by day, or 7 days and give --growth low..high`;
    const { days, estimated } = dailySpendOf(bill);
    const changing =
      estimated.length === 0
        ? ""
        : `: ${estimated.length} more may still change (Cost Explorer calls a month estimated until it is invoiced)`;
    throw new MeridianError("data", {
      code: "PROJECT_TOO_SHORT",
      what: `too few days with spend, ${days.length}${changing}`,
      where: from,
      fix,
    });
  }
  const { projectionJson, renderProjectionCsv, renderProjectionHtml, renderProjectionText } = await import(
    "../../reports/bill/projection.ts"
  );
  const report = { projection, file: title };
  const json = jsonDocument("projection", projectionJson(projection));
  if (options.out !== undefined) {
    const folder = String(options.out);
    await writeFileAtomic(join(folder, "projection.csv"), renderProjectionCsv(report));
    await writeFileAtomic(join(folder, "projection.json"), `${json}\n`);
    await writeFileAtomic(join(folder, "projection.html"), renderProjectionHtml(report));
    terminal.note(`written: ${join(folder, "projection.html")}, projection.csv, projection.json`);
  }
  terminal.out(options.json === true ? json : renderProjectionText(report, terminal));
  return EXIT_CODES.ok;
}

const SHARE = String.raw`([+-]?\d{1,3}(?:\.\d+)?)\s*%`;

function growthOf(text: string): readonly [number, number] {
  const match = new RegExp(`^${SHARE}\\.\\.${SHARE}$`).exec(text.trim());
  const [low, high] = [Number(match?.[1]) / 100, Number(match?.[2]) / 100];
  if (match !== null && low > -1 && low <= high) return [low, high];
  throw new MeridianError("usage", {
    code: "PROJECT_GROWTH",
    what: `"${text}" is not a range of growth a month`,
    where: "--growth",
    fix: "write a range, low first: --growth 2%..8%; a single number would hide what is not known",
  });
}

/** Month of the year from 0, and its spend over a usual month's. */
function seasonOf(text: string): readonly [number, number] {
  const match = new RegExp(`^(\\d{1,2})=${SHARE}$`).exec(text.trim());
  const [month, change] = [Number(match?.[1]), Number(match?.[2]) / 100];
  if (match !== null && month >= 1 && month <= 12 && change > -1) return [month - 1, 1 + change];
  throw new MeridianError("usage", {
    code: "PROJECT_SEASON",
    what: `"${text}" is not a season`,
    where: "--season",
    fix: "write month=change, e.g. --season 12=-30%: December costs 30 % less than a usual month",
  });
}

function priceOf(text: string): PriceScenario {
  const match = new RegExp(`^([^=]{1,40})=${SHARE}@(\\d{1,3})$`).exec(text.trim());
  const change = Number(match?.[2]) / 100;
  if (match !== null && change >= -1 && Number(match[3]) >= 1)
    return { name: match[1]!, change, fromMonth: Number(match[3]) };
  const fix = "write name=change@month, e.g. --price cut=-20%@7: a fifth cheaper from the seventh month on";
  throw new MeridianError("usage", {
    code: "PROJECT_PRICE",
    what: `"${text}" is not a price scenario`,
    where: "--price",
    fix,
  });
}
