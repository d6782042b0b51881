/**
 * Saltelli's pairs: for each of `points` rows a point A, a point B, and A with one factor of B in turn, from which
 * Sobol indices are estimated. Runs points × (factors + 2) variants.
 * Source: Saltelli et al., Comput. Phys. Commun. 181 (2010).
 */
import { KeyedRandom } from "../../random/keyed-random.ts";
import { type Design, valueAt } from "../job.ts";
import { checkFactors, SOBOL_DIMENSIONS_MAX, sobolPoints } from "./sobol.ts";

export const sensitivity: Design = {
  name: "sensitivity",
  summary: "pairs of points for Sobol indices: which factor drives the result, alone and with others",
  points({ factors, points }) {
    const k = factors.length;
    checkFactors(k, Math.floor(SOBOL_DIMENSIONS_MAX / 2), "sensitivity");
    return saltelliPoints(points, k).map((point) => point.map((at, i) => valueAt(factors[i]!, at)));
  },
};

/**
 * Points of the unit cube in the order that `sobolIndices` reads: A, B, then A with each coordinate of B, row by row.
 *
 * @param rows    pairs of A and B; a power of two fills the cube most evenly
 * @param factors at most half of `SOBOL_DIMENSIONS_MAX`
 * @returns       rows × (factors + 2) points
 */
export function saltelliPoints(rows: number, factors: number): readonly (readonly number[])[] {
  // The first points of the sequence have the same coordinate in all dimensions, so that A equals B: they say nothing.
  const skipped = 2 ** Math.ceil(Math.log2(Math.max(2, rows)));
  const pairs = sobolPoints(skipped + rows, 2 * factors).slice(skipped);
  return pairs.flatMap((pair) => {
    const [a, b] = [pair.slice(0, factors), pair.slice(factors)];
    const mixed = a.map((_, i) => a.map((at, j) => (j === i ? b[j]! : at)));
    return [a, b, ...mixed];
  });
}

export interface SobolIndex {
  readonly value: number;
  /** 95 % by the percentiles of the bootstrap. */
  readonly low: number;
  readonly high: number;
}

export interface FactorIndices {
  readonly first: SobolIndex;
  readonly total: SobolIndex;
}

const RESAMPLES = 500;

/**
 * @param values of the variants in the order of the design `sensitivity`: rows of A, B and A with each factor of B
 * @param factors number of factors
 * @returns indices of each factor; undefined where the result does not vary, or values are missing in every row
 */
export function sobolIndices(
  values: readonly (number | null)[],
  factors: number,
  seed = 1,
): readonly FactorIndices[] | undefined {
  const width = factors + 2;
  const rows: number[][] = [];
  for (let start = 0; start + width <= values.length; start += width) {
    const row = values.slice(start, start + width);
    // A row with a missing value has no differences.
    if (row.every((value): value is number => value !== null && Number.isFinite(value))) rows.push(row);
  }
  if (rows.length < 2) return undefined;
  const terms = termsOf(rows, factors);
  const whole = estimate(terms, factors, (row) => row);
  if (whole === undefined) return undefined;
  const random = new KeyedRandom(seed, "sweep bootstrap");
  random.seek(0, 0);
  const resampled = Array.from({ length: RESAMPLES }, () =>
    estimate(terms, factors, () => Math.floor(random.next() * rows.length)),
  ).filter((each) => each !== undefined);
  const interval = (read: (indices: RawIndices) => number): SobolIndex => {
    const sorted = resampled.map(read).sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return { value: read(whole), low: at(0.025), high: at(0.975) };
  };
  return Array.from({ length: factors }, (_, i) => ({
    first: interval(({ first }) => first[i]!),
    total: interval(({ total }) => total[i]!),
  }));
}

interface RawIndices {
  readonly first: readonly number[];
  readonly total: readonly number[];
}

/** What the estimators sum, row by row, so that a resample only adds: a + b, a² + b², then three for each factor. */
function termsOf(rows: readonly (readonly number[])[], factors: number): Float64Array {
  // Centred values lose fewer digits in products.
  const middle = rows.reduce((sum, [a, b]) => sum + a! + b!, 0) / (2 * rows.length);
  const width = 2 + 3 * factors;
  const terms = new Float64Array(rows.length * width);
  rows.forEach((row, at) => {
    const [a, b] = [row[0]! - middle, row[1]! - middle];
    terms.set([a + b, a * a + b * b], at * width);
    for (let i = 0; i < factors; i++) {
      const step = row[2 + i]! - middle - a;
      terms.set([b * step, step, step * step], at * width + 2 + 3 * i);
    }
  });
  return terms;
}

function estimate(terms: Float64Array, factors: number, pick: (row: number) => number): RawIndices | undefined {
  const width = 2 + 3 * factors;
  const n = terms.length / width;
  const sums = new Float64Array(width);
  for (let row = 0; row < n; row++) {
    const from = pick(row) * width;
    for (let i = 0; i < width; i++) sums[i]! += terms[from + i]!;
  }
  const mean = sums[0]! / (2 * n);
  const variance = sums[1]! / (2 * n) - mean * mean;
  if (!(variance > 0)) return undefined;
  const of = (read: (at: number) => number) =>
    Array.from({ length: factors }, (_, i) => read(2 + 3 * i) / (n * variance));
  return { first: of((at) => sums[at]! - mean * sums[at + 1]!), total: of((at) => sums[at + 2]! / 2) };
}
