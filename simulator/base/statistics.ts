/**
 * Statistics of samples: moments and Student's t, quantiles, their order-statistic intervals, and the standard error
 * of dependent series. The only definitions in the program; `simple-statistics` and stdlib do what they can.
 */
import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { mean, quantileSorted as quantileOfSome, sampleStandardDeviation, sampleVariance } from "simple-statistics";
import { lnGamma } from "./special-functions.ts";

const CONFIDENCE = 0.95;

// Moments and Student's t

/** A point estimate with its 95 % confidence interval over replications (Student t). */
export interface Estimate {
  /** Mean over replications of the per-replication value. */
  readonly value: number | null;
  /** Interval ends; null when `n` < 2. */
  readonly low: number | null;
  readonly high: number | null;
  /** Replications behind it. */
  readonly n: number;
}

/**
 * Mean over replications with its two-sided Student t interval: mean ± t(1 - alpha/2m, n - 1) s / sqrt(n).
 * Missing values (null, NaN, infinite) are left out; `n` counts the rest.
 *
 * @param comparisons m of Bonferroni's inequality: how many intervals must hold at once
 * @returns nulls in place of a value without observations, and of interval ends with fewer than two
 * @example tInterval([3, 3, null, 3]) // => { value: 3, low: 3, high: 3, n: 3 }
 */
export function tInterval(values: readonly (number | null)[], comparisons = 1): Estimate {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length === 0) return { value: null, low: null, high: null, n: 0 };
  const centre = mean(known);
  if (known.length === 1) return { value: centre, low: null, high: null, n: 1 };
  const half = criticalT(known.length, comparisons) * (sampleStandardDeviation(known) / Math.sqrt(known.length));
  return { value: centre, low: centre - half, high: centre + half, n: known.length };
}

/** t(1 - alpha / (2 m), n - 1): the critical value for one family of m two-sided intervals at 95 % (Bonferroni). */
export function criticalT(n: number, comparisons = 1): number {
  const known = CRITICAL.get(comparisons) ?? new Map<number, number>();
  CRITICAL.set(comparisons, known);
  const critical = known.get(n) ?? studentQuantile(1 - (1 - CONFIDENCE) / (2 * comparisons), n - 1);
  known.set(n, critical);
  return critical;
}

/** By comparisons and n: the thousands of intervals of a result are of as many replications, and each takes iterations. */
const CRITICAL = new Map<number, Map<number, number>>();

/** Quantile of Student's t with `freedom` degrees of freedom. @param p in (0, 1) */
export function studentQuantile(p: number, freedom: number): number {
  return tQuantile(p, freedom);
}

/**
 * Variance of a difference had the two sides been run on independent draws, over its variance as run: what common
 * random numbers gained. Null with fewer than two pairs, or where the difference does not vary.
 */
export function varianceRatio(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 2 || a.length !== b.length) return null;
  const paired = sampleVariance(a.map((value, i) => value - b[i]!));
  return paired > 0 ? (sampleVariance([...a]) + sampleVariance([...b])) / paired : null;
}

/**
 * Mean of the values in [from, to), NaN left out; NaN of none.
 *
 * @example meanNumber([1, NaN, 3, 100], 0, 3) // => 2
 */
export function meanNumber(values: ArrayLike<number>, from = 0, to = values.length): number {
  let sum = 0;
  let count = 0;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(values[i]!)) continue;
    sum += values[i]!;
    count++;
  }
  return sum / count;
}

/** Sample variance (n - 1), by plain sums in the order of the values. @param values at least two, without NaN */
export function varianceOf(values: ArrayLike<number>): number {
  const middle = meanNumber(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - middle) ** 2;
  return squares / (values.length - 1);
}

// Quantiles

/**
 * Quantile by linear interpolation between neighbours (Hyndman and Fan 1996, type 7); NaN of an empty sample.
 *
 * @param sorted ascending, without NaN
 * @param share  in [0, 1]
 * @example quantileSorted([10, 20, 30, 40], 0.95) // => 38.5
 */
export function quantileSorted(sorted: ArrayLike<number>, share: number): number {
  // The library only reads length and elements, which typed arrays have too.
  return sorted.length === 0 ? Number.NaN : quantileOfSome(sorted as number[], share);
}

/**
 * Quantile that is a value of the sample: the smallest that at least that share of it does not exceed (Hyndman and
 * Fan 1996, type 1); NaN of an empty sample.
 *
 * @param sorted ascending, without NaN
 * @param share  in [0, 1]
 * @example orderStatistic([10, 20, 30, 40], 0.5) // => 20
 */
export function orderStatistic(sorted: ArrayLike<number>, share: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.max(0, Math.ceil(share * sorted.length - ROUNDING) - 1)]!;
}

/** 20 x 0.95 may come out a hair above 19 in binary. */
const ROUNDING = 1e-9;

