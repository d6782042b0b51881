/**
 * What a test of equivalence says. `equivalent`: the 90 % interval of the difference lies within the margin, which is
 * two one-sided tests at 5 % (D. Schuirmann, 1987). `different`: the interval lies outside. `undecided`: it crosses a
 * margin. `too few`: there is no interval.
 */
export type Outcome = "equivalent" | "different" | "undecided" | "too few";

/** Chance of error of each of the two one-sided tests. */
export const ALPHA = 0.05;

export interface Difference {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** @param margin above 0, in the unit of the difference */
export function judge({ low, high }: Pick<Difference, "low" | "high">, margin: number): Outcome {
  if (!(low <= high)) return "too few";
  if (low >= -margin && high <= margin) return "equivalent";
  return low > margin || high < -margin ? "different" : "undecided";
}

/**
 * How many requests an undecided question would need if the estimate stayed as it is: the interval shrinks with the
 * root of their number.
 *
 * @returns null where more of them would hardly make it equivalent: the estimate itself is at the margin or beyond, so
 *   that a hundred times as many would not do
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
 * The exact one-sided limits of a share of which `events` of `n` independent trials were seen, each at confidence
 * 1 - alpha: C. Clopper and E. Pearson, "The use of confidence or fiducial limits" (Biometrika 26, 1934). For no event
 * the upper limit is 1 - alpha^(1/n), about 3/n at 95 %.
 */
export function exactShareLimits(
  events: number,
  n: number,
  alpha: number,
): { readonly low: number; readonly high: number } {
  if (n <= 0) return { low: 0, high: 1 };
  const low = events <= 0 ? 0 : solve((p) => 1 - atMost(events - 1, n, p) - alpha);
  const high = events >= n ? 1 : solve((p) => alpha - atMost(events, n, p));
  return { low, high };
}

/**
 * An interval of the difference of two shares that holds whatever their dependence: each end takes the far limits of
 * both, which together err with at most the given chance.
 *
 * @param alpha chance of error of each end
 */
export function exactShareDifference(
  a: { readonly events: number; readonly n: number },
  b: { readonly events: number; readonly n: number },
  alpha: number,
): { readonly low: number; readonly high: number } {
  const [ofA, ofB] = [exactShareLimits(a.events, a.n, alpha / 2), exactShareLimits(b.events, b.n, alpha / 2)];
  return { low: ofA.low - ofB.high, high: ofA.high - ofB.low };
}

/** Root of a function that rises from below to above zero over (0, 1). */
function solve(f: (p: number) => number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(X <= k) for X binomial(n, p), summed from the nearer end. */
function atMost(k: number, n: number, p: number): number {
  if (k > n / 2) return 1 - atMost(n - k - 1, n, 1 - p);
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
