/** A bill in the terminal: the answer first, then spend by group, candidates, odd days, and what is not attributed. */
import { printable } from "../../simulator/base/errors.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import { type Decimal, sumOf, toNumber } from "../../simulator/bill/bill-line.ts";
import type { Candidate, Workload } from "../../simulator/bill/candidates.ts";
import { endsOf } from "../../simulator/bill/coverage.ts";
import {
  type Anomaly,
  type Bill,
  type BillPart,
  type BillRemark,
  type SpendDimension,
  type SpendGroup,
  saysForWhat,
  unknownModels,
  usageDaysOf,
  usageLines,
} from "../../simulator/bill/spend.ts";
import { TOKEN_KINDS, type TokenKind } from "../../simulator/bill/usage-type.ts";
import { formatDuration, formatMs, formatNumber, plural } from "../base/text.ts";
import { type TerminalOptions, terminalTable, wrap } from "../text/terminal.ts";
import { certainty } from "./certainty.ts";

/** What was read out of a bill. */
export interface BillReport {
  readonly bill: Bill;
  readonly parts: readonly BillPart[];
  readonly groupings: readonly { readonly dimension: SpendDimension; readonly groups: readonly SpendGroup[] }[];
  readonly candidates: readonly Candidate[];
  readonly anomalies: readonly { readonly dimension: SpendDimension; readonly anomaly: Anomaly }[];
  readonly remarks: readonly BillRemark[];
  /** Usage of Bedrock that is no tokens, by what it is for. */
  readonly features: readonly SpendGroup[];
  /** Tag whose values are the teams. */
  readonly teamTag: string | undefined;
}

/** @returns the whole answer, lines of at most `options.width` characters where words allow */
export function renderBillText(report: BillReport, options: TerminalOptions): string {
  const { bill, groupings, candidates, anomalies, remarks } = report;
  const tokens = sumOf(usageLines(bill).map(({ line }) => line.costUsd));
  const days = spanOf(bill).days;
  const lines = [
    ...wrap(headline(report, tokens), options.width),
    ...bill.export.notes.flatMap((note) => wrap(`note: ${note}`, options.width)),
    "",
    ...partLines(report.parts),
    ...groupings
      .filter(({ groups }) => groups.some(({ key }) => key !== undefined))
      .flatMap(({ dimension, groups }) => ["", ...groupLines(dimension, groups, tokens, days)]),
    ...(report.features.length === 0 ? [] : ["", ...featureLines(report.features, days)]),
    ...candidateLines(candidates, days, options),
    ...(anomalies.length === 0 ? [] : ["", "What stands out", ...anomalies.map((each) => `  ${anomalyText(each)}`)]),
    ...(remarks.length === 0 ? [] : ["", "Not attributed, or odd (counted in the total)", ...remarks.map(remarkLine)]),
    "",
    "How sure these figures are",
    ...certainty(report).flatMap((text) => wrap(`- ${text}`, options.width)),
  ];
  return lines.join("\n");
}

const DAYS_PER_MONTH = 365 / 12;
function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Days on which usage was charged: tax and credits may lie outside. */
function spanOf(bill: Bill): { readonly first: string; readonly last: string; readonly days: number } {
  const days = usageDaysOf(bill);
  if (days.size === 0) return { first: "", last: "", days: 0 };
  const { first, last } = endsOf(days);
  return { first: dayText(first), last: dayText(last), days: last - first + 1 };
}

const TAKEN_OFF: ReadonlySet<string> = new Set(["credit", "refund", "discount"]);

/** The sum, and what of it routing can move. */
export function headline({ bill, teamTag }: BillReport, tokens: Decimal): string {
  const { first, last, days } = spanOf(bill);
  const lines = usageLines(bill);
  const untagged = sumOf(lines.filter(({ line }) => isUntagged(line.tags, teamTag)).map(({ line }) => line.costUsd));
  const tagged = teamTag === undefined || tokens === 0n ? "" : `; ${share(untagged, tokens)} of it has no ${teamTag}`;
  const what = saysForWhat(bill)
    ? `for tokens of text models, which routing can move${tagged}`
    : `of usage${tagged}; ${UNSAID}`;
  // What a savings plan takes off another service is in its own fee.
  const off = -sumOf(
    bill.lines.flatMap(({ line, spend }) => (spend !== "other" && TAKEN_OFF.has(line.kind) ? [line.costUsd] : [])),
  );
  const where = saysForWhat(bill) ? " on Bedrock" : "";
  // What was used may be more than the bill: "of it" would be wrong.
  const of = off > 0n ? `after USD ${usd(off)} of credits, refunds and discounts${where}; before them` : "of it";
  const span = ` over ${plural(days, "day", "days")} (${first} to ${last}), ${of}`;
  const none = `${span} nothing for tokens of text models: routing moves none of it`;
  const unsaid = sumOf(unsaidLines(bill).map(({ line }) => line.costUsd));
  const nothing = unsaid === 0n ? none : `${span} USD ${usd(unsaid)} on Bedrock; ${UNSAID}`;
  const some = tokens === 0n && saysForWhat(bill) ? nothing : `${span} USD ${usd(tokens)} ${what}`;
  const over = days === 0 ? ", of it no usage" : some;
  return [`USD ${usd(bill.totalUsd)}${over}.`, ...unknownText(bill, tokens), ...unnamedText(bill, tokens)].join(" ");
}

