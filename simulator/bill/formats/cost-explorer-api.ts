/** Answers of GetCostAndUsage as JSON: one page, a list of pages, or pages line by line. */
import { z } from "zod";
import { firstProblems, MeridianError, type Problem } from "../../base/errors.ts";
import { AWS_REGIONS } from "../../base/regions.ts";
import { type BillExport, type BillLine, type Decimal, parseDecimal, withCreditsBySign } from "../bill-line.ts";
import { instantMsOf } from "../table-reader.ts";
import { chargeKindOf, regionOf, tagOf } from "./cost-explorer-long.ts";

const metric = z.object({ Amount: z.string().optional(), Unit: z.string().optional() });
const metrics = z.record(z.string(), metric);
const page = z.object({
  GroupDefinitions: z.array(z.object({ Type: z.string(), Key: z.string() })).default([]),
  NextPageToken: z.string().nullish(),
  ResultsByTime: z.array(
    z.object({
      TimePeriod: z.object({ Start: z.string(), End: z.string() }),
      Total: metrics.optional(),
      Groups: z.array(z.object({ Keys: z.array(z.string()), Metrics: metrics })).default([]),
      Estimated: z.boolean().default(false),
    }),
  ),
});
type Page = z.infer<typeof page>;
type Groups = Page["GroupDefinitions"];

/** Whether a parsed JSON value is an answer of GetCostAndUsage, or a list of them. */
export function isCostExplorerApi(value: unknown): boolean {
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === "object" && first !== null && "ResultsByTime" in first;
}

/** In the order of preference; several may be asked for in one call, and only one is summed. */
const COSTS = ["UnblendedCost", "NetUnblendedCost", "AmortizedCost", "NetAmortizedCost", "BlendedCost"] as const;

/**
 * @param value the parsed file: a page or a list of pages
 * @param file for messages
 * @throws MeridianError data, with all problems: no page, an unreadable amount, another currency
 */
export function readCostExplorerApi(value: unknown, file: string): BillExport {
  const parsed = z.array(page).safeParse(Array.isArray(value) ? value : [value]);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const where = `${file}: ${path.join(".")}`;
    throw new MeridianError("data", {
      code: "BILL_UNREADABLE",
      where,
      what: message,
      fix: "keep the API's answer as it is",
    });
  }
  const pages = parsed.data;
  const names = new Set(pages.flatMap(({ ResultsByTime }) => ResultsByTime.flatMap(metricNames)));
  const cost = COSTS.find((name) => names.has(name));
  const problems: Problem[] = [];
  // Pages without a day are an empty export, whatever was asked for.
  if (cost === undefined && pages.some(({ ResultsByTime }) => ResultsByTime.length > 0))
    problems.push({
      code: "BILL_NO_COST",
      where: file,
      what: "no cost was asked for",
      fix: "ask with Metrics: [UnblendedCost, UsageQuantity]",
    });
  const groups = pages.find(({ GroupDefinitions }) => GroupDefinitions.length > 0)?.GroupDefinitions ?? [];
  problems.push(...countedTwice(pages, file));
  const lines =
    cost === undefined
      ? []
      : pages.flatMap((one) => linesOf({ ...one, GroupDefinitions: groups }, cost, file, problems));
  if (problems.length > 0) throw new MeridianError("data", firstProblems(problems));
  const exported: BillExport = {
    format: "cost-explorer-api",
    view:
      groups.length === 0
        ? "cost-explorer"
        : `cost-explorer by ${groups.map(({ Key }) => Key.toLowerCase()).join(", ")}`,
    lines,
    statedTotalUsd: undefined,
    costBasis: (cost ?? "").replace(/Cost$/, "").toLowerCase(),
    notes: [
      ...(isCut(pages) ? ["the last page names a next page: the bill is not complete"] : []),
      ...roundedNote(pages, cost ?? ""),
    ],
  };
  return groups.some(({ Key }) => Key === "RECORD_TYPE") ? exported : withCreditsBySign(exported);
}

/** The API groups by two dimensions at most: answers to several questions about the same days are the same spend. */
function countedTwice(pages: readonly Page[], file: string): readonly Problem[] {
  const groupings = new Set(
    pages.flatMap(({ GroupDefinitions: groups }) =>
      groups.length === 0 ? [] : groups.map(({ Key }) => Key).join(" and "),
    ),
  );
  if (groupings.size > 1) {
    const what = `its answers are grouped by ${[...groupings].join("; by ")}: adding them up would count spend twice`;
    return [{ code: "BILL_COUNTED_TWICE", where: file, what, fix: "give one file for each grouping" }];
  }
  const seen = new Set<string>();
  for (const { ResultsByTime } of pages)
    for (const { TimePeriod, Groups } of ResultsByTime)
      for (const { Keys } of Groups) {
        const key = JSON.stringify([TimePeriod.Start, TimePeriod.End, Keys]);
        if (seen.has(key)) {
          const what = `${TimePeriod.Start} has ${Keys.join(", ")} twice`;
          return [{ code: "BILL_COUNTED_TWICE", where: file, what, fix: "leave out the page that stands twice" }];
        }
        seen.add(key);
      }
  return [];
}

