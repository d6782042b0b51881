import { MeridianError, type Problem } from "../../../simulator/errors.ts";

/** What to do with a row that cannot be used, and how many were. */
export interface BadRows {
  /** Counts the row, or throws. @param where `file:line` */
  bad(where: string, what: string, fix: string): void;
  readonly count: number;
}

export interface BadRowsOptions {
  readonly skip: boolean;
  /** More than this many stop the command even so. */
  readonly max: number;
}

/** @throws MeridianError data CALIBRATE_BAD_ROW at the first bad row, or at the first that is one too many */
export function createBadRows({ skip, max }: BadRowsOptions): BadRows {
  let count = 0;
  return {
    get count() {
      return count;
    },
    bad(where, what, fix) {
      count++;
      if (skip && count <= max) return;
      const more = skip ? `; it is bad row ${count}, and at most ${max} may be skipped` : "";
      const way = skip ? "raise --max-bad-rows if so many may be lost" : "--on-bad-row skip leaves such rows out";
      const problem: Problem = { code: "CALIBRATE_BAD_ROW", where, what: `${what}${more}`, fix: `${fix}; ${way}` };
      throw new MeridianError("data", problem);
    },
  };
}
