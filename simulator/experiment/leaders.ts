/** Which strategies come first, and which are not shown to differ from the first. */
import { type Estimate, meanNumber, tInterval } from "../base/statistics.ts";
import type { ReplicationPoint, RunResult, StrategyResult } from "./result.ts";
import { headlineClasses, targetShareOf } from "./standing.ts";

/** The one with the least mean, and every one that is not shown to exceed it by more than the margin, itself first. */
export interface Least {
  readonly least: StrategyResult | undefined;
  readonly tied: readonly StrategyResult[];
}

/** One value for each replication of a strategy; null where it does not exist. */
export type ValuesOf = (strategy: StrategyResult) => readonly (number | null)[];

/**
 * The least of several strategies by paired differences on common random numbers: another is tied with it unless the
 * interval of its difference, adjusted for their number, excludes zero and the difference is worth speaking of.
 *
 * @param marginOf largest difference that is not worth speaking of, from the least mean
 */
export function leastOf(
  strategies: readonly StrategyResult[],
  valuesOf: ValuesOf,
  marginOf: (least: number) => number,
): Least {
  const known = strategies.flatMap((strategy) => {
    const values = valuesOf(strategy);
    const mean = meanOf(values);
    return Number.isNaN(mean) ? [] : [{ strategy, values, mean }];
  });
  const first = known.reduce<(typeof known)[number] | undefined>(
    (best, each) => (best === undefined || each.mean < best.mean ? each : best),
    undefined,
  );
  if (first === undefined) return { least: undefined, tied: [] };
  const tied = known.filter((each) => {
    if (each === first) return false;
    const difference = pairedDifference(each.values, first.values, known.length - 1);
    return !isAbove(difference) || each.mean - first.mean <= marginOf(first.mean);
  });
  return { least: first.strategy, tied: [first.strategy, ...tied.map(({ strategy }) => strategy)] };
}

/** Paired differences of two strategies, the interval adjusted for as many comparisons as are made. */
export function pairedDifference(
  mine: readonly (number | null)[],
  theirs: readonly (number | null)[],
  comparisons = 1,
): Estimate {
  const pairs = mine.flatMap((value, i) => {
    const other = theirs[i] ?? null;
    return value === null || other === null ? [] : [value - other];
  });
  return tInterval(pairs, Math.max(1, comparisons));
}

/** Mean of the values that exist; NaN of none. */
export function meanOf(values: readonly (number | null)[]): number {
  return meanNumber(values.map((value) => value ?? Number.NaN));
}

function isAbove({ low }: Estimate): boolean {
  return low !== null && low > 0;
}

/** USD per 1,000 served, by replication. */
export function costValues(result: Pick<RunResult, "billing">): ValuesOf {
  return (strategy) => strategy.replications.map((point) => point.usdPer1kServed[result.billing]);
}

type ResultClass = RunResult["classes"][number];

/**
 * Latency of a strategy by replication, as one number: with objectives the worst class's p95 over its limit, else the
 * p95 (ms) of the class with the most requests.
 */
export function speedValues(result: Pick<RunResult, "classes" | "strategies">): ValuesOf {
  const headline = headlineClasses(result.classes);
  const limited = headline.filter((each) => each.sloE2eMs !== null || each.sloTtftMs !== null);
  if (limited.length > 0) {
    return ({ replications }) => replications.map((point) => largest(limited.map((each) => shareOfLimit(point, each))));
  }
  const main = largestClass(result, headline);
  return ({ replications }) => replications.map((point) => (main === undefined ? null : p95Ms(point, main.name)));
}

function shareOfLimit(point: ReplicationPoint, { name, sloE2eMs, sloTtftMs }: ResultClass): number | null {
  const figures = point.byClass?.find((each) => each.name === name);
  const over = (ms: number | null | undefined, limit: number | null) =>
    limit === null ? 0 : ms === null || ms === undefined ? null : ms / limit;
  return largest([over(figures?.e2eMsP95, sloE2eMs), over(figures?.ttftMsP95, sloTtftMs)]);
}

function p95Ms(point: ReplicationPoint, name: string): number | null {
  return point.byClass?.find((each) => each.name === name)?.e2eMsP95 ?? null;
}

/** The class with the most requests. */
export function largestClass(
  { strategies }: Pick<RunResult, "strategies">,
  classes: readonly ResultClass[],
): ResultClass | undefined {
  const sentOf = ({ name }: ResultClass) => strategies[0]?.byClass.find((each) => each.name === name)?.counts.sent ?? 0;
  return classes.toSorted((a, b) => sentOf(b) - sentOf(a))[0];
}

/** By replication: how far the classes with an objective fall short of the share asked for, weighted equally. */
export function shortfallValues(classes: readonly ResultClass[]): ValuesOf {
  const targets = new Map(classes.map((each) => [each.name, targetShareOf(each)]));
  return ({ replications }) =>
    replications.map((point) => {
      const shares = (point.byClass ?? []).filter(({ name }) => targets.has(name));
      if (shares.length === 0) return null;
      return meanNumber(shares.map(({ name, goodputShare }) => Math.max(0, targets.get(name)! - (goodputShare ?? 0))));
    });
}

function largest(values: readonly (number | null)[]): number | null {
  let most: number | null = null;
  for (const value of values) {
    if (value === null) return null;
    if (most === null || value > most) most = value;
  }
  return most;
}
