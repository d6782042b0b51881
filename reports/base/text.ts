/**
 * Text of reports: numbers with their units and no more digits than their intervals carry, durations, lists, and what
 * the comparisons of a run show.
 */
import { decimalsFor, estimateDecimals, formatNumber } from "../../simulator/base/digits.ts";
import { limitText } from "../../simulator/experiment/phrases.ts";
import type { ComparedMetric, Estimate, RunResult } from "../../simulator/experiment/result.ts";
import { hundredthsText, plainShare } from "../../simulator/experiment/shares.ts";

export { formatNumber };

/** Stands for a value that does not exist; never for zero. */
export const NOT_AVAILABLE = "n/a";

/** A display unit: shown = stored × `factor`. */
export interface Unit {
  readonly symbol: string;
  readonly factor: number;
  /** Where values end, as stored: an interval that goes beyond is shown up to there. */
  readonly ends?: readonly [least: number, most: number];
}

/** Of latencies, which are never below 0, as the mean over few and unlike replications may seem to be. */
export const MILLISECONDS: Unit = { symbol: "ms", factor: 1, ends: [0, Number.POSITIVE_INFINITY] };
export const SECONDS: Unit = { ...MILLISECONDS, symbol: "s", factor: 0.001 };
export const PERCENT: Unit = { symbol: "%", factor: 100 };
/** Of a part of a whole, which a saving or a difference is not. */
export const SHARE: Unit = { ...PERCENT, ends: [0, 1] };
export const USD: Unit = { symbol: "USD", factor: 1 };
/** Of a bill, which a difference of bills is not. */
export const BILL_USD: Unit = { ...USD, ends: [0, Number.POSITIVE_INFINITY] };

/** One unit for a whole column or axis of latencies in ms: seconds as soon as the largest reaches one. */
export function latencyUnit(valuesMs: Iterable<number | null>): Unit {
  for (const valueMs of valuesMs) if (valueMs !== null && valueMs >= 1000) return SECONDS;
  return MILLISECONDS;
}

/** A value without an interval, three significant digits, without its unit. */
export function formatPlain(value: number | null, unit: Unit): string {
  if (value === null || !Number.isFinite(value)) return NOT_AVAILABLE;
  const shown = value * unit.factor;
  return formatNumber(shown, decimalsFor(shown, null));
}

/** The value of an estimate, digits bounded by its interval (and by `decimalsMax`), without its unit. */
export function formatValue(estimate: Estimate, unit: Unit, decimalsMax = 6): string {
  if (estimate.value === null) return NOT_AVAILABLE;
  return formatNumber(estimate.value * unit.factor, Math.min(decimalsMax, estimateDecimals(estimate, unit.factor)));
}

/**
 * `4.1–4.3`, or `−13 to −9` where an end is negative; undefined where there is no interval or it is a point. Its digits
 * are those of the whole interval, also where the unit ends before it.
 */
export function formatInterval(estimate: Estimate, unit: Unit): string | undefined {
  if (estimate.value === null || estimate.low === null || estimate.high === null) return undefined;
  if (estimate.low === estimate.high) return undefined;
  const decimals = estimateDecimals(estimate, unit.factor);
  const [least, most] = unit.ends ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const textOf = (end: number) =>
    end <= least || end >= most
      ? formatNumber(Math.min(most, Math.max(least, end)) * unit.factor, 0)
      : formatNumber(end * unit.factor, decimals);
  const [low, high] = [textOf(estimate.low), textOf(estimate.high)];
  return low.startsWith("−") || high.startsWith("−") ? `${low} to ${high}` : `${low}–${high}`;
}

/** `4.2 s (4.1–4.3)`: value, unit, interval. */
export function formatEstimate(estimate: Estimate, unit: Unit): string {
  if (estimate.value === null) return NOT_AVAILABLE;
  const interval = formatInterval(estimate, unit);
  const value = `${formatValue(estimate, unit)} ${unit.symbol}`;
  return interval === undefined ? value : `${value} (${interval})`;
}

/** `812 ms`, `4.21 s`, `1,200 s`: a single latency with the unit that suits it. */
export function formatMs(valueMs: number | null): string {
  if (valueMs === null || !Number.isFinite(valueMs)) return NOT_AVAILABLE;
  const unit = latencyUnit([valueMs]);
  return `${formatPlain(valueMs, unit)} ${unit.symbol}`;
}

/** `8 s`, `2.5 s`, `800 ms`, `24 h`: a limit that someone set, exactly as set. */
export function formatLimitMs(limitMs: number): string {
  return limitText(limitMs);
}

