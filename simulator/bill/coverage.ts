/** Days and hours within a bill that have no usage: few accounts have such, and a lost part of an export looks so. */
import { DAY_MS, HOUR_MS } from "../base/time.ts";
import type { ClassifiedLine } from "./classify.ts";
import { type Bill, creditDaysOf, daysOf, usageDaysOf, usageLines } from "./spend.ts";

export interface Coverage {
  /** Days between the first and the last without usage, as days since 1970. */
  readonly emptyDays: readonly number[];
  /**
   * Of a bill by the hour: hours without usage, ms since 1970, on days that have some, where it is unusual for the hour of
   * the day. Empty for a bill by day.
   */
  readonly emptyHoursMs: readonly number[];
}

export function coverageOf(bill: Bill): Coverage {
  const usage = bill.lines.filter(({ line }) => line.kind === "usage");
  const days = usageDaysOf(bill);
  const credited = creditDaysOf(bill);
  const { first, last } = endsOf(days);
  const emptyDays: number[] = [];
  for (let day = first; day <= last; day++) if (!days.has(day) && !credited.has(day)) emptyDays.push(day);
  // Storage and the like are metered by the day in a report by the hour, too: what counts are the lines of models.
  const isHourly = usageLines(bill).every(isOfAnHour);
  return { emptyDays, emptyHoursMs: isHourly ? emptyHours(usage.filter(isOfAnHour)) : [] };
}

/** First and last of some days; nothing between them where there are none. */
export function endsOf(days: ReadonlySet<number>): { readonly first: number; readonly last: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const day of days) [first, last] = [Math.min(first, day), Math.max(last, day)];
  return { first, last };
}

function isOfAnHour({ line }: ClassifiedLine): boolean {
  return line.endMs - line.startMs <= HOUR_MS;
}

/** Fewer days do not tell which hours are usual: then all 24 are. */
const DAYS_TO_KNOW = 4;

function emptyHours(usage: Bill["lines"]): readonly number[] {
  const days = daysOf(usage);
  const hours = new Set(usage.map(({ line }) => Math.floor(line.startMs / HOUR_MS)));
  // One hour a day at most: lines of days that state no end.
  if (hours.size <= days.size) return [];
  const perDay = DAY_MS / HOUR_MS;
  return Array.from({ length: perDay }, (_, hour) => {
    const without = [...days].filter((day) => !hours.has(day * perDay + hour));
    const isUsual = days.size < DAYS_TO_KNOW || without.length < days.size / 2;
    return isUsual ? without.map((day) => (day * perDay + hour) * HOUR_MS) : [];
  })
    .flat()
    .sort((a, b) => a - b);
}
