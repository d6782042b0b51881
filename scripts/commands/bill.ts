/** `meridian bill`: what an export of the bill says, who could be routed otherwise, and what stands out. */

import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { BillPage } from "../../reports/bill/page.ts";
import { renderBillHtml } from "../../reports/bill/page.ts";
import { renderProjectionCsv } from "../../reports/bill/projection.ts";
import type { ReplayReport } from "../../reports/bill/savings.ts";
import {
  bestRouting,
  replayText,
  routingScenarios,
  savingsCsvTable,
  savingsTable,
} from "../../reports/bill/savings.ts";
import { renderBillText } from "../../reports/bill/text.ts";
import { csvRows, toCsv } from "../../reports/tables/table.ts";
import { terminalTable, wrap } from "../../reports/text/terminal.ts";
import { EXIT_CODES, MeridianError, printable } from "../../simulator/base/errors.ts";
import { suggestOneOf } from "../../simulator/base/near-names.ts";
import { parseShare } from "../../simulator/base/quantities.ts";
import { AWS_REGIONS } from "../../simulator/base/regions.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import { formatDecimal } from "../../simulator/bill/bill-line.ts";
import { candidatesOf, workloadsSchema } from "../../simulator/bill/candidates.ts";
import { coverageOf } from "../../simulator/bill/coverage.ts";
import type { HitsLost } from "../../simulator/bill/fitted-class.ts";
import { FLAT, projectBill } from "../../simulator/bill/project.ts";
import {
  anomaliesOf,
  type Bill,
  partsOf,
  remarksOf,
  SPEND_DIMENSIONS,
  type SpendDimension,
  spendBy,
  spendByFeature,
  tagKeysOf,
} from "../../simulator/bill/spend.ts";
import { createPriceBook } from "../../simulator/service/pricing/price-book.ts";
import { addBillOptions, openBill } from "../bill/open-bill.ts";
import type { ReplayInput } from "../bill/replay.ts";
import { loadPriceBook } from "../io/price-book-file.ts";
import { loadReference } from "../io/reference.ts";
import { requireStore } from "../io/run-store.ts";
import { loadScenario } from "../io/scenario-file.ts";
import { type CommandDefinition, type CommandInput, type CommonOptions, jsonDocument } from "./command.ts";

export const billCommand: CommandDefinition = {
  examples: [
    ["meridian bill scenarios/bills/cost-explorer.csv.gz", "spend by team, model, region; candidates; odd days"],
    ["meridian bill scenarios/bills/focus-1.0.parquet --by tag:team --by model", "only these groupings"],
    ["meridian bill --source cur", "a bill that meridian import put into the store"],
    ["meridian bill scenarios/bills/cur-2.csv.gz --json", "every figure exact, for a script"],
    ["meridian bill scenarios/bills/cur-2.csv.gz --scenario replay.yaml", "and a scenario that costs what was billed"],
    [
      "meridian bill scenarios/bills/cost-explorer.csv.gz --replay --report signed",
      "what routing would save, on a page",
    ],
  ],
  configure: (command) => {
    addBillOptions(command);
    command
      .option("--by <dimension...>", `${SPEND_DIMENSIONS.join(", ")} or tag:<key>`)
      .option("--team <tag>", "tag whose values are the teams; the one with most spend unless given")
      .option("--workloads <file>", "what teams can live with: search: { sla: 6s, residency: eu, mayMove: 60% }")
      .option(
        "--book <file>",
        "price book of your own, as meridian prices import writes it, in place of the bundled one",
      )
      .option("--cache-loss <low..high>", "cache hits that a global profile loses, e.g. 0%..5%; else by log or assumed")
      .option("--scenario <file>", "write a scenario that replays the bill's tokens, by team, model and region")
      .option("--replay", "simulate the bill under other routings: savings by team with intervals")
      .option("--logs <file>", "with --scenario or --replay: a request log of the same calls, for their sizes")
      .option("--report <dir>", "folder for bill.html, a page to print and sign, and bill.json");
  },
  run: runBill,
};