const UNSAID = "this export does not say for what: group it by usage type, too, to see tokens and candidates";

/** Usage of Bedrock without a usage type: an export by service alone does not tell tokens from the rest. */
function unsaidLines(bill: Bill): Bill["lines"] {
  return bill.lines.filter(
    ({ spend, line }) => spend === "bedrock" && line.kind === "usage" && line.usageType === undefined,
  );
}

/** Models that are not known, with their share of the spend on tokens. */
function unknownText(bill: Bill, tokens: Decimal): readonly string[] {
  const unknown = unknownModels(bill);
  if (unknown.length === 0) return [];
  const spent = sumOf(unknown.map(({ costUsd }) => costUsd));
  const names = unknown.slice(0, 3).map(({ key }) => printable(key ?? ""));
  return [
    `${share(spent, tokens)} of it (USD ${usd(spent)}) is of ${plural(unknown.length, "model", "models")} that Meridian has no facts of (${names.join(", ")}${unknown.length > 3 ? " ..." : ""}): counted and replayed as billed, but without other routes; --map-model name=id and --book give them.`,
  ];
}

/** Tokens of which the export names no model: the marketplace writes it as the service, and only there. */
function unnamedText(bill: Bill, tokens: Decimal): readonly string[] {
  const unnamed = saysForWhat(bill) ? usageLines(bill).filter(({ model }) => model === undefined) : [];
  if (unnamed.length === 0) return [];
  const spent = sumOf(unnamed.map(({ line }) => line.costUsd));
  return [
    `${share(spent, tokens)} of it (USD ${usd(spent)}) does not say of which model it is, and is neither priced otherwise nor replayed: export the bill by service, too.`,
  ];
}

function isUntagged(tags: Readonly<Record<string, string>>, key: string | undefined): boolean {
  return key !== undefined && (tags[key] ?? "") === "";
}

/** What a part of a bill was charged for, in words. */
export const PART_NAMES: Readonly<Record<BillPart["spend"], string>> = {
  tokens: "tokens of text models",
  bedrock: "other on Bedrock",
  other: "other services",
  unattributed: "not said for what",
};

function partLines(parts: readonly BillPart[]): readonly string[] {
  const total = sumOf(parts.map(({ costUsd }) => costUsd));
  return terminalTable(
    [
      ["Bill", "USD", "lines"],
      ...parts.map(({ kind, spend, costUsd, lines }) => [
        `${kind}, ${PART_NAMES[spend]}`,
        usd(costUsd),
        formatNumber(lines, 0),
      ]),
      ["total, as the file's lines sum to", usd(total), ""],
    ],
    { aligns: ["left", "right", "right"], gap: 2 },
  );
}

/** Longest groupings are cut to these, the rest counted in one line. */
const GROUPS_SHOWN = 15;

function groupLines(
  dimension: SpendDimension,
  groups: readonly SpendGroup[],
  tokens: Decimal,
  days: number,
): readonly string[] {
  const shown = groups.slice(0, GROUPS_SHOWN);
  const rest = groups.slice(GROUPS_SHOWN);
  const row = (name: string, costUsd: Decimal) => [name, usd(costUsd), perMonth(costUsd, days), share(costUsd, tokens)];
  // Over several models a price per token says nothing.
  const kinds = dimension === "model" ? TOKEN_KINDS.filter((kind) => isBought(groups, kind)) : [];
  const prices = (group: SpendGroup) =>
    kinds.map((kind) => {
      const price = group.effectiveUsdPerMTok[kind];
      return price === undefined ? "" : formatNumber(toNumber(price), 4);
    });
  const headings = kinds.map((kind, at) => (at === 0 ? `USD/MTok ${KIND_NAMES[kind]}` : KIND_NAMES[kind]));
  return terminalTable(
    [
      [`By ${dimension}`, "USD", "USD/month", "share", ...headings],
      ...shown.map((one) => [...row(groupName(one.key), one.costUsd), ...prices(one)]),
      ...(rest.length === 0
        ? []
        : [[...row(`${rest.length} more`, sumOf(rest.map(({ costUsd }) => costUsd))), ...kinds.map(() => "")]]),
    ],
    { aligns: ["left", ...Array<"right">(3 + kinds.length).fill("right")], gap: 2 },
  );
}

function isBought(groups: readonly SpendGroup[], kind: TokenKind): boolean {
  return groups.some(({ effectiveUsdPerMTok }) => effectiveUsdPerMTok[kind] !== undefined);
}

function featureLines(features: readonly SpendGroup[], days: number): readonly string[] {
  const rows = features.map(({ key, costUsd, lines }) => [
    key ?? "(not said)",
    usd(costUsd),
    perMonth(costUsd, days),
    formatNumber(lines, 0),
  ]);
  const isSaid = features.some(({ key }) => key !== undefined);
  return terminalTable([[isSaid ? "Bedrock, no tokens" : "Bedrock, for what", "USD", "USD/month", "lines"], ...rows], {
    aligns: ["left", "right", "right", "right"],
    gap: 2,
  });
}

