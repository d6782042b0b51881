import { lnGamma } from "../random/special.ts";

/** A quantile of a sample and its interval between two of the sample's own values. */
export interface SampleQuantile {
  /** Null where the sample is too small to speak of the quantile. */
  readonly value: number | null;
  /** Two-sided 95 % interval; both null where the sample is too small for one. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

const TAIL = 0.025;

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
 */
export function sampleQuantile(ascending: ArrayLike<number>, p: number): SampleQuantile {
  const n = ascending.length;
  // 1e-9: 20 x 0.05 is a hair above 1.
  if (n * Math.min(p, 1 - p) < 1 - 1e-9) return { value: null, low: null, high: null, n };
  const value = ascending[Math.max(0, Math.ceil(p * n - 1e-9) - 1)]!;
  const ranks = intervalRanks(n, p);
  if (ranks === undefined) return { value, low: null, high: null, n };
  return { value, low: ascending[ranks.low - 1]!, high: ascending[ranks.high - 1]!, n };
}

/**
 * Ranks (from 1) whose observations enclose the p-quantile of n independent observations with at least 95 %, at most
 * 2.5 % on either side; undefined where no such pair exists. For n = 1000 and p95 they are 936 and 964.
 */
export function intervalRanks(n: number, p: number): { readonly low: number; readonly high: number } | undefined {
  let below = 0;
  let low = 0;
  let high: number | undefined;
  // The quantile lies below the r-th smallest when fewer than r observations do: P(B < r), B binomial (n, p).
  for (let r = 1; r <= n; r++) {
    below += binomial(n, r - 1, p);
    if (below <= TAIL) low = r;
    if (below >= 1 - TAIL) {
      high = r;
      break;
    }
  }
  return low === 0 || high === undefined ? undefined : { low, high };
}

/** P(B = k) for B binomial (n, p), by logarithms so that no n is too large. */
function binomial(n: number, k: number, p: number): number {
  const choose = lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1);
  return Math.exp(choose + k * Math.log(p) + (n - k) * Math.log1p(-p));
}
