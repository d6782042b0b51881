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
