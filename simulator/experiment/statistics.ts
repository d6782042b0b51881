import tQuantile from "@stdlib/stats-base-dists-t-quantile";
import { mean, sampleStandardDeviation, sampleVariance } from "simple-statistics";

const CONFIDENCE = 0.95;

/** Quantile of Student's t with `freedom` degrees of freedom. */
export function studentQuantile(p: number, freedom: number): number {
  return tQuantile(p, freedom);
}

/**
 * Mean over replications with its two-sided Student t interval: mean ± t(1 - alpha/2m, n - 1) s / sqrt(n).
 * Values that are not to be had (null, NaN) are left out, and `n` says how many were there.
 *
 * @param comparisons m of Bonferroni's inequality: how many intervals are to hold at once
 */
export function tInterval(values: readonly (number | null)[], comparisons = 1): Estimate {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length === 0) return { value: null, low: null, high: null, n: 0 };
  const centre = mean(known);
  if (known.length === 1) return { value: centre, low: null, high: null, n: 1 };
  const half = criticalT(known.length, comparisons) * (sampleStandardDeviation(known) / Math.sqrt(known.length));
  return { value: centre, low: centre - half, high: centre + half, n: known.length };
}

/** t(1 - alpha / (2 m), n - 1): one family of m two-sided intervals at 95 % (Bonferroni). */
export function criticalT(n: number, comparisons = 1): number {
  return studentQuantile(1 - (1 - CONFIDENCE) / (2 * comparisons), n - 1);
}

/**
 * Variance of the difference had the two been run on independent luck, over its variance as run: what common random
 * numbers bought. Null when either is not to be had.
 */
export function varianceRatio(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 2 || a.length !== b.length) return null;
  const paired = sampleVariance(a.map((value, i) => value - b[i]!));
  return paired > 0 ? (sampleVariance([...a]) + sampleVariance([...b])) / paired : null;
}

/**
 * Fewest independent observations for which a two-sided interval of the p-quantile exists at all (between the smallest
 * and the largest): 1 - p^n - (1 - p)^n >= 0.95. For p99 that is 299, for p95 59.
 */
export function observationsForQuantile(p: number): number {
  let n = 1;
  while (1 - p ** n - (1 - p) ** n < CONFIDENCE) n++;
  return n;
}

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