/** `2026-05-04 00:00 UTC` from an ISO instant. */
export function formatInstant(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

/**
 * A share in [0, 1] as a percentage, with as many digits as its interval carries if it has one.
 *
 * @param target  the share that was asked for, null where none was
 * @example formatShare(0.1234) // => "12.3 %"
 * @example formatShare(null) // => "n/a"
 */
export function formatShare(share: Estimate | number | null, target: number | null = null): string {
  const estimate = typeof share === "number" ? plainShare(share) : share;
  return estimate === null || estimate.value === null ? NOT_AVAILABLE : `${hundredthsText(estimate, { target })} %`;
}

/** `1,234`: a count. */
export function formatCount(count: number): string {
  return formatNumber(count, 0);
}

/** Length of a run; one that ended after a number of requests has none. */
export function formatLength(durationMs: number | null): string {
  return durationMs === null ? "a set number of requests" : formatDuration(durationMs);
}

/**
 * A run's length.
 *
 * @example formatDuration(5_400_000) // => "1 h 30 min"
 * @example formatDuration(45_000) // => "45 s"
 * @example formatDuration(1500) // => "1.50 s"
 */
export function formatDuration(durationMs: number): string {
  // Whole seconds would be far off.
  if (durationMs < 10_000 && durationMs % 1000 !== 0) return formatMs(durationMs);
  const parts: string[] = [];
  let restS = Math.round(durationMs / 1000);
  for (const [symbol, seconds] of [
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(restS / seconds);
    if (count > 0) parts.push(`${formatCount(count)} ${symbol}`);
    restS -= count * seconds;
  }
  return parts.length === 0 ? "0 ms" : parts.join(" ");
}

/**
 * Items as a sentence has them.
 *
 * @example formatList(["a", "b", "c"]) // => "a, b and c"
 */
export function formatList(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/**
 * A count with its noun.
 *
 * @example plural(1, "strategy", "strategies") // => "1 strategy"
 * @example plural(1_200, "strategy", "strategies") // => "1,200 strategies"
 */
export function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The conditions of every subtitle: scenario, length, replications. */
export function conditionText(result: RunResult): string {
  return `${result.scenario.name}, ${formatLength(result.durationMs)} from ${formatInstant(result.startsAt)}, ${replicationText(result)}`;
}

/** `n = 10 replications`. */
export function replicationText(result: RunResult): string {
  return `n = ${plural(result.replications.done, "replication", "replications")}`;
}

/** Whether a measured run of several strategies is invalid: then nothing of it is compared. */
export function isInvalid(result: Pick<RunResult, "kind" | "strategies" | "comparisons">): boolean {
  return result.kind === "measured" && result.strategies.length > 1 && result.comparisons.length === 0;
}

/** How replications are paired: a simulation gives all strategies the same draws, a measurement cannot. */
export function pairingText(result: RunResult): string {
  return result.kind === "simulated" ? "paired by common random numbers" : "paired by replication";
}

/** How many strategies differ from the baseline, as far as the simultaneous intervals show. */
export interface Shown {
  readonly better: readonly string[];
  readonly worse: readonly string[];
  readonly notShown: readonly string[];
  readonly notComparable: readonly string[];
  readonly total: number;
}

/** The strategies by the verdict of their comparison with the baseline on a metric. */
export function shownDifferences(result: RunResult, metric: ComparedMetric): Shown {
  const of = (verdict: string) =>
    result.comparisons.filter((one) => one.metric === metric && one.verdict === verdict).map((one) => one.strategy);
  return {
    better: of("better"),
    worse: of("worse"),
    notShown: of("not shown"),
    notComparable: of("not comparable"),
    total: result.comparisons.filter((one) => one.metric === metric).length,
  };
}

/**
 * `shown lower for 3 of 7 other strategies, higher for 1, not shown to differ for 3`; says so when no
 * difference is shown at all. Never ranks what the intervals do not separate.
 */
export function shownText(shown: Shown): string {
  const { better, worse, notShown, notComparable, total } = shown;
  const kinds = [
    { count: better.length, text: "shown lower" },
    { count: worse.length, text: better.length > 0 ? "higher" : "shown higher" },
    { count: notShown.length, text: "not shown to differ" },
    { count: notComparable.length, text: "not comparable" },
  ].filter((kind) => kind.count > 0);
  const only = kinds[0];
  if (kinds.length === 1 && only !== undefined) {
    return `${only.text} for ${total === 1 ? "the other strategy" : total === 2 ? "both other strategies" : `all ${total} other strategies`}`;
  }
  return kinds
    .map(({ count, text }, at) => `${text} for ${count}${at === 0 ? ` of ${total} other strategies` : ""}`)
    .join(", ");
}
