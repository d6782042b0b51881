/** Tests of equivalence: whether a difference lies within a margin, and exact limits for shares of rare events. */

/**
 * Outcome of a test of equivalence. `equivalent`: the 90 % interval of the difference lies within the margin, which is
 * two one-sided tests at 5 % (D. Schuirmann, 1987). `different`: the interval lies outside. `undecided`: it crosses a
 * margin. `too few`: there is no interval.
 */
export type Outcome = "equivalent" | "different" | "undecided" | "too few";

/** Error probability of each of the two one-sided tests. */
export const ALPHA = 0.05;

/** A difference with its 90 % interval; NaN where there is none. */
export interface Difference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Judges an interval by a margin.
 *
 * @param margin above 0, in the unit of the difference
 * @example judge({ low: -0.01, high: 0.02 }, 0.05) // => "equivalent"
 * @example judge({ low: 0.01, high: 0.08 }, 0.05) // => "undecided"
 */
export function judge({ low, high }: Pick<Difference, "low" | "high">, margin: number): Outcome {
  if (!(low <= high)) return "too few";
  if (low >= -margin && high <= margin) return "equivalent";
  return low > margin || high < -margin ? "different" : "undecided";
}

/**
 * The number of requests that would make the outcome equivalent if the estimate stayed the same: the interval shrinks
 * with the square root of their number.
 *
 * @param requests that the interval is based on
 * @returns null where even a hundred times as many would not suffice, since the estimate is at the margin or beyond
 * @example requestsNeeded({ value: 0, low: -0.1, high: 0.1 }, 0.05, 100) // => 400
 */
export function requestsNeeded({ value, low, high }: Difference, margin: number, requests: number): number | null {
  const room = margin - Math.abs(value);
  if (!(room > 0)) return null;
  const reach = Math.max(high - value, value - low);
  const factor = Math.max(1, (reach / room) ** 2);
  return factor > FACTOR_MAX ? null : Math.ceil(requests * factor);
}

const FACTOR_MAX = 100;

/**
 * Exact one-sided limits of the probability of an event, observed `events` times in `n` independent trials, each at
 * confidence 1 - alpha: C. Clopper and E. Pearson, "The use of confidence or fiducial limits" (Biometrika 26, 1934).
 * Without an event the upper limit is 1 - alpha^(1/n), about 3/n at 95 %.
 *
 * @example exactShareLimits(0, 0, 0.05) // => { low: 0, high: 1 }
 */
export function exactShareLimits(
  events: number,
  n: number,
  alpha: number,
): { readonly low: number; readonly high: number } {
  if (n <= 0) return { low: 0, high: 1 };
  const low = events <= 0 ? 0 : bisect((p) => 1 - binomialCdf(events - 1, n, p) - alpha);
  const high = events >= n ? 1 : bisect((p) => alpha - binomialCdf(events, n, p));
  return { low, high };
}

/**
 * A conservative interval of the difference of two shares, valid under any dependence: each end combines the far limits
 * of both, with alpha / 2 each (Bonferroni).
 *
 * @param alpha error probability of each end
 */
export function exactShareDifference(
  a: { readonly events: number; readonly n: number },
  b: { readonly events: number; readonly n: number },
  alpha: number,
): { readonly low: number; readonly high: number } {
  const [ofA, ofB] = [exactShareLimits(a.events, a.n, alpha / 2), exactShareLimits(b.events, b.n, alpha / 2)];
  return { low: ofA.low - ofB.high, high: ofA.high - ofB.low };
}

/** Root in (0, 1) of an increasing function. */
function bisect(f: (p: number) => number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Binomial distribution function, P(X <= k) for X ~ B(n, p), summed from the nearer end. */
function binomialCdf(k: number, n: number, p: number): number {
  if (k > n / 2) return 1 - binomialCdf(n - k - 1, n, 1 - p);
  if (k < 0) return 0;
  if (p <= 0) return 1;
  if (p >= 1) return k >= n ? 1 : 0;
  const [logP, logQ] = [Math.log(p), Math.log1p(-p)];
  let logTerm = n * logQ;
  let sum = Math.exp(logTerm);
  for (let j = 1; j <= k; j++) {
    logTerm += Math.log((n - j + 1) / j) + logP - logQ;
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}