const KIND_NAMES: Readonly<Record<TokenKind, string>> = {
  input: "input",
  output: "output",
  cacheRead: "cache read",
  cacheWrite: "cache write",
  cacheWrite1h: "cache write 1h",
};

function groupName(key: string | undefined): string {
  if (key === undefined) return "(not said)";
  return key === "" ? "(untagged)" : printable(key);
}

const CANDIDATES_SHOWN = 8;

function candidateLines(candidates: readonly Candidate[], days: number, options: TerminalOptions): readonly string[] {
  if (candidates.length === 0) return [];
  const isKnown = candidates.some(({ workload }) => workload !== undefined);
  const heads = ["Candidates", "model", "USD/month", "MTok/month", "billed in", ...(isKnown ? ["can live with"] : [])];
  const rows = candidates.slice(0, CANDIDATES_SHOWN).map((candidate) => {
    const { workload } = candidate;
    const live = candidate.options.find(({ name }) => name !== "batch");
    const batch = candidate.options.find(({ name }) => name === "batch");
    return [
      printable(candidate.group === undefined || candidate.group === "" ? "(untagged)" : candidate.group),
      printable(candidate.model),
      perMonth(candidate.costUsd, days),
      perMonthTokens(candidate.tokens, days),
      regionsText(candidate),
      ...(isKnown ? [workloadText(workload)] : []),
      live === undefined
        ? workload === undefined
          ? "none listed"
          : "none"
        : `${perMonth(live.savingUsd, days)} ${live.name}`,
      batch === undefined ? "" : perMonth(batch.savingUsd, days),
    ];
  });
  return [
    "",
    ...terminalTable([[...heads, "at most saved", "as batch"], ...rows], {
      aligns: ["left", "left", "right", "right", "left", ...(isKnown ? (["left"] as const) : []), "right", "right"],
      gap: 2,
    }),
    ...wrap(
      "At most saved: USD a month if every token were bought the cheapest way that the price list has for the model, before quotas, latency and cache losses; simulate it before you sign it." +
        (isKnown ? "" : " A bill does not tell what callers wait for and where data may be: say it with --workloads."),
      options.width,
    ),
  ];
}

/** `6 s, eu, 60 % may move`. */
export function workloadText(workload: Workload | undefined): string {
  if (workload === undefined) return "not said";
  const { sla, residency, mayMove } = workload;
  return [
    ...(sla === undefined ? [] : [sla < 60_000 ? formatMs(sla) : formatDuration(sla)]),
    ...(residency === undefined ? [] : [[...residency.areas, ...residency.countries, ...residency.regions].join("+")]),
    ...(mayMove === 1 ? [] : [`${formatNumber(100 * mayMove, 0)} % may move`]),
  ].join(", ");
}

function perMonthTokens(tokens: Decimal, days: number): string {
  const perMonthM = days === 0 ? 0 : (toNumber(tokens) / 1e6 / days) * DAYS_PER_MONTH;
  return tokens === 0n ? "" : formatNumber(perMonthM, perMonthM < 10 ? 1 : 0);
}

/** The dearest region and how many others. */
function regionsText({ regions, costUsd }: Candidate): string {
  const [first, ...others] = regions;
  if (first === undefined) return "";
  return `${first[0]} ${share(first[1], costUsd)}${others.length === 0 ? "" : ` + ${others.length}`}`;
}

/** A day that stands out, or a group's first or last. */
export function anomalyText({ dimension, anomaly }: BillReport["anomalies"][number]): string {
  const who = `${dimension.replace(/^tag:/, "")} ${groupName(anomaly.group)}`;
  if (anomaly.kind !== "day")
    return `${anomaly.day}  ${who} ${anomaly.kind === "began" ? "was billed for the first time" : "was billed for the last time"}`;
  const usual = formatNumber(anomaly.usualUsd, 2);
  const times = formatNumber(toNumber(anomaly.costUsd) / anomaly.usualUsd, 1);
  return `${anomaly.day}  ${who}: USD ${usd(anomaly.costUsd)}, ${times} times the usual ${usual} of that weekday`;
}

function remarkLine({ remark, service, usageType, costUsd, lines }: BillRemark): string {
  const what = [service, usageType]
    .filter((one) => one !== undefined)
    .map((one) => printable(one))
    .join(", ");
  return `  USD ${usd(costUsd)} in ${plural(lines, "line", "lines")}${what === "" ? "" : ` (${what})`}: ${printable(remark)}`;
}

function usd(value: Decimal): string {
  return formatNumber(toNumber(value), 2);
}

function perMonth(value: Decimal, days: number): string {
  return days === 0 ? "" : formatNumber((toNumber(value) / days) * DAYS_PER_MONTH, 0);
}

function share(part: Decimal, whole: Decimal): string {
  return whole === 0n ? "" : `${formatNumber((100 * toNumber(part)) / toNumber(whole), 1)} %`;
}
