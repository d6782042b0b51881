/** The factors' values side by side: the first of each, the second of each, and so on. */
import { MeridianError } from "../../base/errors.ts";
import { type Design, gridValues } from "../job.ts";

export const list: Design = {
  name: "list",
  summary: "the first value of each factor, the second of each, ... (zip)",
  points({ factors }) {
    const values = factors.map(gridValues);
    const lengths = new Set(values.map((each) => each.length));
    if (lengths.size > 1) {
      const what = `the factors have ${[...lengths].join(" and ")} values`;
      throw new MeridianError("usage", {
        code: "SWEEP_LIST_LENGTHS",
        what,
        fix: "give each the same number of values, or design grid",
      });
    }
    return Array.from({ length: values[0]?.length ?? 0 }, (_, i) => values.map((each) => each[i]));
  },
};
