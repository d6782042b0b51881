/**
 * Spend of a bill by any dimension: exact sums, tokens by kind and the effective price, which reconcile with the file; and the
 * days that stand out, found by the median of the same weekday.
 */
import { median } from "../base/statistics.ts";
import { DAY_MS, HOUR_MS } from "../base/time.ts";
import { type BillExport, type ChargeKind, type Decimal, sumOf, toNumber } from "./bill-line.ts";
import { type ClassifiedLine, classifyLine, type ModelNames, type SpendKind, usdPerMTok } from "./classify.ts";
import { CATEGORY_PREFIX } from "./table-reader.ts";
import { featureOf, TOKEN_KINDS, type TokenKind } from "./usage-type.ts";

/** A bill with each line read. */
export interface Bill {
  readonly export: BillExport;
  readonly lines: readonly ClassifiedLine[];
  readonly totalUsd: Decimal;
}

/** @param names the models that services and usage types may mean */
export function createBill(exported: BillExport, names: ModelNames): Bill {
  const lines = exported.lines.map((line) => classifyLine(line, names));
  return { export: exported, lines, totalUsd: sumOf(lines.map(({ line }) => line.costUsd)) };
}

/** Ways to group; tags are `tag:team`. */
export const SPEND_DIMENSIONS = [
  "model",
  "region",
  "tier",
  "kind",
  "service",
  "account",
  "identity",
  "day",
  "hour",
] as const;
type PlainDimension = (typeof SPEND_DIMENSIONS)[number];
export type SpendDimension = PlainDimension | `tag:${string}`;

/** Sums of the lines of one group. */
export interface SpendGroup {
  /** Undefined: the lines do not say; the empty text: known to be untagged. */
  readonly key: string | undefined;
  readonly costUsd: Decimal;
  readonly tokens: Readonly<Record<TokenKind, Decimal>>;
  /** USD per million tokens of each kind that was bought. */
  readonly effectiveUsdPerMTok: Readonly<Partial<Record<TokenKind, Decimal>>>;
  readonly lines: number;
}

/** Usage by a dimension, the largest first; the groups' costs sum to the usage that `usageLines` gives. */
export function spendBy(bill: Bill, dimension: SpendDimension): readonly SpendGroup[] {
  const lines = usageLines(bill);
  // Where any line has the tag, a line without it is known to be untagged.
  const isTag = dimension.startsWith("tag:") && lines.some((line) => spendKeyOf(line, dimension) !== undefined);
  return group(lines, (line) => spendKeyOf(line, dimension) ?? (isTag ? "" : undefined)).sort(byCost);
}

/** What a route could change: usage of text models, without credits, taxes and corrections. */
export function tokenLines(bill: Bill): readonly ClassifiedLine[] {
  return bill.lines.filter(({ spend, line }) => spend === "tokens" && line.kind === "usage");
}

/** Usage of text models; of an export grouped by team or region alone, which does not say for what, all usage. */
export function usageLines(bill: Bill): readonly ClassifiedLine[] {
  return saysForWhat(bill) ? tokenLines(bill) : bill.lines.filter(({ line }) => line.kind === "usage");
}

/** Whether any line names a service or a usage type. */
export function saysForWhat(bill: Bill): boolean {
  return bill.lines.some(({ spend }) => spend !== "unattributed");
}

/** Models with tokens on the bill that the table of models does not know, the dearest first: they have no other routes. */
export function unknownModels(bill: Bill): readonly SpendGroup[] {
  const lines = tokenLines(bill).filter(({ model, modelId }) => model !== undefined && modelId === undefined);
  return group(lines, ({ model }) => model).sort(byCost);
}

/** One part of the bill: what was charged, for what. */
export interface BillPart {
  readonly kind: ChargeKind;
  readonly spend: SpendKind;
  readonly costUsd: Decimal;
  readonly lines: number;
}

/** The bill in parts that sum to its total: usage of tokens first, then what is kept apart. */
export function partsOf(bill: Bill): readonly BillPart[] {
  const parts = new Map<string, BillPart>();
  for (const { line, spend } of bill.lines) {
    const key = `${line.kind} ${spend}`;
    const part = parts.get(key);
    const { costUsd } = line;
    parts.set(key, {
      kind: line.kind,
      spend,
      costUsd: costUsd + (part?.costUsd ?? 0n),
      lines: 1 + (part?.lines ?? 0),
    });
  }
  return [...parts.values()].sort((a, b) => compare(b.costUsd, a.costUsd));
}

/** Usage of Bedrock that is no tokens of a text model, by what it is for, the dearest first. */
export function spendByFeature(bill: Bill): readonly SpendGroup[] {
  const lines = bill.lines.filter(({ spend, line }) => spend === "bedrock" && line.kind === "usage");
  return group(lines, ({ line }) => (line.usageType === undefined ? undefined : featureOf(line.usageType))).sort(
    byCost,
  );
}

