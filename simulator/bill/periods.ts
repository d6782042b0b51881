/** How long the periods of an export are that states only where they begin: hours, days, or calendar months. */
import { DAY_MS } from "../base/time.ts";

export interface Periods {
  readonly endMs: (startMs: number) => number;
  /** What a person should know of what was taken for granted. */
  readonly notes: readonly string[];
}

/**
 * Months where all begin on the first of one; else the smallest step from one to the next, a day at most.
 *
 * @param startsMs of all periods, in any order
 * @example periodsOf([Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1)]).endMs(Date.UTC(2026, 1, 1)) // => Date.UTC(2026, 2, 1)
 */
export function periodsOf(startsMs: readonly number[]): Periods {
  const starts = [...new Set(startsMs)].sort((a, b) => a - b);
  if (areMonths(starts)) {
    const notes = [
      "it is by month without the ends of months: each is taken for a whole one; the last may not be over",
    ];
    return { endMs: monthAfter, notes };
  }
  const steps = starts.slice(1).map((start, at) => start - starts[at]!);
  const lengthMs = steps.reduce((a, b) => Math.min(a, b), DAY_MS);
  const isUnsure = starts.length === 1 && isFirstOfMonth(starts[0]!);
  const notes = isUnsure
    ? [
        `all of it begins on ${new Date(starts[0]!).toISOString().slice(0, 10)} and no end is given: it is taken for that day; if it is the whole month, figures by month are 30 times too high: export it by day`,
      ]
    : [];
  return { endMs: (startMs) => startMs + lengthMs, notes };
}

/** The first may begin within its month, where the export does. */
function areMonths(starts: readonly number[]): boolean {
  const firsts = starts.filter(isFirstOfMonth);
  if (firsts.length < 2) return false;
  return firsts.length === starts.length || (firsts.length === starts.length - 1 && !isFirstOfMonth(starts[0]!));
}

function isFirstOfMonth(ms: number): boolean {
  return ms % DAY_MS === 0 && new Date(ms).getUTCDate() === 1;
}

function monthAfter(startMs: number): number {
  const start = new Date(startMs);
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1);
}
