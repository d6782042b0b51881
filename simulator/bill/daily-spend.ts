/**
 * Spend of a bill day by day, as a trend can be read from it: days whose amounts may still change are left out, and so are
 * days at the ends that look cut off; days between without any spend are counted, since the months ahead may have such, too.
 */
import { meanNumber, median } from "../base/statistics.ts";
import { DAY_MS } from "../base/time.ts";
import { type Decimal, toNumber } from "./bill-line.ts";
import { type Bill, creditDaysOf, usageLines } from "./spend.ts";

export interface DaySpend {
  /** Days since 1970. */
  readonly day: number;
  readonly usd: number;
}

export interface DailySpend {
  /** Whole days with spend, ascending. */
  readonly days: readonly DaySpend[];
  /** Days between the first and the last of them on which nothing was charged, ascending. */
  readonly empty: readonly number[];
  /** Days whose amounts may still change, ascending: not in `days`. */
  readonly estimated: readonly number[];
  /** Days at the ends with so little spend that they are taken for parts of days, ascending: not in `days`. */
  readonly cut: readonly number[];
}

export function dailySpendOf(bill: Bill): DailySpend {
  const sums = new Map<number, Decimal>();
  const estimated = new Set<number>();
  for (const { line } of usageLines(bill)) {
    const first = Math.floor(line.startMs / DAY_MS);
    const days = Math.max(1, Math.round((line.endMs - line.startMs) / DAY_MS));
    for (let day = first; day < first + days; day++) {
      sums.set(day, (sums.get(day) ?? 0n) + line.costUsd / BigInt(days));
      if (line.estimated) estimated.add(day);
    }
  }
  const final = [...sums]
    .filter(([day, usd]) => usd > 0n && !estimated.has(day))
    .map(([day, usd]) => ({ day, usd: toNumber(usd) }))
    .sort((a, b) => a.day - b.day);
  const { days, cut } = withoutCutDays(final);
  const credited = creditDaysOf(bill);
  const empty: number[] = [];
  for (let day = (days[0]?.day ?? 0) + 1; day < (days.at(-1)?.day ?? 0); day++)
    if (!sums.has(day) && !credited.has(day)) empty.push(day);
  return { days, empty, estimated: [...estimated].sort((a, b) => a - b), cut };
}

/** Exports end in the middle of a day, and the day before it may not be complete. */
const CUT_AT_END_MAX = 2;
const CUT_AT_START_MAX = 1;

function withoutCutDays(all: readonly DaySpend[]): { readonly days: readonly DaySpend[]; readonly cut: number[] } {
  let days = all;
  const cut: number[] = [];
  for (let n = 0; n < CUT_AT_END_MAX && looksCut(days.at(-1), days); n++) {
    cut.unshift(days.at(-1)!.day);
    days = days.slice(0, -1);
  }
  for (let n = 0; n < CUT_AT_START_MAX && looksCut(days[0], days); n++) {
    cut.unshift(days[0]!.day);
    days = days.slice(1);
  }
  return { days, cut };
}

/** A day is taken for a part of one below this share of what is usual on its weekday ... */
const SHARE_OF_USUAL = 0.7;
/** ... and this many robust standard deviations below it, ... */
const DEVIATIONS = 6;
/** ... by the nearest of the same weekday, so many at most and at least. */
const WEEKS_MAX = 4;
const WEEKS_MIN = 3;
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SD = 1.4826;

/** Of fewer weeks: a day below this share of the smallest other one. */
const SHARE_OF_LEAST = 0.5;
const OTHER_DAYS_MIN = 6;

function isFarBelowAll(one: DaySpend, all: readonly DaySpend[]): boolean {
  const others = all.filter(({ day }) => day !== one.day).map(({ usd }) => usd);
  return others.length >= OTHER_DAYS_MIN && one.usd < SHARE_OF_LEAST * Math.min(...others);
}

function looksCut(one: DaySpend | undefined, all: readonly DaySpend[]): boolean {
  if (one === undefined) return false;
  const alike = all
    .filter(({ day }) => day !== one.day && (day - one.day) % 7 === 0)
    .sort((a, b) => Math.abs(a.day - one.day) - Math.abs(b.day - one.day))
    .slice(0, WEEKS_MAX)
    .map(({ usd }) => usd);
  if (alike.length < WEEKS_MIN) return isFarBelowAll(one, all);
  const usual = median(alike);
  const spread = MAD_TO_SD * median(alike.map((usd) => Math.abs(usd - usual)));
  return one.usd < SHARE_OF_USUAL * usual && one.usd < usual - DEVIATIONS * spread;
}

/** Geometric means by weekday over that of all, which has mean 1 over a week; all 1 for less than two weeks. */
export function weekdayFactors(daily: readonly DaySpend[]): readonly number[] {
  if (daily.length < 14) return new Array<number>(7).fill(1);
  const logs = Array.from({ length: 7 }, (_, weekday) =>
    daily.filter(({ day }) => weekdayOf(day) === weekday).map(({ usd }) => Math.log(usd)),
  );
  const all = meanNumber(logs.filter((of) => of.length > 0).map((of) => meanNumber(of)));
  const factors = logs.map((of) => (of.length === 0 ? 1 : Math.exp(meanNumber(of) - all)));
  return factors.map((factor) => factor / meanNumber(factors));
}

/** Share of the days of each weekday that have spend, Sunday first; of less than two weeks, of all days alike. */
export function sharesWithSpend({ days, empty }: DailySpend): readonly number[] {
  const share = (of: (day: number) => boolean) => {
    const [spent, none] = [days.filter(({ day }) => of(day)).length, empty.filter(of).length];
    return spent + none === 0 ? 1 : spent / (spent + none);
  };
  const isShort = days.length < 14;
  return Array.from({ length: 7 }, (_, weekday) => share((day) => isShort || weekdayOf(day) === weekday));
}

/** Sunday is 0. */
export function weekdayOf(day: number): number {
  return new Date(day * DAY_MS).getUTCDay();
}
