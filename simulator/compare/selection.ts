/** Ranking and selection: which of several strategies is best, with a promise, or that no difference matters. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import { sampleVariance } from "simple-statistics";
import { gammaQuantile } from "../base/special-functions.ts";
import { criticalT, meanNumber, varianceOf } from "../base/statistics.ts";

/**
 * Rinott's constant h: with n0 first and then max(n0, ceil((h s / delta)²)) values of each of k systems, the one with
 * the best mean is the best with probability P, whenever it is better than all others by delta.
 *
 * @param k systems, at least 2
 * @param n0 first-stage values of each, at least 3
 * @param P in (1/k, 1)
 * Source: Y. Rinott, "On two-stage selection procedures and related probability-inequalities", Communications in
 * Statistics A7, 1978.
 */
export function rinottConstant({ k, n0, P }: { readonly k: number; readonly n0: number; readonly P: number }): number {
  const freedom = n0 - 1;
  // Both integrals over the chi-square law become means over its quantiles at the nodes of a Gauss-Legendre rule.
  const nodes = gaussLegendre(NODES).map(({ x, weight }) => ({ value: 2 * gammaQuantile(freedom / 2, x), weight }));
  const probability = (h: number) => {
    let outer = 0;
    for (const y of nodes) {
      let inner = 0;
      for (const x of nodes) inner += x.weight * normalCdf(h / Math.sqrt(freedom * (1 / x.value + 1 / y.value)), 0, 1);
      outer += y.weight * inner ** (k - 1);
    }
    return outer;
  };
  let [low, high] = [0, 2];
  while (probability(high) < P) high *= 2;
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (probability(middle) < P) low = middle;
    else high = middle;
  }
  return high;
}

const NODES = 64;

/** Nodes and weights of the Gauss-Legendre rule on (0, 1), by Newton's method on the Legendre polynomial. */
function gaussLegendre(n: number): readonly { readonly x: number; readonly weight: number }[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let step = 0; step < 100; step++) {
      let [before, value] = [1, x];
      for (let m = 2; m <= n; m++) [before, value] = [value, ((2 * m - 1) * x * value - (m - 1) * before) / m];
      slope = (n * (x * value - before)) / (x * x - 1);
      const move = value / slope;
      x -= move;
      if (Math.abs(move) < 1e-15) break;
    }
    return { x: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}

/**
 * Constants of the fully sequential procedure KN: eta, and h² = 2 c eta (n0 - 1).
 *
 * Source: S.-H. Kim, B. Nelson, "A fully sequential procedure for indifference-zone selection in simulation", ACM
 * TOMACS 11, 2001.
 * @param c whole; 1 unless there is a reason
 */
export function knConstants({
  k,
  n0,
  alpha,
  c = 1,
}: {
  readonly k: number;
  readonly n0: number;
  readonly alpha: number;
  readonly c?: number;
}) {
  const eta = 0.5 * (((2 * alpha) / (k - 1)) ** (-2 / (n0 - 1)) - 1);
  return { eta, h2: 2 * c * eta * (n0 - 1) };
}

/** How far KN came with the values at hand. */
export interface KnSelection {
  /** Index of the best; null while more than one survive. */
  readonly best: number | null;
  /** Indices that are still in, in order. */
  readonly survivors: readonly number[];
  /** Of each system: after how many values it was put out; null for survivors. */
  readonly outAfter: readonly (number | null)[];
  /** Values after which the procedure ends at the latest. */
  readonly atMost: number;
}

/**
 * KN with c = 1 on values that were drawn together (common random numbers are allowed): systems that fall behind are
 * put out, until one is left. Less is better.
 *
 * @param values of each system, aligned; at least n0 each
 * @param delta indifference zone, in the values' unit: smaller differences do not matter
 * @param n0 values from which variances are taken, at least 3
 */
