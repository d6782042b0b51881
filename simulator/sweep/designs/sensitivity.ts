/**
 * Saltelli's pairs: for each of `points` rows a point A, a point B, and A with one factor of B in turn, from which
 * Sobol indices are estimated. Runs points × (factors + 2) variants.
 * Source: Saltelli et al., Comput. Phys. Commun. 181 (2010).
 */
import type { Design } from "../design.ts";
import { valueAt } from "../factor.ts";
import { SOBOL_DIMENSIONS_MAX, sobolPoints } from "../sobol-sequence.ts";
import { checkFactors } from "./sobol.ts";

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
