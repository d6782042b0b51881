/** Points of Sobol's sequence: even cover of the whole space, and more points only add to those before. */
import { MeridianError } from "../../base/errors.ts";
import type { Design } from "../design.ts";
import { valueAt } from "../factor.ts";
import { SOBOL_DIMENSIONS_MAX, sobolPoints } from "../sobol-sequence.ts";

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
