/**
 * The one error class of Meridian, and the one place that ties an error to an exit code.
 *
 * A problem says what is wrong, where (file:line or config path) and how to fix it; validation collects every
 * problem before it throws. A broken invariant of our own code is an INTERNAL error: it stops the run.
 */

/** Exit codes of every command; 99 as k6 uses it for failed thresholds. */
export const EXIT_CODES = {
  ok: 0,
  internal: 1,
  usage: 2,
  data: 3,
  environment: 4,
  assertion: 99,
  interrupted: 130,
} as const;

export type ErrorKind = Exclude<keyof typeof EXIT_CODES, "ok">;

/** One thing that is wrong, and what a person needs to fix it. */
export interface Problem {
  /** Stable upper-case code, e.g. `SCENARIO_UNKNOWN_KEY`. */
  readonly code: string;
  /** What is wrong, one sentence without a full stop. */
  readonly what: string;
  /** `file:line` or a config path such as `traffic[0].arrivals`. */
  readonly where?: string;
  /** How to fix it. */
  readonly fix?: string;
}

/** An error for people: its message lists every problem, its kind decides the exit code. */
export class MeridianError extends Error {
  readonly kind: ErrorKind;
  readonly problems: readonly Problem[];

  constructor(kind: ErrorKind, problems: Problem | readonly Problem[], options?: ErrorOptions) {
    const list = "code" in problems ? [problems] : problems;
    super(list.map(formatProblem).join("\n"), options);
    this.name = "MeridianError";
    this.kind = kind;
    this.problems = list;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}

/**
 * A problem as the command line shows it: `CODE  where: what` and, on a second line, `  fix: ...`.
 *
 * @param problem its parts, in which control characters are replaced
 * @returns one line, or two where there is a fix
 * @example formatProblem({ code: "BAD_RATE", what: "it is 0", where: "a[0]" }) // => "BAD_RATE  a[0]: it is 0"
 */
export function formatProblem({ code, what, where, fix }: Problem): string {
  const place = where === undefined ? "" : `${printable(where)}: `;
  return `${code}  ${place}${printable(what)}${fix === undefined ? "" : `\n  fix: ${printable(fix)}`}`;
}

/**
 * Control characters replaced by `·`, so that a name cannot send escape codes to a terminal or break a line.
 *
 * @example printable("a\u001b[31mb") // => "a·[31mb"
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "·");
}

/** Most problems that are listed at once: more cannot be fixed in one go, and hostile files have them by the thousand. */
export const PROBLEMS_MAX = 100;

/**
 * The first problems of a list, and how many more there are.
 *
 * @param more found beside those of the list
 */
export function firstProblems(problems: readonly Problem[], more = 0): readonly Problem[] {
  const left = Math.max(0, problems.length - PROBLEMS_MAX) + more;
  if (left === 0) return problems;
  const what = `and ${left.toLocaleString("en-US")} more ${left === 1 ? "problem" : "problems"}`;
  return [
    ...problems.slice(0, PROBLEMS_MAX),
    { code: "MORE_PROBLEMS", what, fix: "fix these first, then check again" },
  ];
}

/** Throws an INTERNAL error unless the invariant holds. The message names the invariant, not the symptom. */
export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new MeridianError("internal", { code: "INVARIANT_BROKEN", what });
}
