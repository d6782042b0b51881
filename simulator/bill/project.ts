/** What the next months may cost: trend and weekdays of a bill, prices that may change, quantiles and what drives them. */

import { meanNumber } from "../base/statistics.ts";
import { DAY_MS } from "../base/time.ts";
import { type Decimal, parseDecimal, sumOf } from "./bill-line.ts";
import {
  type DailySpend,
  type DaySpend,
  dailySpendOf,
  sharesWithSpend,
  weekdayFactors,
  weekdayOf,
} from "./daily-spend.ts";
import { type Bill, otherUsageUsd } from "./spend.ts";

/** A change of all prices from a month on. */
export interface PriceScenario {
  readonly name: string;
  /** -0.2 is a fifth cheaper. */
  readonly change: number;
  /** Standard error of the change, where it is an estimate: of a routing that was simulated. */
  readonly changeError?: number;
  /** First month that has it, from 1. */
  readonly fromMonth: number;
}

export interface ProjectionOptions {
  readonly months: number;
  /** Growth a month, low to high, read as the 10 % and 90 % quantiles; undefined: the bill's own trend. */
  readonly growth: readonly [low: number, high: number] | undefined;
  readonly prices: readonly PriceScenario[];
  /** By calendar month, 0 to 11: spend over that of a usual month, e.g. 0.7 for a quiet December; 1 unless given. */
  readonly seasons?: ReadonlyMap<number, number>;
}

export interface ProjectedMonth {
  /** `2026-10`, the calendar month. */
  readonly month: string;
  /** USD to the cent by quantile, in the order of `QUANTILES`. */
  readonly usd: readonly Decimal[];
}

export interface Projection {
  readonly firstDay: string;
  readonly lastDay: string;
  readonly days: number;
  /** Growth a month: 10 %, 50 % and 90 % quantile, and where it is from. */
  readonly growth: { readonly quantiles: readonly number[]; readonly source: "given" | "trend" };
  /** Days of the bill that no trend is read from, or that had no spend. */
  readonly gaps: {
    /** Amounts that may still change. */
    readonly estimatedDays: number;
    /** Taken for parts of days, at the ends, e.g. `2026-09-29`. */
    readonly cutDays: readonly string[];
    /** Without any spend, on weekdays that have spend otherwise: the months ahead have as many in proportion. */
    readonly emptyDays: number;
    /** What the months would cost over what they are projected to, if those days are only missing from the export. */
    readonly ifMissing: number;
  };
  /** Usage of Bedrock on the bill that is no tokens of text models, and not projected. */
  readonly otherUsageUsd: Decimal;
  /** Spend of a weekday over the mean of all, Sunday first. */
  readonly weekdays: readonly number[];
  /** Spend of a calendar month over the mean of all, January first, and where it is from. */
  readonly seasons: { readonly factors: readonly number[]; readonly source: "given" | "bill" | "none" };
  /** Total at flat prices by quantile, if spend stays at the level of the bill's end. */
  readonly withoutGrowthUsd: readonly Decimal[];
  readonly scenarios: readonly {
    readonly price: PriceScenario;
    readonly months: readonly ProjectedMonth[];
    /** Sum of the months by quantile: exact when they move together, which makes it wide rather than narrow. */
    readonly totalUsd: readonly Decimal[];
  }[];
  /** Total of all months at flat prices with one driver at its 10 % and 90 % quantile; the widest first. */
  readonly tornado: readonly { readonly driver: string; readonly lowUsd: Decimal; readonly highUsd: Decimal }[];
}

export const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9] as const;
/** Standard normal quantiles of `QUANTILES`. */
const Z = [-1.2815515655, -0.6744897502, 0, 0.6744897502, 1.2815515655] as const;
const DAYS_PER_MONTH = 365 / 12;
/** Below this no trend is read from a bill. */
export const TREND_DAYS_MIN = 28;

/**
 * Daily spend is level × growth × weekday × noise. Level and growth are a least-squares line through the logarithm of
 * spend without its weekdays; their errors are widened by (1 + r) / (1 - r) for the correlation r of one day's residual
 * with the next.
 *
 * @returns undefined when the bill has fewer than 7 days with spend, or is of fewer than 28 and no growth is given
 */