function metricNames(result: Page["ResultsByTime"][number]): readonly string[] {
  return [...Object.keys(result.Total ?? {}), ...result.Groups.flatMap(({ Metrics }) => Object.keys(Metrics))];
}

/** The service adds in doubles: what is left of a sum may have more digits than are kept. */
function roundedNote(pages: readonly Page[], cost: string): readonly string[] {
  const amounts = pages.flatMap(({ ResultsByTime }) =>
    ResultsByTime.flatMap(({ Total, Groups }) => [Total ?? {}, ...Groups.map(({ Metrics }) => Metrics)]),
  );
  const rounded = amounts.filter((each) => parseDecimal(each[cost]?.Amount ?? "0") === undefined).length;
  return rounded === 0 ? [] : [`amounts with more than 18 digits after the point were rounded there: ${rounded}`];
}

/** Each page but the last names the next one. */
function isCut(pages: readonly Page[]): boolean {
  const open = pages.filter(({ NextPageToken }) => typeof NextPageToken === "string" && NextPageToken !== "");
  return open.length >= pages.length && pages.length > 0;
}

function linesOf(one: Page, cost: string, file: string, problems: Problem[]): readonly BillLine[] {
  return one.ResultsByTime.flatMap((result, at): readonly BillLine[] => {
    const where = `${file}: ResultsByTime[${at}]`;
    const problem = (what: string, fix: string) => problems.push({ code: "BILL_ROW_UNREADABLE", where, what, fix });
    const amountOf = (measured: z.infer<typeof metrics>, name: string): Decimal | undefined => {
      const { Amount, Unit } = measured[name] ?? {};
      if (Amount === undefined) return undefined;
      const amount = parseDecimal(Amount, "round");
      if (amount === undefined)
        problem(`${name} is not a number: ${JSON.stringify(Amount)}`, "keep the API's answer as it is");
      if (name === cost && Unit !== undefined && Unit !== "USD")
        problem(`the currency is ${Unit}`, "export the bill in USD");
      return amount;
    };
    const startMs = instantMsOf(result.TimePeriod.Start);
    const endMs = instantMsOf(result.TimePeriod.End);
    if (startMs === undefined || endMs === undefined) {
      problem(`TimePeriod is unreadable: ${JSON.stringify(result.TimePeriod)}`, "dates are written as 2026-09-03");
      return [];
    }
    const rows = result.Groups.length > 0 ? result.Groups : [{ Keys: [], Metrics: result.Total ?? {} }];
    return rows.map(({ Keys, Metrics }) => ({
      startMs,
      endMs,
      costUsd: amountOf(Metrics, cost) ?? 0n,
      quantity: amountOf(Metrics, "UsageQuantity"),
      unit: unitOf(Metrics),
      ...dimensionsOf(one.GroupDefinitions, Keys),
      identity: undefined,
      estimated: result.Estimated,
      line: at + 1,
    }));
  });
}

/** The API says `N/A` where a group mixes units. */
function unitOf(measured: z.infer<typeof metrics>): string | undefined {
  const unit = measured.UsageQuantity?.Unit;
  return unit === undefined || unit === "N/A" || unit === "" ? undefined : unit;
}

/** Cost categories are labels that people gave, as tags are. */
function isTag(type: string): boolean {
  return type === "TAG" || type === "COST_CATEGORY";
}

type Dimensions = Pick<BillLine, "kind" | "service" | "usageType" | "operation" | "region" | "account" | "tags">;

/** What an answer without its definitions is grouped by, as far as its keys show it. */
function shownBy(key: string): Groups[number] {
  const tag = /^([^$]+)\$/.exec(key)?.[1];
  if (tag !== undefined) return { Type: "TAG", Key: tag };
  const isRegion = /^no ?region$/i.test(key) || AWS_REGIONS.some(({ id }) => id === key);
  const isUsage = /^([A-Z]{2,4}\d{1,2}|EU)-|^MP:/.test(key);
  const dimension = isRegion ? "REGION" : isUsage ? "USAGE_TYPE" : /^\d{12}$/.test(key) ? "LINKED_ACCOUNT" : "SERVICE";
  return { Type: "DIMENSION", Key: dimension };
}

function dimensionsOf(defined: Groups, keys: readonly string[]): Dimensions {
  const groups = defined.length === 0 ? keys.map(shownBy) : defined;
  const byName = new Map(groups.map(({ Type, Key }, at) => [isTag(Type) ? `${Type} ${Key}` : Key, keys[at]] as const));
  const region = byName.get("REGION");
  const tags = groups.flatMap(({ Type, Key }, at) => (isTag(Type) ? Object.entries(tagOf(keys[at] ?? "", Key)) : []));
  return {
    kind: chargeKindOf(byName.get("RECORD_TYPE"), byName.get("SERVICE")),
    service: byName.get("SERVICE"),
    usageType: byName.get("USAGE_TYPE"),
    operation: byName.get("OPERATION"),
    region: regionOf(region),
    account: byName.get("LINKED_ACCOUNT"),
    tags: Object.fromEntries(tags),
  };
}
