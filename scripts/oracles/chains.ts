/** Answers of finite Markov chains, solved numerically. */

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

/** Erlang A: share that gives up at M/M/c when each waiting call leaves at rate theta. */
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