export function projectBill(bill: Bill, options: ProjectionOptions): Projection | undefined {
  const spend = dailySpendOf(bill);
  const daily = spend.days;
  if (daily.length < 7 || (options.growth === undefined && daily.length + spend.empty.length < TREND_DAYS_MIN))
    return undefined;
  const weekdays = weekdayFactors(daily);
  const seasons = seasonFactors(daily, weekdays, options.seasons);
  const usual = (day: number) => weekdays[weekdayOf(day)]! * (seasons.source === "bill" ? seasonOf(seasons, day) : 1);
  const shares = sharesWithSpend(spend);
  const line = fitLine(daily.map(({ day, usd }) => ({ day, value: Math.log(usd / usual(day)) })));
  const [low, high] = options.growth ?? [0, 0];
  const slope =
    options.growth === undefined
      ? { mean: line.slope, error: line.slopeError }
      : { mean: perDay((low + high) / 2), error: (perDay(high) - perDay(low)) / (2 * Z[4]) };
  const lastDay = daily.at(-1)!.day;
  const expected = weekdays.map((factor, weekday) => factor * shares[weekday]!);
  const model: Model = {
    line,
    slope,
    weekdays: expected,
    seasons,
    lastDay,
    months: monthsAfter(lastDay, options.months),
  };
  const scenarios = options.prices.map((price) => {
    const months = model.months.map((month, index) => ({
      month: new Date(month.from * DAY_MS).toISOString().slice(0, 7),
      usd: Z.map((z) => monthUsd(model, { month, index, growthZ: z, levelZ: z, price })),
    }));
    return { price, months, totalUsd: Z.map((_, q) => sumOf(months.map(({ usd }) => usd[q]!))) };
  });
  const standing: Model = { ...model, slope: { mean: 0, error: 0 } };
  const withoutGrowthUsd = Z.map((levelZ) => totalUsd(standing, { growthZ: 0, levelZ, price: FLAT }));
  const day = (index: number) => new Date(index * DAY_MS).toISOString().slice(0, 10);
  return {
    firstDay: day(daily[0]!.day),
    lastDay: day(lastDay),
    days: daily.length,
    growth: {
      quantiles: [Z[0], 0, Z[4]].map((z) => Math.exp((slope.mean + z * slope.error) * DAYS_PER_MONTH) - 1),
      source: options.growth === undefined ? "trend" : "given",
    },
    gaps: gapsOf(spend, shares, { weekdays, expected }),
    otherUsageUsd: otherUsageUsd(bill),
    weekdays: spend.empty.length === 0 ? weekdays : expected.map((factor) => factor / meanNumber(expected)),
    seasons,
    withoutGrowthUsd,
    scenarios,
    tornado: tornadoOf(model, withoutGrowthUsd[2]!, options.prices),
  };
}

/** What each driver alone makes of the total, the widest first. */
function tornadoOf(model: Model, withoutGrowthUsd: Decimal, prices: readonly PriceScenario[]): Projection["tornado"] {
  const totals = (growthZ: number, levelZ: number, price: PriceScenario) => totalUsd(model, { growthZ, levelZ, price });
  const asProjected = totals(0, 0, FLAT);
  const changes = prices.filter(({ change }) => change !== 0);
  const priceTotals = [asProjected, ...changes.map((price) => totals(0, 0, price))];
  const evenly = totalUsd({ ...model, seasons: NO_SEASONS }, { growthZ: 0, levelZ: 0, price: FLAT });
  const between = (driver: string, values: readonly Decimal[]) => ({
    driver,
    lowUsd: smallest(values),
    highUsd: largest(values),
  });
  const tornado = [
    { driver: "growth", lowUsd: totals(Z[0], 0, FLAT), highUsd: totals(Z[4], 0, FLAT) },
    { driver: "level today", lowUsd: totals(0, Z[0], FLAT), highUsd: totals(0, Z[4], FLAT) },
    between("growth ends now", [withoutGrowthUsd, asProjected]),
    ...(changes.length === 0 ? [] : [between("prices and routing", priceTotals)]),
    ...(model.seasons.source === "none" ? [] : [between("seasons", [evenly, asProjected])]),
  ];
  return tornado.sort((a, b) => (b.highUsd - b.lowUsd > a.highUsd - a.lowUsd ? 1 : -1));
}

export const FLAT: PriceScenario = { name: "prices as they are", change: 0, fromMonth: 1 };

interface WeekdayFactors {
  /** Of days with spend. */
  readonly weekdays: readonly number[];
  /** Of all days. */
  readonly expected: readonly number[];
}

function gapsOf(
  { empty, estimated, cut }: DailySpend,
  shares: readonly number[],
  { weekdays, expected }: WeekdayFactors,
): Projection["gaps"] {
  const irregular = empty.filter((day) => shares[weekdayOf(day)]! > 0);
  // Weekdays that never have spend stay without it.
  const whole = weekdays.map((factor, weekday) => (shares[weekday]! > 0 ? factor : 0));
  return {
    estimatedDays: estimated.length,
    cutDays: cut.map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10)),
    emptyDays: irregular.length,
    ifMissing: irregular.length === 0 ? 1 : meanNumber(whole) / meanNumber(expected),
  };
}

type Seasons = Projection["seasons"];

const NO_SEASONS: Seasons = { factors: new Array<number>(12).fill(1), source: "none" };
/** Fewer days than two years of them tell a season from a trend. */
const SEASON_DAYS_MIN = 730;

