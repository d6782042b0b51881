/** One factor at a time: the scenario as it is, then each factor at its low and at its high end. */
import { type Design, type Point, valueAt } from "../job.ts";

/** Stands in a point for "as the scenario has it". */
export const UNCHANGED = undefined;

export const tornado: Design = {
  name: "tornado",
  summary: "the scenario as it is, and each factor alone at its low and its high end",
  points({ factors }) {
    const base: Point = factors.map(() => UNCHANGED);
    const moved = factors.flatMap((factor, i) =>
      [0, 1].map((end) => factors.map((_, j) => (j === i ? valueAt(factor, end) : UNCHANGED))),
    );
    return [base, ...moved];
  },
};
