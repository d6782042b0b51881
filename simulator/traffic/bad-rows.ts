/** Rows that cannot be used: refused, or counted and left out. */
import { MeridianError, type Problem } from "../base/errors.ts";

export interface BadRowsOptions {
  /** Leave bad rows out instead of stopping at the first. */
  readonly skip: boolean;
  /** More than this many stop the command even so. */
  readonly max: number;
}

/** Rows that were left out. */
export class BadRows {
  count = 0;
  /** Rows that were good. */
  good = 0;
  /** Why each of the first bad rows was left out, without what it holds. */
  readonly rejected: Problem[] = [];
  private readonly options: BadRowsOptions;

  constructor(options: BadRowsOptions = { skip: false, max: 0 }) {
    this.options = options;
  }

  /**
   * Counts a row.
   *
   * @throws the error that says why the row is bad, or another
   */
  add(error: unknown): void {
    if (!(error instanceof MeridianError) || error.kind !== "data") throw error;
    this.count++;
    const { skip, max } = this.options;
    if (skip && this.count <= max) {
      if (this.rejected.length < REJECTED_MAX) this.rejected.push(...error.problems);
      return;
    }
    const [problem] = error.problems;
    const more = skip ? `; it is bad row ${this.count}, and at most ${max} may be skipped` : "";
    const way = skip ? "raise --max-bad-rows if so many may be lost" : "--on-bad-row skip leaves such rows out";
    throw new MeridianError("data", { ...problem!, what: `${problem!.what}${more}`, fix: `${problem!.fix}; ${way}` });
  }

  /** `3 of 1,203 rows (0.25 %) could not be read and were left out`; undefined where there are none. */
  get summary(): string | undefined {
    if (this.count === 0) return undefined;
    const all = this.count + this.good;
    const share = ((100 * this.count) / all).toPrecision(2);
    const rows = `${this.count.toLocaleString("en-US")} of ${all.toLocaleString("en-US")} rows (${share} %)`;
    return `${rows} could not be read and were left out`;
  }
}

const REJECTED_MAX = 100_000;
