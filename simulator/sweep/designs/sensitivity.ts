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
    // The first points of the sequence have the same coordinate in all dimensions, so that A equals B: they say nothing.
    const skipped = 2 ** Math.ceil(Math.log2(Math.max(2, points)));
    const rows = sobolPoints(skipped + points, 2 * k).slice(skipped);
    return rows.flatMap((row) => {
      const [a, b] = [row.slice(0, k), row.slice(k)];
      const mixed = factors.map((_, i) => a.map((at, j) => (j === i ? b[j]! : at)));
      return [a, b, ...mixed].map((point) => point.map((at, i) => valueAt(factors[i]!, at)));
    });
  },
};