async function runBill({ args, options, terminal, signal }: CommandInput): Promise<number> {
  if (options.report !== undefined) await requireStore(String(options.report), "--report");
  const { prices } =
    options.book === undefined ? await loadReference() : { prices: await loadPriceBook(String(options.book)) };
  const hitsLost = options.cacheLoss === undefined ? undefined : cacheLossOf(String(options.cacheLoss));
  const { bill, names, from, title } = await openBill(args[0], options);
  const tags = tagKeysOf(bill);
  const team = teamOf(options.team as string | undefined, tags);
  const groupings = dimensionsOf(options.by as readonly string[] | undefined, team, tags);
  const byTeam: SpendDimension = team === undefined ? "account" : `tag:${team}`;
  const workloads =
    options.workloads === undefined
      ? undefined
      : (await loadScenario(String(options.workloads), workloadsSchema)).value;
  const unknown = Object.keys(workloads ?? {}).filter(
    (name) => name !== "*" && name !== "untagged" && !spendBy(bill, byTeam).some(({ key }) => key === name),
  );
  if (unknown.length > 0)
    terminal.note(`note: the bill has no ${team ?? "account"} ${unknown.map(printable).join(", ")}`);
  const book = createPriceBook({ data: prices });
  const report = {
    bill,
    parts: partsOf(bill),
    groupings: groupings.map((dimension) => ({ dimension, groups: spendBy(bill, dimension) })),
    candidates: candidatesOf(
      bill,
      byTeam,
      book,
      AWS_REGIONS.map(({ id }) => id),
      workloads,
    ),
    anomalies: ([byTeam, "region", "model"] as const).flatMap((dimension) =>
      anomaliesOf(bill, dimension)
        // A dimension that the export lacks would repeat the whole bill under "not said".
        .filter(({ group }) => group !== undefined)
        .map((anomaly) => ({ dimension, anomaly })),
    ),
    remarks: remarksOf(bill),
    features: spendByFeature(bill),
    teamTag: team,
  };
  const written = await replayOf(options, { bill, dimension: byTeam, book, names, workloads });
  const logs = options.logs as string | undefined;
  const replay =
    options.replay === true
      ? await import("../bill/replay.ts").then(({ replayed }) =>
          replayed(logs, { bill, dimension: byTeam, book, names, workloads, hitsLost }, { terminal, signal }),
        )
      : undefined;
  const json = jsonDocument(
    "bill",
    plain({
      file: from,
      ...report,
      bill: undefined,
      replay,
      summary: summaryOf(report.bill),
      coverage: plainCoverage(report.bill),
    }),
  );
  if (options.report !== undefined) await writePage(String(options.report), title, { report, replay }, json);
  if (options.json === true) terminal.out(json);
  else {
    terminal.out(renderBillText(report, { colour: terminal.colour, width: terminal.width }));
    if (replay !== undefined) terminal.out(replayLines(replay, terminal));
  }
  if (options.report !== undefined) terminal.note(`written: ${join(String(options.report), "bill.html")}, bill.json`);
  if (written !== undefined) terminal.note(written);
  return EXIT_CODES.ok;
}

/** The page, with the months ahead where the bill is long enough, and the same figures as JSON. */
async function writePage(
  folder: string,
  file: string,
  { report, replay }: Pick<BillPage, "report" | "replay">,
  json: string,
): Promise<void> {
  const routings = replay === undefined ? [] : routingScenarios(replay);
  const projection = projectBill(report.bill, { months: 12, growth: undefined, prices: [FLAT, ...routings] });
  const byDay = spendBy(report.bill, "day");
  const html = renderBillHtml({ report, byDay, replay, projection, file });
  await writeFileAtomic(join(folder, "bill.html"), html);
  await writeFileAtomic(join(folder, "bill.json"), `${json}\n`);
  if (replay !== undefined) await writeFileAtomic(join(folder, "savings.csv"), toCsv(csvRows(savingsCsvTable(replay))));
  if (projection !== undefined)
    await writeFileAtomic(join(folder, "projection.csv"), renderProjectionCsv({ projection, file }));
}