export function knSelect(
  values: readonly (readonly number[])[],
  { delta, alpha = 0.05, n0 = 10 }: { readonly delta: number; readonly alpha?: number; readonly n0?: number },
): KnSelection {
  const k = values.length;
  const { h2 } = knConstants({ k, n0, alpha });
  const variance = (i: number, l: number) =>
    sampleVariance(Array.from({ length: n0 }, (_, r) => values[i]![r]! - values[l]![r]!));
  const spread = values.map((_, i) => values.map((__, l) => (i === l ? 0 : variance(i, l))));
  const atMost = Math.max(n0, Math.floor(Math.max(...spread.flat().map((s2) => (h2 * s2) / delta ** 2))) + 1);
  const outAfter: (number | null)[] = values.map(() => null);
  const length = Math.min(...values.map((each) => each.length));
  const sums = values.map((each) => each.slice(0, n0).reduce((sum, value) => sum + value, 0));
  let survivors = [...values.keys()];
  for (let r = n0; r <= Math.min(length, atMost) && survivors.length > 1; r++) {
    if (r > n0) for (const i of values.keys()) sums[i]! += values[i]![r - 1]!;
    const reach = (i: number, l: number) => Math.max(0, (delta / 2) * ((h2 * spread[i]![l]!) / delta ** 2 - r));
    const isOut = (i: number) => survivors.some((l) => l !== i && sums[i]! > sums[l]! + reach(i, l));
    // Past the last stage no reach is left: the best sum alone stays, the first of equal ones.
    const staying = r === atMost ? [leastOf(survivors, (i) => sums[i]!)] : survivors.filter((i) => !isOut(i));
    for (const i of survivors) if (!staying.includes(i)) outAfter[i] = r;
    survivors = staying;
  }
  return { best: survivors.length === 1 ? survivors[0]! : null, survivors, outAfter, atMost };
}

/**
 * How to share a number of further replications among systems so that the best is named rightly most often: most to
 * those that are close to the best or vary much. Less is better.
 *
 * @param means, variances of each system; variances above 0, and no other mean equal to the best
 * @returns shares that sum to 1
 * Source: C.-H. Chen, J. Lin, E. Yücesan, S. Chick, "Simulation budget allocation for further enhancing the efficiency
 * of ordinal optimization", Discrete Event Dynamic Systems 10, 2000.
 * @example ocbaShares([1, 2, 3], [1, 1, 1]).map((share) => Number(share.toFixed(4))) // => [0.4519, 0.4384, 0.1096]
 */
export function ocbaShares(means: readonly number[], variances: readonly number[]): readonly number[] {
  const best = leastOf([...means.keys()], (i) => means[i]!);
  const ratio = means.map((mean, i) => (i === best ? 0 : variances[i]! / (mean - means[best]!) ** 2));
  const ofBest = Math.sqrt(
    variances[best]! * ratio.reduce((sum, each, i) => sum + (i === best ? 0 : each ** 2 / variances[i]!), 0),
  );
  const all = ratio.map((each, i) => (i === best ? ofBest : each));
  const total = all.reduce((sum, each) => sum + each, 0);
  return all.map((each) => each / total);
}

/** What can be said of the best of several systems. */
export interface BestAnswer {
  /** Index of the one with the least mean. */
  readonly least: number;
  /** `best`: shown to be better than all others; `equal`: no difference above delta; `open`: neither yet. */
  readonly answer: "best" | "equal" | "open";
  /** Mean of each other system minus that of the least, with intervals that hold for all pairs together. */
  readonly behind: readonly {
    readonly index: number;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/**
 * Names the best, says that no difference above delta is left, or that it is open, from intervals of all pairs that hold
 * together at 95 % (Bonferroni over k (k - 1) / 2 pairs, since which one leads is decided by the same values).
 *
 * @param values of each system, aligned by replication; at least two each
 * @param delta indifference zone, in the values' unit
 * @throws nothing; fewer than two values leave it open
 */
export function bestOf(values: readonly (readonly number[])[], delta: number): BestAnswer {
  const k = values.length;
  const least = leastOf([...values.keys()], (i) => meanNumber(values[i]!));
  const behind = [...values.keys()]
    .filter((i) => i !== least)
    .map((index) => {
      const differences = values[index]!.map((value, r) => value - values[least]![r]!);
      const value = meanNumber(differences);
      const n = differences.length;
      const half =
        n < 2 ? Number.POSITIVE_INFINITY : criticalT(n, (k * (k - 1)) / 2) * Math.sqrt(varianceOf(differences) / n);
      return { index, value, low: value - half, high: value + half };
    });
  const isBest = behind.every(({ low }) => low > 0);
  const isEqual = behind.every(({ high }) => high <= delta);
  return { least, answer: isEqual ? "equal" : isBest ? "best" : "open", behind };
}

function leastOf(indices: readonly number[], by: (index: number) => number): number {
  return indices.reduce((least, i) => (by(i) < by(least) ? i : least));
}
