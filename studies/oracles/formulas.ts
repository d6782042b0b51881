/**
 * Closed forms and small Markov chains of queueing theory. Times are in the unit that rates are per; shares are in
 * [0, 1]. A law given by its Laplace transform is a function s => E[exp(-s X)].
 */

/** Erlang B: share lost by c servers without waiting room at an offered load of a erlangs, for any service law. */
export function erlangB(c: number, a: number): number {
  let b = 1;
  for (let k = 1; k <= c; k++) b = (a * b) / (k + a * b);
  return b;
}

/** Erlang C: share of calls that wait at M/M/c. */
export function erlangC(c: number, a: number): number {
  const b = erlangB(c, a);
  return b / (1 - (a / c) * (1 - b));
}

/** Mean wait of M/M/c. */
export function mmcWait(c: number, lambda: number, meanService: number): number {
  return erlangC(c, lambda * meanService) / (c / meanService - lambda);
}

/** Quantile p of the response of M/M/1: it is exponential with rate mu - lambda. */
export function mm1Quantile(lambda: number, mu: number, p: number): number {
  return -Math.log(1 - p) / (mu - lambda);
}

/** Pollaczek-Khinchine: mean wait of M/G/1 with squared coefficient of variation scv. */
export function mg1Wait(lambda: number, meanService: number, scv: number): number {
  const rho = lambda * meanService;
  return (rho * meanService * (1 + scv)) / (2 * (1 - rho));
}

/** P(W <= t) of M/D/1 with service time d (Erlang 1909). */
export function md1WaitCdf(lambda: number, d: number, t: number): number {
  let sum = 0;
  for (let k = 0; k * d <= t; k++) sum += poissonTerm(-lambda * (t - k * d), k);
  return (1 - lambda * d) * sum;
}

/** Quantile p of the wait of M/D/1. */
export function md1WaitQuantile(lambda: number, d: number, p: number): number {
  return bisect((t) => md1WaitCdf(lambda, d, t) - p, 0, 60 * d);
}

/** Mean response of M/G/1 under processor sharing, for any service law. */
export function psResponse(lambda: number, meanService: number): number {
  return meanService / (1 - lambda * meanService);
}

/** Mean wait of GI/M/1: sigma/(mu (1 - sigma)) with sigma the root in (0, 1) of sigma = A*(mu (1 - sigma)). */
export function gim1Wait(transform: (s: number) => number, mu: number): number {
  const sigma = bisect((x) => transform(mu * (1 - x)) - x, 0, 1 - 1e-7);
  return sigma / (mu * (1 - sigma));
}

/** Laplace transforms of gaps between arrivals. */
export const TRANSFORM = {
  constant: (value: number) => (s: number) => Math.exp(-s * value),
  uniform: (max: number) => (s: number) => (s === 0 ? 1 : (1 - Math.exp(-s * max)) / (s * max)),
  erlang: (k: number, mean: number) => (s: number) => (1 + (s * mean) / k) ** -k,
  gamma: (mean: number, cv: number) => (s: number) => (1 + s * mean * cv * cv) ** (-1 / (cv * cv)),
  hyperexponential: (p: readonly number[], means: readonly number[]) => (s: number) =>
    p.reduce((sum, share, i) => sum + share / (1 + s * means[i]!), 0),
} as const;

/** Mean response of a visit-all tandem of M/M/c stations: their sum (Burke, Jackson). */
export function tandemResponse(lambda: number, stations: readonly { servers: number; meanService: number }[]): number {
  let sum = 0;
  for (const { servers, meanService } of stations) sum += mmcWait(servers, lambda, meanService) + meanService;
  return sum;
}

/**
 * Mean time from arrival to the end of the last visit at M/M/1 whose calls return at once with probability p (Jackson).
 */
export function feedbackResponse(lambda: number, meanService: number, p: number): number {
  const rho = (lambda * meanService) / (1 - p);
  return rho / (1 - rho) / lambda;
}

/**
 * Share refused by a token bucket of size b refilled at rate r under Poisson arrivals: burst minus level is the work
 * in a queue with constant service, so refusals follow M/D/1/B: 1 - H/(1 + rho H), also above saturation.
 */