function replayLines(replay: ReplayReport, { width }: { readonly width: number }): string {
  const { columns, rows } = savingsTable(replay);
  const cells = rows.map((row) =>
    row.cells.map(({ text, detail }) => printable(detail === undefined ? text : `${text} (${detail})`)),
  );
  const table = terminalTable([columns.map(({ label }) => label), ...cells], {
    aligns: columns.map(({ align }) => align),
    gap: 2,
  });
  return [
    "",
    "What routing would save",
    ...wrap(bestRouting(replay), width),
    ...wrap(replayText(replay), width),
    "",
    ...table,
  ].join("\n");
}

/** Writes the replay where one is asked for. @returns what to tell of it */
async function replayOf({ scenario, logs, replay }: CommonOptions, input: ReplayInput): Promise<string | undefined> {
  if (scenario === undefined && (logs === undefined || replay === true)) return undefined;
  if (scenario !== undefined) {
    const { writeReplay } = await import("../bill/replay.ts");
    return writeReplay(String(scenario), logs as string | undefined, input);
  }
  const fix = "add --scenario replay.yaml or --replay";
  throw new MeridianError("usage", { code: "BILL_LOGS_ALONE", what: "--logs is for a replay of the bill", fix });
}

function cacheLossOf(text: string): HitsLost {
  const [least, most] = text.split("..").map((each) => parseShare(each));
  if (least !== undefined && most !== undefined && least >= 0 && least <= most && most <= 1) return { least, most };
  throw new MeridianError("usage", {
    code: "BILL_CACHE_LOSS",
    what: `"${text}" is not a range of shares`,
    where: "--cache-loss",
    fix: "write a range, low first: --cache-loss 0%..5%",
  });
}

/** Days and hours without usage, as ISO writes them. */
function plainCoverage(bill: Bill) {
  const { emptyDays, emptyHoursMs } = coverageOf(bill);
  const iso = (ms: number) => new Date(ms).toISOString();
  return { emptyDays: emptyDays.map((day) => iso(day * DAY_MS).slice(0, 10)), emptyHours: emptyHoursMs.map(iso) };
}

function summaryOf(bill: Bill) {
  const { format, view, costBasis, notes, statedTotalUsd } = bill.export;
  return { format, view, costBasis, notes, statedTotalUsd, totalUsd: bill.totalUsd, lines: bill.lines.length };
}

function teamOf(asked: string | undefined, tags: readonly string[]): string | undefined {
  if (asked === undefined) return tags[0];
  requireTag(asked, tags);
  return asked;
}

function requireTag(asked: string, tags: readonly string[]): void {
  if (tags.includes(asked)) return;
  const fix = tags.length === 0 ? "the file has no tags: export it grouped by one" : `its tags are ${tags.join(", ")}`;
  throw new MeridianError("usage", {
    code: "BILL_TAG_UNKNOWN",
    what: `no line has the tag ${JSON.stringify(asked)}`,
    fix,
  });
}

function dimensionsOf(
  asked: readonly string[] | undefined,
  team: string | undefined,
  tags: readonly string[],
): readonly SpendDimension[] {
  if (asked === undefined)
    return [...(team === undefined ? [] : [`tag:${team}` as const]), "model", "region", "kind", "tier"];
  return asked.map((dimension) => {
    if (dimension.startsWith("tag:") && dimension !== "tag:") requireTag(dimension.slice(4), tags);
    if ((SPEND_DIMENSIONS as readonly string[]).includes(dimension) || /^tag:./.test(dimension))
      return dimension as SpendDimension;
    const fix = `${suggestOneOf(dimension, SPEND_DIMENSIONS)}, or tag:<key>`;
    throw new MeridianError("usage", {
      code: "BILL_DIMENSION",
      what: `there is no grouping ${JSON.stringify(dimension)}`,
      fix,
    });
  });
}

/** Amounts as exact decimals in texts: JSON's numbers would lose digits. */
function plain(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value, (_, one) => (typeof one === "bigint" ? formatDecimal(one) : one)));
}
