/** Describes recorded requests: rates, burstiness, daily and weekly cycle, lengths, tenants, sessions, and what is odd. */
import { sampleCorrelation } from "simple-statistics";
import { meanNumber, quantileSorted, ranksOf, varianceOf } from "../base/statistics.ts";
import { DAY_MS, HOUR_MS } from "../base/time.ts";
import { type Share, sharesOf, warningsOf } from "./describe-parts.ts";
import { shortModelName } from "./labels.ts";
import { OUTCOMES } from "./row-cells.ts";
import type { RecordedColumns } from "./traffic.ts";

/** Requests in windows of one length. */
export interface WindowRates {
  readonly windowS: number;
  /** Whole windows; the last part of the recording that fills none is left out. */
  readonly windows: number;
  readonly perSMean: number;
  readonly requestsMax: number;
  /** Share of windows without a request. */
  readonly emptyShare: number;
  /** Variance of the count over its mean: 1 for a Poisson process. NaN for fewer than two windows. */
  readonly dispersion: number;
}

/** Token counts of one kind. */
export interface LengthSummary {
  readonly known: number;
  readonly sum: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Quantiles at 0 %, 1 %, ... 100 %, for a picture. */
  readonly curve: readonly number[];
}

/** Everything that `meridian traffic describe` says. */
export interface TrafficDescription {
  readonly rows: number;
  readonly spanMs: number;
  /** ISO 8601 in UTC; null where times count from a start. */
  readonly start: string | null;
  readonly windows: readonly WindowRates[];
  /** Requests in windows of this length, for a picture: about 300 of them. */
  readonly course: { readonly windowMs: number; readonly counts: readonly number[] };
  /** Times between requests: mean and coefficient of variation; null for fewer than three requests. */
  readonly interarrival: { readonly meanMs: number; readonly cv: number } | null;
  /** Requests by hour of day and by day of the week (0 = Monday), UTC; null without instants. */
  readonly hourOfDay: readonly number[] | null;
  readonly weekday: readonly number[] | null;
  readonly input: LengthSummary;
  readonly output: LengthSummary;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Of input and output, where both are known: of their ranks (Spearman), and of their logarithms. */
  readonly correlation: { readonly rank: number; readonly logarithms: number };
  readonly tenants: readonly Share[];
  readonly models: readonly Share[];
  readonly origins: readonly Share[];
  readonly classes: readonly Share[];
  /** How unequal tenants are: 0 = all alike, 1 = one has everything; null without tenants. */
  readonly gini: number | null;
  readonly sessions: { readonly count: number; readonly turnsMean: number } | null;
  /** Share of requests with a cacheable prefix, and of all input tokens that prefixes seen before make up. */
  readonly prefixes: { readonly requestShare: number; readonly reusedTokenShare: number } | null;
  readonly outcomes: Readonly<Record<string, number>> | null;
  readonly warnings: readonly string[];
}

const WINDOWS_S = [1, 10, 60, 600, 3600];
const COURSE_POINTS = 300;