export function bucketRefusals(lambda: number, r: number, b: number): number {
  const rho = lambda / r;
  let h = 0;
  for (let k = 0; k <= b - 1; k++) h += poissonTerm(-rho * (b - 1 - k), k);
  return 1 - h / (1 + rho * h);
}

/** Share refused by a counter of `limit` a window, with a Poisson number of arrivals of the given mean in each. */
export function windowRefusals(mean: number, limit: number): number {
  let excess = 0;
  let probability = Math.exp(-mean);
  for (let n = 0; n <= mean + 40 * Math.sqrt(mean) + limit; n++) {
    if (n > limit) excess += (n - limit) * probability;
    probability *= mean / (n + 1);
  }
  return excess / mean;
}

/** Mean response of the power of d choices over infinitely many exponential servers of mean 1 (Mitzenmacher 2001). */
export function powerOfD(d: number, rho: number): number {
  let sum = 0;
  for (let i = 1; i < 60; i++) sum += d === 1 ? rho ** (i - 1) : rho ** ((d ** i - d) / (d - 1));
  return sum;
}

/** Shares of calls that each of the regions serves, in order of failover, and the share that is lost. */
export function failoverShares(servers: readonly number[], a: number): { served: readonly number[]; lost: number } {
  let before = 1;
  let total = 0;
  const served = servers.map((c) => {
    total += c;
    const after = erlangB(total, a);
    const share = before - after;
    before = after;
    return share;
  });
  return { served, lost: before };
}

/** Mean wait of the M/M/1/1 retrial queue with exponential retries at rate theta of each call in orbit. */
export function retrialWait(lambda: number, mu: number, theta: number): number {
  const rho = lambda / mu;
  return ((rho / (1 - rho)) * (lambda / theta + rho)) / lambda;
}

/** Mean attempts of a call when each fails with probability p, at most n of them. */
export function meanAttempts(p: number, n: number): number {
  return (1 - p ** n) / (1 - p);
}

/** Share that leaves M/M/1 after waiting T: 1 - H/(1 + rho H), H = (1 - rho exp(-(mu - lambda) T))/(1 - rho). */
export function timeoutShare(lambda: number, mu: number, timeout: number): number {
  const rho = lambda / mu;
  const h = rho === 1 ? 1 + mu * timeout : (1 - rho * Math.exp(-(mu - lambda) * timeout)) / (1 - rho);
  return 1 - h / (1 + rho * h);
}

/** Mean waits of the levels of M/G/1 with non-preemptive priorities, first level first (Cobham 1954). */
export function priorityWaits(
  classes: readonly { lambda: number; meanService: number; secondMoment: number }[],
): readonly number[] {
  let residual = 0;
  for (const { lambda, secondMoment } of classes) residual += (lambda * secondMoment) / 2;
  let above = 0;
  return classes.map(({ lambda, meanService }) => {
    const upTo = above + lambda * meanService;
    const wait = residual / ((1 - above) * (1 - upTo));
    above = upTo;
    return wait;
  });
}

/**
 * Mean number in Mt/M/infinity over [from, to], begun empty at 0, with arrivals at
 * rate (1 + amplitude cos(w (t - peak))): the solution of m' = rate(t) - mu m, averaged.
 */
export function sinusoidLoad(
  arrivals: { rate: number; amplitude: number; period: number; peak: number },
  mu: number,
  from: number,
  to: number,
): number {
  const { rate, amplitude, period, peak } = arrivals;
  const w = (2 * Math.PI) / period;
  const gain = (rate * amplitude) / (mu * mu + w * w);
  // m(t) = rate/mu + gain (mu cos(x) + w sin(x)) + c exp(-mu t), x = w (t - peak); c makes m(0) = 0.
  const c = -(rate / mu + gain * (mu * Math.cos(-w * peak) + w * Math.sin(-w * peak)));
  const integral = (t: number) =>
    (rate / mu) * t +
    gain * ((mu / w) * Math.sin(w * (t - peak)) - Math.cos(w * (t - peak))) -
    (c / mu) * Math.exp(-mu * t);
  return (integral(to) - integral(from)) / (to - from);
}