/** What usage of Bedrock that is no tokens of a text model costs in all. */
export function otherUsageUsd(bill: Bill): Decimal {
  const lines = saysForWhat(bill) ? bill.lines : [];
  return sumOf(
    lines.flatMap(({ spend, line }) => (spend === "bedrock" && line.kind === "usage" ? [line.costUsd] : [])),
  );
}

/** Lines that are odd or not attributed, by remark and service, the dearest first. */
export interface BillRemark {
  readonly remark: string;
  readonly service: string | undefined;
  readonly usageType: string | undefined;
  readonly costUsd: Decimal;
  readonly lines: number;
}

/** What could not be attributed or looks odd; nothing of it is left out of the totals. */
export function remarksOf(bill: Bill): readonly BillRemark[] {
  const remarks = new Map<string, BillRemark>();
  for (const { line, remark } of bill.lines) {
    if (remark === undefined) continue;
    const { service, usageType, costUsd } = line;
    const key = JSON.stringify([remark, service, usageType]);
    const before = remarks.get(key);
    remarks.set(key, {
      remark,
      service,
      usageType,
      costUsd: costUsd + (before?.costUsd ?? 0n),
      lines: 1 + (before?.lines ?? 0),
    });
  }
  return [...remarks.values()].sort((a, b) => compare(magnitude(b.costUsd), magnitude(a.costUsd)));
}

/** The tag keys that the bill's lines carry, in the order of their spend; cost categories after tags. */
export function tagKeysOf(bill: Bill): readonly string[] {
  const spend = new Map<string, Decimal>();
  for (const { line } of bill.lines)
    for (const key of Object.keys(line.tags)) spend.set(key, (spend.get(key) ?? 0n) + magnitude(line.costUsd));
  const isCategory = (key: string) => Number(key.startsWith(CATEGORY_PREFIX));
  return [...spend].sort(([k, a], [l, b]) => isCategory(k) - isCategory(l) || compare(b, a)).map(([key]) => key);
}

function group(
  lines: readonly ClassifiedLine[],
  keyOfLine: (line: ClassifiedLine) => string | undefined,
): SpendGroup[] {
  const groups = new Map<string | undefined, ClassifiedLine[]>();
  for (const line of lines) {
    const key = keyOfLine(line);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [line]);
    else members.push(line);
  }
  return [...groups].map(([key, members]) => summed(key, members));
}

function summed(key: string | undefined, members: readonly ClassifiedLine[]): SpendGroup {
  const ofKind = (kind: TokenKind) => members.filter(({ tokenKind }) => tokenKind === kind);
  const tokens = Object.fromEntries(
    TOKEN_KINDS.map((kind) => [kind, sumOf(ofKind(kind).map((one) => one.tokens ?? 0n))]),
  ) as Record<TokenKind, Decimal>;
  const effective = TOKEN_KINDS.flatMap((kind) => {
    // Lines without a quantity have a cost and no tokens: with them the price would be too high.
    const priced = ofKind(kind).filter((one) => one.tokens !== undefined);
    const price = usdPerMTok(sumOf(priced.map(({ line }) => line.costUsd)), tokens[kind]);
    return price === undefined ? [] : [[kind, price] as const];
  });
  return {
    key,
    costUsd: sumOf(members.map(({ line }) => line.costUsd)),
    tokens,
    effectiveUsdPerMTok: Object.fromEntries(effective),
    lines: members.length,
  };
}

/** The group that a line belongs to; undefined where it does not say. */
export function spendKeyOf(classified: ClassifiedLine, dimension: SpendDimension): string | undefined {
  const { line } = classified;
  if (dimension.startsWith("tag:")) return line.tags[dimension.slice(4)];
  switch (dimension as PlainDimension) {
    case "model":
      return classified.model;
    case "region":
      return classified.region;
    case "tier":
      return classified.tier === undefined ? undefined : `${classified.tier}, ${classified.routing}`;
    case "kind":
      return classified.tokenKind;
    case "service":
      return line.service;
    case "account":
      return line.account;
    case "identity":
      return line.identity;
    case "day":
      return new Date(line.startMs).toISOString().slice(0, 10);
    case "hour":
      return isHourly(classified) ? `${new Date(line.startMs).toISOString().slice(11, 13)}:00` : undefined;
  }
}

/** Days of UTC, as days since 1970, on which any of the lines was charged: a line of a month covers all of it. */
export function daysOf(lines: readonly ClassifiedLine[]): ReadonlySet<number> {
  const days = new Set<number>();
  for (const { line } of lines) {
    const first = Math.floor(line.startMs / DAY_MS);
    // The end is not included; where the export has none it is the beginning.
    const last = Math.max(first, Math.floor((line.endMs - 1) / DAY_MS));
    for (let day = first; day <= last; day++) days.add(day);
  }
  return days;
}

