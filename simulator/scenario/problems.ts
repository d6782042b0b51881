/** Collects every problem of a scenario, so that all of them are reported at once. */
import { firstProblems, MeridianError, PROBLEMS_MAX, type Problem } from "../base/errors.ts";
import { didYouMean, nearNames } from "../base/near-names.ts";

/** More names than these are not read in an error. */
const NAMES_SHOWN_MAX = 12;

export class Problems {
  readonly list: Problem[] = [];
  /** Problems beyond those that are listed. */
  private more = 0;

  add(code: string, where: string, what: string, fix: string): void {
    this.list.push({ code, where, what, fix });
  }

  /**
   * Index of a name in a list, or -1 with a problem.
   *
   * @param listing the command that lists the names, where they are Meridian's own and not the scenario's
   */
  indexOf(asked: string, known: readonly string[], noun: string, where: string, listing?: string): number {
    const index = known.indexOf(asked);
    if (index < 0 && this.list.length >= PROBLEMS_MAX) this.more++;
    else if (index < 0) {
      this.add(
        `${noun.toUpperCase()}_UNKNOWN`,
        where,
        `there is no ${noun} "${asked}"${didYouMean(asked, known)}`,
        `${writeNear(asked, known)}${listing === undefined ? "this scenario has" : "known"}: ${shownNames(asked, known, listing)}`,
      );
    }
    return index;
  }

  /**
   * Runs a part that throws its problems, and keeps them; undefined then.
   *
   * @param where in place of the part's own paths; or what makes config paths of them
   */
  attempt<T>(part: () => T, where?: string | ((own: string) => string)): T | undefined {
    try {
      return part();
    } catch (error) {
      if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
      for (const problem of error.problems) {
        const path = typeof where === "function" ? where(problem.where ?? "") : (where ?? problem.where);
        this.list.push(path === undefined ? problem : { ...problem, where: path });
      }
      return undefined;
    }
  }

  /** Drops the problems whose text speaks of a name that was only guessed: they may be false. */
  forget(guessed: readonly string[]): void {
    const kept = this.list.filter(
      ({ code, what }) => code === "MODEL_ID_UNKNOWN" || !guessed.some((name) => what.includes(name)),
    );
    this.list.splice(0, this.list.length, ...kept);
  }

  throwIfAny(): void {
    if (this.list.length > 0) throw new MeridianError("usage", firstProblems(distinct(this.list), this.more));
  }
}

/** One mistake that shows in several regions is one problem: its fixes name one region each. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, where, what }) => {
    const key = JSON.stringify([code, where, what]);
    return !seen.has(key) && seen.add(key);
  });
}

/** Problems from an index on that speak of an unknown target name the near one, and where one that is none yet is listed. */
export function nameTargets(
  problems: Problems,
  from: number,
  { targetIds, regionOfTarget }: { readonly targetIds: readonly string[]; readonly regionOfTarget: readonly string[] },
): void {
  const names = [...new Set([...targetIds, ...regionOfTarget])];
  const named = problems.list.splice(from).map((problem) => {
    const [, asked, listed] = /^there is no target "(.*)"; (targets are .*)$/s.exec(problem.what) ?? [];
    if (asked === undefined) return problem;
    const [near] = nearNames(asked, names);
    const what = `there is no target "${asked}"${didYouMean(asked, names)}`;
    const isOther = /[/@]/.test(asked) && regionOfTarget.includes(asked.replace(/[/@].*$/, ""));
    const ways = [
      ...(near === undefined ? [] : [`write ${near}`]),
      ...(isOther ? [`add ${asked} to world.targets`] : []),
    ];
    return { ...problem, what, fix: ways.length === 0 ? listed! : `${ways.join(", or ")}; ${listed}` };
  });
  problems.list.push(...named);
}

function writeNear(asked: string, known: readonly string[]): string {
  const [near] = nearNames(asked, known);
  return near === undefined ? "" : `write ${near}; `;
}

/** All names; of very many the near ones first, how many are left out, and where all are listed. */
function shownNames(asked: string, known: readonly string[], listing: string | undefined): string {
  const left = known.length - NAMES_SHOWN_MAX;
  if (left <= 0) return known.join(", ");
  const nearFirst = [...new Set([...nearNames(asked, known), ...known])];
  const shown = nearFirst.slice(0, NAMES_SHOWN_MAX).join(", ");
  return `${shown}, … and ${left} more${listing === undefined ? "" : ` (${listing})`}`;
}

/** `prices.shocks[0]` of a part that does not know where it stands is `world.prices.shocks[0]` of the scenario. */
export function inWorld(path: string): string {
  return /^(prices|network|profiles)\b/.test(path) ? `world.${path}` : path;
}