/** (x^k / k!) exp(-x), by logarithms: x may be negative, as Erlang's alternating sums want it. */
function poissonTerm(x: number, k: number): number {
  if (x === 0) return k === 0 ? 1 : 0;
  let logFactorial = 0;
  for (let i = 2; i <= k; i++) logFactorial += Math.log(i);
  const size = Math.exp(k * Math.log(Math.abs(x)) - logFactorial - x);
  return x < 0 && k % 2 === 1 ? -size : size;
}

/** Root of a function that is above 0 at one end and below 0 at the other. */
function bisect(f: (x: number) => number, from: number, to: number): number {
  const isRising = f(from) < 0;
  let low = from;
  let high = to;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0 === isRising) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Answer of a finite birth-death chain, solved numerically. */
export interface BirthDeath {
  /** Share of arrivals that find the chain in its last state. */
  readonly refused: number;
  /** Mean number beyond the first `servers`. */
  readonly waiting: number;
}

/** M/M/c with room for K in all (K - c waiting). Poisson arrivals see the stationary law. */
export function mmck(c: number, k: number, lambda: number, mu: number): BirthDeath {
  return birthDeath(k, lambda, (n) => Math.min(n, c) * mu, c);
}

/** Mean wait of the calls that M/M/c/K admits (Little). */
export function mmckWait(c: number, k: number, lambda: number, mu: number): number {
  const { refused, waiting } = mmck(c, k, lambda, mu);
  return waiting / (lambda * (1 - refused));
}

/** Erlang A: share that abandons M/M/c when each waiting call leaves at rate theta. */
export function abandonedShare(c: number, lambda: number, mu: number, theta: number): number {
  const states = c + 40 + Math.ceil((20 * lambda) / theta);
  const { waiting } = birthDeath(states, lambda, (n) => Math.min(n, c) * mu + Math.max(0, n - c) * theta, c);
  return (theta * waiting) / lambda;
}

function birthDeath(last: number, lambda: number, deathRate: (n: number) => number, c: number): BirthDeath {
  const weight = [1];
  for (let n = 1; n <= last; n++) weight.push((weight[n - 1]! * lambda) / deathRate(n));
  const total = weight.reduce((sum, each) => sum + each, 0);
  let waiting = 0;
  for (let n = c + 1; n <= last; n++) waiting += ((n - c) * weight[n]!) / total;
  return { refused: weight[last]! / total, waiting };
}

/**
 * Mean response of two exponential servers of rate mu behind "join the shortest queue" with fair ties: the stationary
 * law of the two-dimensional chain on a grid of `size` by `size`, by Gauss-Seidel.
 */
export function shortestOfTwo(lambda: number, mu: number, size = 60): number {
  const p = new Float64Array(size * size).fill(1 / (size * size));
  const at = (i: number, j: number) => (i < 0 || j < 0 || i >= size || j >= size ? 0 : p[i * size + j]!);
  /** Rate at which an arrival at (i, j) joins the first queue. */
  const joinsFirst = (i: number, j: number) => (i < j ? lambda : i === j ? lambda / 2 : 0);
  for (let sweep = 0; sweep < 4000; sweep++) {
    let change = 0;
    let total = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const leavesFirst = i < size - 1 ? joinsFirst(i, j) : 0;
        const leavesSecond = j < size - 1 ? joinsFirst(j, i) : 0;
        const out = leavesFirst + leavesSecond + (i > 0 ? mu : 0) + (j > 0 ? mu : 0);
        const inflow =
          at(i - 1, j) * joinsFirst(i - 1, j) +
          at(i, j - 1) * joinsFirst(j - 1, i) +
          at(i + 1, j) * mu +
          at(i, j + 1) * mu;
        const next = inflow / out;
        change += Math.abs(next - at(i, j));
        total += next;
        p[i * size + j] = next;
      }
    }
    for (let k = 0; k < p.length; k++) p[k]! /= total;
    if (change < 1e-13) break;
  }
  let inSystem = 0;
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) inSystem += (i + j) * at(i, j);
  return inSystem / lambda;
}
