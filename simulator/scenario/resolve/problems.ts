import { MeridianError, type Problem } from "../../errors.ts";
import { didYouMean } from "../../world/near-names.ts";

/** Collects what is wrong, so that a person sees all of it at once. */
export class Problems {
  readonly list: Problem[] = [];

  add(code: string, where: string, what: string, fix: string): void {
    this.list.push({ code, where, what, fix });
  }

  /** Index of a name in a list, or -1 with a problem. */
  indexOf(asked: string, known: readonly string[], noun: string, where: string): number {
    const index = known.indexOf(asked);
    if (index < 0) {
      this.add(
        `${noun.toUpperCase()}_UNKNOWN`,
        where,
        `there is no ${noun} "${asked}"${didYouMean(asked, known)}`,
        `this scenario has: ${known.slice(0, 12).join(", ")}`,
      );
    }
    return index;
  }

  /** Runs a part that throws its problems, and keeps them; undefined then. */
  attempt<T>(part: () => T, where?: string): T | undefined {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      for (const problem of error.problems) {
        this.list.push(where === undefined ? problem : { ...problem, where });
      }
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.list.length > 0) throw new MeridianError("usage", this.list);
  }
}
