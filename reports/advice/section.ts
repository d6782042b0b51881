/** One answer of a plan as words: the question, the answer, its figures, lines to run, and the runs that it rests on. */
import type { Advice, EvidenceRun } from "../../simulator/advice/advice.ts";
import type { Outcome } from "../../simulator/advice/routes.ts";
import { type Decimal, formatCents, formatDecimal } from "../../simulator/bill/bill-line.ts";
import type { Estimate } from "../../simulator/experiment/result.ts";
import { formatEstimate, formatInterval, formatMs, formatNumber, PERCENT, type Unit } from "../base/text.ts";
import type { Cell, Table } from "../tables/table.ts";

export interface AdviceSection {
  readonly id: string;
  readonly question: string;
  /** Sentences, the answer first. */
  readonly answer: readonly string[];
  readonly table: Table | undefined;
  /** Lines for a terminal, ready to be run. */
  readonly commands: readonly string[];
  readonly runs: readonly EvidenceRun["label"][];
}

/** A question of a plan. */
export interface AdviceQuestion {
  readonly id: string;
  readonly question: string;
  readonly answer: (advice: Advice) => Omit<AdviceSection, "id" | "question">;
}

/** `USD 12,300 (11,900–12,700)`: dollars a month, whole. */
export function usdMonth(estimate: Estimate): string {
  if (estimate.value === null) return "n/a";
  const interval = formatInterval(estimate, { symbol: "USD", factor: 1 });
  return `USD ${usd(estimate.value)}${interval === undefined ? "" : ` (${interval})`}`;
}

/** `1,234.57 (1,200–1,270)`: to the cent, with the range of the same figure over replications of the traffic. */
export function centsRange(amount: Decimal, range: Estimate | undefined): string {
  const interval = range === undefined ? undefined : formatInterval(range, { symbol: "USD", factor: 1 });
  return `${centsText(amount)}${interval === undefined ? "" : ` (${interval})`}`;
}

/** A cell of an exact amount, with its range over replications below. */
export function amountCell(amount: Decimal, range: Estimate | undefined): Cell {
  const detail = range === undefined ? undefined : formatInterval(range, { symbol: "USD", factor: 1 });
  return { text: centsText(amount), value: formatDecimal(amount), ...(detail === undefined ? {} : { detail }) };
}

/** @example usd(12_345.6) // => "12,346" */
export function usd(value: number): string {
  return formatNumber(value, Math.abs(value) < 10 ? 2 : 0);
}

/** `9.1 % (8.8–9.4) less than one region`, or that no difference is shown. */
export function savingText({ savingShare, isLikeBaseline }: Outcome, yardstick = "one region"): string {
  if (savingShare === null || savingShare.value === 0) return `the same as ${yardstick}`;
  if (!isLikeBaseline) return `not comparable with ${yardstick}, since other requests fail`;
  const { value, low, high } = savingShare;
  if (value === null) return `not comparable with ${yardstick}`;
  if (low !== null && high !== null && low <= 0 && high >= 0) return `no difference from ${yardstick} shown`;
  return `${formatEstimate({ ...savingShare, value: Math.abs(value), ...ends(savingShare) }, PERCENT)} ${value >= 0 ? "less" : "more"} than ${yardstick}`;
}

function ends({ value, low, high }: Estimate): Pick<Estimate, "low" | "high"> {
  if (low === null || high === null) return { low, high };
  return value! >= 0 ? { low, high } : { low: -high, high: -low };
}

/**
 * To the cent, in groups of three digits.
 *
 * @example centsText(1234565000000000000000n) // => "1,234.57"
 */
export function centsText(amount: Decimal): string {
  return formatCents(amount).replace(/\B(?=(\d{3})+\.)/g, ",");
}

/** `9.24 s (9.18–9.31 s)`; `none (too many fail)`. */
export function p95Text({ p95Ms: { value, low, high }, failedShare }: Pick<Outcome, "p95Ms" | "failedShare">): string {
  if (value === null && (failedShare.value ?? 0) > 0) return "none (too many fail)";
  const isKnown = value !== null && low !== null && high !== null && low < high;
  return isKnown ? `${formatMs(value)} (${formatMs(low)}–${formatMs(high)})` : formatMs(value);
}

/** A cell of an estimate with its interval below. */
export function cellOf(estimate: Estimate | null, unit: Unit, decimals: number): Cell {
  if (estimate === null || estimate.value === null) return { text: "n/a", value: null };
  const detail = formatInterval(estimate, unit);
  const text = formatNumber(estimate.value * unit.factor, decimals);
  return { text, value: estimate.value, ...(detail === undefined ? {} : { detail }) };
}

/** @example tokens(1_250_000) // => "1.25M" */
export function tokens(value: number): string {
  for (const [unit, symbol] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const)
    if (value >= unit) return `${Number((value / unit).toPrecision(3))}${symbol}`;
  return String(Math.round(value));
}