/** @param notes what was said while the recording was read */
export function describeTraffic(columns: RecordedColumns, notes: readonly string[] = []): TrafficDescription {
  const { arrivalMs, inputTokens, outputTokens, startEpochMs } = columns;
  const rows = arrivalMs.length;
  const spanMs = arrivalMs[rows - 1]! - arrivalMs[0]!;
  const courseMs = Math.max(1000, Math.ceil(spanMs / COURSE_POINTS / 1000) * 1000);
  const tenants = sharesOf(columns.tenantIndex, columns.tenantNames);
  return {
    rows,
    spanMs,
    start: startEpochMs === undefined ? null : new Date(startEpochMs + arrivalMs[0]!).toISOString(),
    windows: WINDOWS_S.filter((windowS) => windowS === 1 || windowS * 2000 <= spanMs).map((windowS) =>
      windowRates(arrivalMs, windowS),
    ),
    course: { windowMs: courseMs, counts: [...windowCounts(arrivalMs, courseMs, true)] },
    interarrival: rows < 3 ? null : gapsOf(arrivalMs),
    hourOfDay:
      startEpochMs === undefined ? null : cycleOf(arrivalMs, startEpochMs, 24, (ms) => Math.floor(ms / HOUR_MS) % 24),
    // 1 January 1970 was a Thursday.
    weekday:
      startEpochMs === undefined
        ? null
        : cycleOf(arrivalMs, startEpochMs, 7, (ms) => (Math.floor(ms / DAY_MS) + 3) % 7),
    input: lengthSummary(inputTokens),
    output: lengthSummary(outputTokens),
    cacheReadTokens: sumOf(columns.cacheReadTokens),
    cacheWriteTokens: sumOf(columns.cacheWriteTokens),
    correlation: correlations(inputTokens, outputTokens),
    tenants,
    // Profiles and ARNs of one model count together.
    models: sharesOf(columns.modelIndex, columns.modelNames?.map(shortModelName)),
    origins: sharesOf(columns.originIndex, columns.originNames),
    classes: sharesOf(columns.classIndex, columns.classNames),
    gini: tenants.length < 2 ? null : giniOf(tenants.map(({ count }) => count)),
    sessions: sessionsOf(columns.sessionId),
    prefixes: prefixesOf(columns),
    outcomes: outcomesOf(columns.outcome),
    warnings: [...warningsOf(columns), ...notes],
  };
}

/** Counts in windows from the first request on; only whole ones unless `withLast`. */
export function windowCounts(arrivalMs: Float64Array, windowMs: number, withLast = false): Float64Array {
  const first = arrivalMs[0] ?? 0;
  const spanMs = (arrivalMs.at(-1) ?? 0) - first;
  const whole = Math.floor(spanMs / windowMs);
  const counts = new Float64Array(withLast || whole === 0 ? whole + 1 : whole);
  for (let row = 0; row < arrivalMs.length; row++) {
    const window = Math.floor((arrivalMs[row]! - first) / windowMs);
    if (window < counts.length) counts[window]!++;
  }
  return counts;
}

/** Rates and dispersion in windows of a length. */
export function windowRates(arrivalMs: Float64Array, windowS: number): WindowRates {
  const counts = windowCounts(arrivalMs, windowS * 1000);
  const mean = meanNumber(counts);
  let empty = 0;
  let most = 0;
  for (const count of counts) {
    if (count === 0) empty++;
    most = Math.max(most, count);
  }
  return {
    windowS,
    windows: counts.length,
    perSMean: mean / windowS,
    requestsMax: most,
    emptyShare: empty / counts.length,
    dispersion: counts.length < 2 ? Number.NaN : varianceOf(counts) / mean,
  };
}

/** Mean and coefficient of variation of the times between requests. @param arrivalMs at least three */
export function gapsOf(arrivalMs: Float64Array): { readonly meanMs: number; readonly cv: number } {
  const gaps = arrivalMs.length - 1;
  const meanMs = (arrivalMs[gaps]! - arrivalMs[0]!) / gaps;
  let square = 0;
  for (let i = 0; i < gaps; i++) square += (arrivalMs[i + 1]! - arrivalMs[i]! - meanMs) ** 2;
  return { meanMs, cv: Math.sqrt(square / (gaps - 1)) / meanMs };
}

export function lengthSummary(tokens: Int32Array): LengthSummary {
  const sorted = knownOf(tokens).sort();
  const sum = sumOf(sorted);
  const at = (share: number) => quantileSorted(sorted, share);
  return {
    known: sorted.length,
    sum,
    mean: sum / sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: sorted.at(-1) ?? Number.NaN,
    curve: sorted.length === 0 ? [] : Array.from({ length: 101 }, (_, i) => at(i / 100)),
  };
}

/** A copy of the counts that are told. A filter of the engine would collect them on the heap first. */
function knownOf(tokens: Int32Array): Int32Array {
  const known = tokens.slice();
  let count = 0;
  for (let row = 0; row < tokens.length; row++) if (tokens[row]! >= 0) known[count++] = tokens[row]!;
  return known.subarray(0, count);
}

