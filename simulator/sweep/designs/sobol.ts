/** Points of Sobol's sequence: even cover of the whole space, and more points only add to those before. */
import { MeridianError } from "../../base/errors.ts";
import { type Design, valueAt } from "../job.ts";

export const sobol: Design = {
  name: "sobol",
  summary: "points that cover the ranges evenly; a power of two is best",
  points({ factors, points }) {
    checkFactors(factors.length, SOBOL_DIMENSIONS_MAX, "sobol");
    return sobolPoints(points, factors.length).map((point) => point.map((at, i) => valueAt(factors[i]!, at)));
  },
};

/** @throws MeridianError usage, SWEEP_FACTORS, for more factors than there are dimensions */
export function checkFactors(count: number, max: number, design: string): void {
  if (count <= max) return;
  const what = `the design ${design} takes at most ${max} factors, not ${count}`;
  throw new MeridianError("usage", { code: "SWEEP_FACTORS", what, fix: "vary fewer paths, or design latin-hypercube" });
}

/**
 * Primitive polynomials and first direction numbers of dimensions 2 to 21, `[degree, coefficients, m1, m2, ...]`.
 * Source: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci.
 * Comput. 30 (2008), data file new-joe-kuo-6.
 */
const JOE_KUO: readonly (readonly number[])[] = [
  [1, 0, 1],
  [2, 1, 1, 3],
  [3, 1, 1, 3, 1],
  [3, 2, 1, 1, 1],
  [4, 1, 1, 1, 3, 3],
  [4, 4, 1, 3, 5, 13],
  [5, 2, 1, 1, 5, 5, 17],
  [5, 4, 1, 1, 5, 5, 5],
  [5, 7, 1, 1, 7, 11, 19],
  [5, 11, 1, 1, 5, 1, 1],
  [5, 13, 1, 1, 1, 3, 11],
  [5, 14, 1, 3, 5, 5, 31],
  [6, 1, 1, 3, 3, 9, 7, 49],
  [6, 13, 1, 1, 1, 15, 21, 21],
  [6, 16, 1, 3, 1, 13, 27, 49],
  [6, 19, 1, 1, 1, 15, 7, 5],
  [6, 22, 1, 3, 1, 15, 13, 25],
  [6, 25, 1, 1, 5, 5, 19, 61],
  [7, 1, 1, 3, 7, 11, 23, 15, 103],
  [7, 4, 1, 3, 7, 13, 13, 15, 69],
];
const BITS = 30;
const SCALE = 2 ** BITS;

/** Dimensions for which there are direction numbers. */
export const SOBOL_DIMENSIONS_MAX = JOE_KUO.length + 1;

/**
 * The first `count` points, the origin first, in Gray-code order (Antonov and Saleev), not scrambled.
 *
 * @param dimensions 1 to `SOBOL_DIMENSIONS_MAX`
 * @returns points of coordinates in [0, 1)
 * @example sobolPoints(4, 2) // => [[0, 0], [0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]
 */
export function sobolPoints(count: number, dimensions: number): readonly (readonly number[])[] {
  const directions = Array.from({ length: dimensions }, (_, dimension) => directionNumbers(dimension));
  const state = new Array<number>(dimensions).fill(0);
  const points: number[][] = [];
  for (let index = 0; index < count; index++) {
    points.push(state.map((value) => value / SCALE));
    const bit = trailingOnes(index);
    for (let dimension = 0; dimension < dimensions; dimension++) state[dimension]! ^= directions[dimension]![bit]!;
  }
  return points;
}

/** Direction numbers as integers of `BITS` bits; dimension 0 is van der Corput's sequence. */
function directionNumbers(dimension: number): readonly number[] {
  if (dimension === 0) return Array.from({ length: BITS }, (_, bit) => 2 ** (BITS - 1 - bit));
  const [degree, coefficients, ...first] = JOE_KUO[dimension - 1]! as readonly [number, number, ...number[]];
  const numbers = first.map((m, bit) => m * 2 ** (BITS - 1 - bit));
  for (let bit = degree; bit < BITS; bit++) {
    let value = numbers[bit - degree]! ^ (numbers[bit - degree]! >>> degree);
    for (let k = 1; k < degree; k++) if ((coefficients >> (degree - 1 - k)) & 1) value ^= numbers[bit - k]!;
    numbers.push(value);
  }
  return numbers;
}

function trailingOnes(index: number): number {
  return Math.min(BITS - 1, 31 - Math.clz32(~index & (index + 1)));
}