/** As given; else, of two years or more, by calendar month what is left of a line through the logarithm of spend. */
function seasonFactors(
  daily: readonly DaySpend[],
  weekdays: readonly number[],
  given: ReadonlyMap<number, number> | undefined,
): Seasons {
  if (given !== undefined && given.size > 0)
    return { factors: NO_SEASONS.factors.map((one, month) => given.get(month) ?? one), source: "given" };
  if (daily.at(-1)!.day - daily[0]!.day < SEASON_DAYS_MIN) return NO_SEASONS;
  const logs = daily.map(({ day, usd }) => ({ day, value: Math.log(usd / weekdays[weekdayOf(day)]!) }));
  const { level, slope } = fitLine(logs);
  const lastDay = daily.at(-1)!.day;
  const left = logs.map(({ day, value }) => ({ month: monthOf(day), value: value - level - slope * (day - lastDay) }));
  const means = NO_SEASONS.factors.map((_, month) =>
    meanOf(left.filter((each) => each.month === month).map(({ value }) => value)),
  );
  const all = meanOf(means);
  return { factors: means.map((mean) => Math.exp(mean - all)), source: "bill" };
}

function seasonOf({ factors }: Seasons, day: number): number {
  return factors[monthOf(day)]!;
}

function monthOf(day: number): number {
  return new Date(day * DAY_MS).getUTCMonth();
}

/** Mean; 0 of none, as of a month that no day is in. */
function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : meanNumber(values);
}

interface Line {
  /** Value at the last point. */
  readonly level: number;
  readonly levelError: number;
  readonly slope: number;
  readonly slopeError: number;
  /** Half the variance of residuals: the mean of a lognormal over its median. */
  readonly correction: number;
}

/** A least-squares line through values by day; days without a value are passed over, and time goes on. */
function fitLine(points: readonly { readonly day: number; readonly value: number }[]): Line {
  const n = points.length;
  const values = points.map(({ value }) => value);
  const x = points.map(({ day }) => day - points[n - 1]!.day);
  const meanX = meanNumber(x);
  const meanY = meanNumber(values);
  const sxx = x.reduce((sum, at) => sum + (at - meanX) ** 2, 0);
  const slope = x.reduce((sum, at, i) => sum + (at - meanX) * (values[i]! - meanY), 0) / sxx;
  const level = meanY - slope * meanX;
  const residuals = values.map((value, i) => value - level - slope * x[i]!);
  const squares = residuals.reduce((sum, each) => sum + each ** 2, 0);
  const variance = squares / Math.max(1, n - 2);
  const lagged = residuals.slice(1).reduce((sum, each, i) => sum + each * residuals[i]!, 0);
  const r = squares === 0 ? 0 : Math.min(0.95, Math.max(0, lagged / squares));
  const inflated = variance * ((1 + r) / (1 - r));
  return {
    level,
    slope,
    levelError: Math.sqrt(inflated * (1 / n + meanX ** 2 / sxx)),
    slopeError: Math.sqrt(inflated / sxx),
    correction: variance / 2,
  };
}

function perDay(growthPerMonth: number): number {
  return Math.log(1 + growthPerMonth) / DAYS_PER_MONTH;
}

interface MonthSpan {
  /** Days since 1970; `to` is not included. */
  readonly from: number;
  readonly to: number;
}

interface Model {
  readonly line: Line;
  readonly slope: { readonly mean: number; readonly error: number };
  readonly weekdays: readonly number[];
  readonly seasons: Seasons;
  readonly lastDay: number;
  readonly months: readonly MonthSpan[];
}

/** Whole calendar months after the bill's last one. */
function monthsAfter(lastDay: number, count: number): readonly MonthSpan[] {
  const last = new Date(lastDay * DAY_MS);
  const start = (index: number) => Date.UTC(last.getUTCFullYear(), last.getUTCMonth() + 1 + index, 1) / DAY_MS;
  return Array.from({ length: count }, (_, i) => ({ from: start(i), to: start(i + 1) }));
}

interface MonthQuestion {
  readonly month: MonthSpan;
  readonly index: number;
  readonly growthZ: number;
  readonly levelZ: number;
  readonly price: PriceScenario;
}

function totalUsd(model: Model, question: Omit<MonthQuestion, "month" | "index">): Decimal {
  return sumOf(model.months.map((month, index) => monthUsd(model, { ...question, month, index })));
}

/** USD of a month, to the cent. */
function monthUsd(model: Model, { month, index, growthZ, levelZ, price }: MonthQuestion): Decimal {
  const { line, slope, weekdays, seasons, lastDay } = model;
  let usd = 0;
  for (let day = month.from; day < month.to; day++) {
    const growth = (slope.mean + growthZ * slope.error) * (day - lastDay);
    const usual = weekdays[weekdayOf(day)]! * seasonOf(seasons, day);
    usd += Math.exp(line.level + line.correction + levelZ * line.levelError + growth) * usual;
  }
  // An error of the change moves with the level, which makes the fan wide rather than narrow.
  const change = price.change + levelZ * (price.changeError ?? 0);
  return parseDecimal((usd * (index + 1 >= price.fromMonth ? Math.max(0, 1 + change) : 1)).toFixed(2))!;
}

function smallest(values: readonly Decimal[]): Decimal {
  return values.reduce((a, b) => (b < a ? b : a));
}

function largest(values: readonly Decimal[]): Decimal {
  return values.reduce((a, b) => (b > a ? b : a));
}
