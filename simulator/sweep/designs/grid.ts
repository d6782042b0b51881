/** Every combination of every factor's values; the last factor varies fastest. */
import { MeridianError } from "../../base/errors.ts";
import { type Design, gridValues, type Point } from "../job.ts";

/** More runs than this are a mistake, or the work of a sampling design. */
const POINTS_MAX = 1_000_000;

export const grid: Design = {
  name: "grid",
  summary: "every combination of all values (cartesian)",
  points({ factors }) {
    const values = factors.map(gridValues);
    const count = values.reduce((product, each) => product * each.length, 1);
    if (count > POINTS_MAX) {
      const what = `the grid has ${count.toLocaleString("en-US")} points`;
      const fix = "take fewer steps, or design latin-hypercube or sobol with a number of points";
      throw new MeridianError("usage", { code: "SWEEP_TOO_LARGE", what, fix });
    }
    return values.reduce<readonly Point[]>(
      (points, each) => points.flatMap((point) => each.map((value) => [...point, value])),
      [[]],
    );
  },
};
