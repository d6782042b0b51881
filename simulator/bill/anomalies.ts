/** Days that stand out of a bill, and what began or ended: found by the median of the same weekday. */
import { DAY_MS } from "../base/time.ts";
import { type Bill, type SpendDimension, spendKeyOf, usageLines } from "./spend.ts";
import { type Decimal, toNumber } from "./usd.ts";

export type Anomaly =
  | {
      readonly kind: "day";
      readonly group: string | undefined;
      /** `2026-08-14`. */
      readonly day: string;
      readonly costUsd: Decimal;
      /** Median of the same weekday in the weeks around it. */
      readonly usualUsd: number;
    }
  | {
      readonly kind: "began" | "ended";
      readonly group: string | undefined;
      readonly day: string;
      readonly costUsd: Decimal;
    };

/** A day stands out when it is as many robust standard deviations away ... */
const DEVIATIONS = 6;
/** ... and differs by at least this share: a quiet group's pennies are no news. */
const SHARE_MIN = 0.3;
/** Weeks on either side that make "usual". */
const WEEKS_AROUND = 4;
/** Smallest number of same weekdays from which "usual" is read. */
const WEEKDAYS_MIN = 4;
/** A group that is first or last billed within this many days of the bill's ends has neither begun nor ended. */
const EDGE_DAYS = 3;
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SD = 1.4826;

/** @returns by day, then by the size of what is odd */
export function anomaliesOf(bill: Bill, dimension: SpendDimension): readonly Anomaly[] {
  const series = new Map<string | undefined, Map<number, Decimal>>();
  for (const line of usageLines(bill)) {
    const day = Math.floor(line.line.startMs / DAY_MS);
    const key = spendKeyOf(line, dimension);
    const days = series.get(key) ?? new Map<number, Decimal>();
    series.set(key, days.set(day, (days.get(day) ?? 0n) + line.line.costUsd));
  }
  const all = [...series.values()].flatMap((days) => [...days.keys()]);
  if (all.length === 0) return [];
  const first = all.reduce((a, b) => Math.min(a, b));
  const last = all.reduce((a, b) => Math.max(a, b));
  return [...series]
    .flatMap(([group, days]) => [...endsOf(group, days, first, last), ...oddDays(group, days)])
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : toNumber(b.costUsd) - toNumber(a.costUsd)));
}

function endsOf(
  group: string | undefined,
  days: ReadonlyMap<number, Decimal>,
  first: number,
  last: number,
): readonly Anomaly[] {
  const own = [...days.keys()].sort((a, b) => a - b);
  const [begin, end] = [own[0]!, own.at(-1)!];
  const began: readonly Anomaly[] =
    begin > first + EDGE_DAYS ? [{ kind: "began", group, day: dayText(begin), costUsd: days.get(begin)! }] : [];
  const ended: readonly Anomaly[] =
    end < last - EDGE_DAYS ? [{ kind: "ended", group, day: dayText(end), costUsd: days.get(end)! }] : [];
  return [...began, ...ended];
}

function oddDays(group: string | undefined, days: ReadonlyMap<number, Decimal>): readonly Anomaly[] {
  return [...days].flatMap(([day, costUsd]): readonly Anomaly[] => {
    const around: number[] = [];
    for (let week = -WEEKS_AROUND; week <= WEEKS_AROUND; week++) {
      const other = week === 0 ? undefined : days.get(day + 7 * week);
      if (other !== undefined) around.push(toNumber(other));
    }
    if (around.length < WEEKDAYS_MIN) return [];
    const usualUsd = median(around);
    const spread = MAD_TO_SD * median(around.map((value) => Math.abs(value - usualUsd)));
    const off = Math.abs(toNumber(costUsd) - usualUsd);
    const isOdd = off > DEVIATIONS * spread && off > SHARE_MIN * usualUsd;
    return isOdd ? [{ kind: "day", group, day: dayText(day), costUsd, usualUsd }] : [];
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