/**
 * The days that a bill is of. What is metered by the month in a bill by day or hour (hosted zones, keys ...) says that a
 * whole month was paid for, also where the bill ends on its third day: it does not count.
 */
export function usageDaysOf(bill: Bill): ReadonlySet<number> {
  const usage = bill.lines.filter(({ line }) => line.kind === "usage");
  const moved = new Set(usageLines(bill));
  const counted = usage.filter((each) => each.line.endMs - each.line.startMs <= DAY_MS || moved.has(each));
  return daysOf(counted.length === 0 ? usage : counted);
}

/** Days of UTC with a credit of their own: where an export nets credits with usage, the usage of the day is in it. */
export function creditDaysOf(bill: Bill): ReadonlySet<number> {
  return daysOf(bill.lines.filter(({ line }) => line.kind === "credit" && line.endMs - line.startMs <= DAY_MS));
}

function isHourly({ line }: ClassifiedLine): boolean {
  return line.endMs - line.startMs <= HOUR_MS;
}

function byCost(a: SpendGroup, b: SpendGroup): number {
  return compare(b.costUsd, a.costUsd) || compare((a.key ?? "\uffff").localeCompare(b.key ?? "\uffff"), 0);
}

function compare(a: Decimal | number, b: Decimal | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function magnitude(value: Decimal): Decimal {
  return value < 0n ? -value : value;
}

export type Anomaly =
  | {
      readonly kind: "day";
      readonly group: string | undefined;
      /** `2026-08-14`. */
      readonly day: string;
      readonly costUsd: Decimal;
      /** Median of the same weekday in the weeks around it. */
      readonly usualUsd: number;
    }
  | {
      readonly kind: "began" | "ended";
      readonly group: string | undefined;
      readonly day: string;
      readonly costUsd: Decimal;
    };

/** A day stands out when it is as many robust standard deviations away ... */
const DEVIATIONS = 6;
/** ... and differs by at least this share: a quiet group's pennies are no news. */
const SHARE_MIN = 0.3;
/** Weeks on either side that make "usual". */
const WEEKS_AROUND = 4;
/** Smallest number of same weekdays from which "usual" is read. */
const WEEKDAYS_MIN = 4;
/** A group that is first or last billed within this many days of the bill's ends has neither begun nor ended. */
const EDGE_DAYS = 3;
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SD = 1.4826;

/** @returns by day, then by the size of what is odd */
export function anomaliesOf(bill: Bill, dimension: SpendDimension): readonly Anomaly[] {
  const series = new Map<string | undefined, Map<number, Decimal>>();
  for (const line of usageLines(bill)) {
    const day = Math.floor(line.line.startMs / DAY_MS);
    const key = spendKeyOf(line, dimension);
    const days = series.get(key) ?? new Map<number, Decimal>();
    series.set(key, days.set(day, (days.get(day) ?? 0n) + line.line.costUsd));
  }
  const all = [...series.values()].flatMap((days) => [...days.keys()]);
  if (all.length === 0) return [];
  const first = all.reduce((a, b) => Math.min(a, b));
  const last = all.reduce((a, b) => Math.max(a, b));
  return [...series]
    .flatMap(([group, days]) => [...endsOf(group, days, first, last), ...oddDays(group, days)])
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : toNumber(b.costUsd) - toNumber(a.costUsd)));
}

function endsOf(
  group: string | undefined,
  days: ReadonlyMap<number, Decimal>,
  first: number,
  last: number,
): readonly Anomaly[] {
  const own = [...days.keys()].sort((a, b) => a - b);
  const [begin, end] = [own[0]!, own.at(-1)!];
  const began: readonly Anomaly[] =
    begin > first + EDGE_DAYS ? [{ kind: "began", group, day: dayText(begin), costUsd: days.get(begin)! }] : [];
  const ended: readonly Anomaly[] =
    end < last - EDGE_DAYS ? [{ kind: "ended", group, day: dayText(end), costUsd: days.get(end)! }] : [];
  return [...began, ...ended];
}

function oddDays(group: string | undefined, days: ReadonlyMap<number, Decimal>): readonly Anomaly[] {
  return [...days].flatMap(([day, costUsd]): readonly Anomaly[] => {
    const around: number[] = [];
    for (let week = -WEEKS_AROUND; week <= WEEKS_AROUND; week++) {
      const other = week === 0 ? undefined : days.get(day + 7 * week);
      if (other !== undefined) around.push(toNumber(other));
    }
    if (around.length < WEEKDAYS_MIN) return [];
    const usualUsd = median(around);
    const spread = MAD_TO_SD * median(around.map((value) => Math.abs(value - usualUsd)));
    const off = Math.abs(toNumber(costUsd) - usualUsd);
    const isOdd = off > DEVIATIONS * spread && off > SHARE_MIN * usualUsd;
    return isOdd ? [{ kind: "day", group, day: dayText(day), costUsd, usualUsd }] : [];
  });
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