function sumOf(values: ArrayLike<number> | undefined): number {
  let sum = 0;
  for (let i = 0; i < (values?.length ?? 0); i++) sum += values![i]!;
  return sum;
}

function cycleOf(
  arrivalMs: Float64Array,
  startMs: number,
  length: number,
  of: (ms: number) => number,
): readonly number[] {
  const counts = new Array<number>(length).fill(0);
  for (let row = 0; row < arrivalMs.length; row++) counts[of(startMs + arrivalMs[row]!)]!++;
  return counts;
}

function correlations(input: Int32Array, output: Int32Array) {
  const [x, y] = bothKnown(input, output);
  return {
    rank: correlation(ranksOf(x), ranksOf(y)),
    logarithms: correlation(Float64Array.from(x, Math.log1p), Float64Array.from(y, Math.log1p)),
  };
}

export function bothKnown(input: Int32Array, output: Int32Array): readonly [Int32Array, Int32Array] {
  const [x, y] = [new Int32Array(input.length), new Int32Array(input.length)];
  let both = 0;
  for (let row = 0; row < input.length; row++) {
    if (input[row]! < 0 || output[row]! < 0) continue;
    x[both] = input[row]!;
    y[both++] = output[row]!;
  }
  return [x.subarray(0, both), y.subarray(0, both)];
}

/** Pearson's correlation of two columns; NaN where one of them does not vary, and below two rows. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  // The library only reads length and elements, which typed arrays have too.
  return x.length < 2 ? Number.NaN : sampleCorrelation(x as number[], y as number[]);
}

function giniOf(counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b);
  const total = sumOf(sorted);
  const weighted = sorted.reduce((sum, count, i) => sum + (2 * i - sorted.length + 1) * count, 0);
  return weighted / (sorted.length * total);
}

function sessionsOf(sessionId: Int32Array | undefined) {
  if (sessionId === undefined) return null;
  let [turns, last] = [0, -1];
  for (let row = 0; row < sessionId.length; row++) {
    if (sessionId[row]! >= 0) turns++;
    last = Math.max(last, sessionId[row]!);
  }
  if (last < 0) return null;
  const isSeen = new Uint8Array(last + 1);
  for (let row = 0; row < sessionId.length; row++) if (sessionId[row]! >= 0) isSeen[sessionId[row]!] = 1;
  const count = sumOf(isSeen);
  return { count, turnsMean: turns / count };
}

function prefixesOf({ prefixId, prefixTokens, cacheReadTokens, inputTokens }: RecordedColumns) {
  let all = 0;
  for (let row = 0; row < inputTokens.length; row++) all += Math.max(0, inputTokens[row]!);
  if (cacheReadTokens !== undefined) {
    let cached = 0;
    for (let row = 0; row < cacheReadTokens.length; row++) if (cacheReadTokens[row]! > 0) cached++;
    return { requestShare: cached / cacheReadTokens.length, reusedTokenShare: sumOf(cacheReadTokens) / all };
  }
  if (prefixId === undefined || prefixTokens === undefined) return null;
  const seen = new Set<number>();
  let [carried, reused] = [0, 0];
  for (let row = 0; row < prefixId.length; row++) {
    const id = prefixId[row]!;
    if (id < 0) continue;
    carried++;
    if (seen.has(id)) reused += prefixTokens[row]!;
    seen.add(id);
  }
  return { requestShare: carried / prefixId.length, reusedTokenShare: reused / all };
}

function outcomesOf(outcome: Uint16Array | undefined): Readonly<Record<string, number>> | null {
  if (outcome === undefined) return null;
  const counts = new Float64Array(OUTCOMES.length);
  for (let row = 0; row < outcome.length; row++) counts[outcome[row]!]!++;
  return Object.fromEntries(OUTCOMES.map((name, i) => [name, counts[i]!]).filter(([, count]) => count !== 0));
}