/** Ascending copy without NaN. */
export function sortedNumbers(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
}

/** The rank of each value, from 0; equal values share the mean of theirs. @param values without NaN */
export function ranksOf(values: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(values).sort();
  const distinct: number[] = [];
  const rank: number[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    distinct.push(sorted[from]!);
    rank.push((from + to - 1) / 2);
    from = to;
  }
  return Float64Array.from(values, (value) => {
    let [low, high] = [0, distinct.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (distinct[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return rank[low]!;
  });
}

/** Median: the mean of the middle two for an even count. NaN values are left out; NaN of none. */
export function median(values: ArrayLike<number>): number {
  return quantileSorted(sortedNumbers(values), 0.5);
}

/** Median, the upper one of an even count, by Hoare's selection in O(n); reorders the values. NaN of none. */
export function medianInPlace(values: Float64Array): number {
  const middle = values.length >> 1;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else break;
  }
  return values[middle] ?? Number.NaN;
}

// Intervals of quantiles

/** A quantile of a sample and its interval, each a value of the sample itself. */
export interface SampleQuantile {
  /** Null where the sample is too small to estimate the quantile. */
  readonly value: number | null;
  /** Two-sided 95 % interval; both null where the sample is too small for one. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/**
 * The p-quantile of independent observations: the ceil(p n)-th smallest, with the interval of binomial order
 * statistics, whose coverage is at least 95 % whatever the law.
 *
 * The value is null where fewer than one observation is to be expected above it (or below): p95 needs 20, the median
 * 2. The interval is null where not even the extremes hold the quantile with 95 %: p95 needs 72 with equal tails, the
 * median 6.
 *
 * @param ascending finite numbers in ascending order
 * Source: H. A. David, H. N. Nagaraja, Order Statistics, 3rd ed., section 7.1.
 * @example sampleQuantile([7, 9], 0.5) // => { value: 7, low: null, high: null, n: 2 }
 */
export function sampleQuantile(ascending: ArrayLike<number>, p: number): SampleQuantile {
  const n = ascending.length;
  if (n * Math.min(p, 1 - p) < 1 - ROUNDING) return { value: null, low: null, high: null, n };
  const value = orderStatistic(ascending, p);
  const ranks = intervalRanks(n, p);
  if (ranks === undefined) return { value, low: null, high: null, n };
  return { value, low: ascending[ranks.low - 1]!, high: ascending[ranks.high - 1]!, n };
}

/** Ranks from 1, and the probability that the quantile lies between their observations. */
export interface IntervalRanks {
  readonly low: number;
  readonly high: number;
  readonly coverage: number;
}

/**
 * Ranks (from 1) whose observations enclose the p-quantile of n independent observations with at least 1 - alpha, at
 * most alpha / 2 on either side; undefined where no such pair exists.
 *
 * @param alpha 0.05 unless given
 * @example intervalRanks(1000, 0.95)?.low // => 936
 */
export function intervalRanks(n: number, p: number, alpha = 1 - CONFIDENCE): IntervalRanks | undefined {
  const tail = alpha / 2;
  let below = 0;
  let low = 0;
  let belowLow = 0;
  // The quantile lies below the r-th smallest when fewer than r observations do: P(B < r), B binomial (n, p).
  for (let r = 1; r <= n; r++) {
    below += binomial(n, r - 1, p);
    if (below <= tail) {
      low = r;
      belowLow = below;
    }
    if (below >= 1 - tail) return low === 0 ? undefined : { low, high: r, coverage: below - belowLow };
  }
  return undefined;
}

/** P(B = k) for B binomial (n, p), by logarithms so that no n is too large. */
function binomial(n: number, k: number, p: number): number {
  const choose = lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1);
  return Math.exp(choose + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/**
 * Fewest independent observations for which a two-sided 95 % interval of the p-quantile exists at all (between the
 * smallest and the largest): 1 - p^n - (1 - p)^n >= 0.95.
 *
 * @example observationsForQuantile(0.99) // => 299
 * @example observationsForQuantile(0.95) // => 59
 */
export function observationsForQuantile(p: number, alpha = 1 - CONFIDENCE): number {
  let n = 1;
  while (1 - p ** n - (1 - p) ** n < 1 - alpha) n++;
  return n;
}

// Dependent series

/**
 * Standard error of the mean of a series whose neighbours are correlated: from the means of consecutive blocks.
 * Infinity where there are fewer values than blocks.
 */
export function blockStandardError(values: ArrayLike<number>, blocks = 20): number {
  const size = Math.floor(values.length / blocks);
  if (size < 1) return Number.POSITIVE_INFINITY;
  const means = Array.from({ length: blocks }, (_, b) => meanNumber(values, b * size, (b + 1) * size)).filter(
    (blockMean) => !Number.isNaN(blockMean),
  );
  return Math.sqrt(varianceOf(means) / means.length);
}
