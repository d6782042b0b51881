/**
 * How strategies stand: each on its own, whether it serves and keeps what was promised to each class; and which come first,
 * and which are not shown to differ from the first.
 */
import { type Estimate, meanNumber, tInterval } from "../base/statistics.ts";
import type {
  ClassStanding,
  Comparison,
  GroupResult,
  NamedGroup,
  ReplicationPoint,
  RunResult,
  Standing,
  StandingLevel,
  StrategyResult,
} from "./result.ts";
import { shareText } from "./shares.ts";

type ResultClass = RunResult["classes"][number];

/** An objective is kept when this share of a class's requests is served within it, unless the class names another. */
export const OBJECTIVE_SHARE = 0.95;
/** With more of a class's requests failed, no p95 over all of its requests exists: it is not served. */
export const FAILS_SHARE_MAX = 0.05;
/**
 * More failed requests than this, as a share of all, count as failing more even when too few replications make the
 * difference significant: the burden of proof is on the strategy that fails.
 */
export const FAILED_SHARE_MARGIN = 0.01;

/** From best to worst. */
export const LEVELS: readonly StandingLevel[] = ["keeps objectives", "misses objectives", "fails requests", "unstable"];

/**
 * How a strategy stands. Failed requests count as outside an objective, so few fast survivors of an overload keep
 * nothing. A strategy is ranked by its worst class.
 */
export function standingOf(strategy: StrategyResult, classes: readonly ResultClass[]): Standing {
  const standings = classes.map((each) => classStanding(each, groupOf(strategy, each.name)));
  const name = strategy.name;
  if (strategy.status === "unstable") {
    return { strategy: name, level: "unstable", reason: strategy.statusReason ?? "unstable", classes: standings };
  }
  const failing = standings.filter(({ failedShare }) => (failedShare ?? 0) > FAILS_SHARE_MAX);
  if (failing.length > 0) {
    const reason = failing
      .map((each) => `fails ${shareText(groupOf(strategy, each.name)!.failedShare)} of ${each.name}`)
      .join(", ");
    return { strategy: name, level: "fails requests", reason, classes: standings };
  }
  const missed = standings.filter(({ isKept }) => isKept === false);
  if (missed.length > 0) {
    const reason = missed
      .map((each) => {
        const { goodputShare } = groupOf(strategy, each.name)!;
        return `${shareText(goodputShare, each.targetShare)} of ${each.name} within its objective`;
      })
      .join(", ");
    return { strategy: name, level: "misses objectives", reason, classes: standings };
  }
  return { strategy: name, level: "keeps objectives", reason: null, classes: standings };
}

function groupOf({ byClass }: StrategyResult, className: string): NamedGroup | undefined {
  return byClass.find(({ name }) => name === className);
}

function classStanding(each: ResultClass, group: NamedGroup | undefined): ClassStanding {
  const hasObjective = each.sloE2eMs !== null || each.sloTtftMs !== null;
  const isSent = group !== undefined && group.counts.sent > 0;
  const withinShare = hasObjective && isSent ? group.goodputShare.value : null;
  return {
    name: each.name,
    withinShare,
    targetShare: targetShareOf(each),
    isKept: withinShare === null ? null : withinShare >= targetShareOf(each),
    failedShare: isSent ? group.failedShare.value : null,
  };
}

/** The share of a class's requests that has to be served within its objective for it to be kept. */
export function targetShareOf({ sloShare = OBJECTIVE_SHARE }: Pick<ResultClass, "sloShare">): number {
  return sloShare;
}

/**
 * Whether the p of all requests of a group exists when failed ones count as never answered: with more than 1 - p of
 * them failed, the p-quantile lies among those.
 *
 * @param p in (0, 1)
 */
export function hasQuantile({ failedShare }: Pick<GroupResult, "failedShare">, p: number): boolean {
  return (failedShare.value ?? 0) <= 1 - p + 1e-12;
}

/** Whether a strategy fails more than the baseline: shown by its interval, or by more than a point on average. */
export function failsMore(comparisons: readonly Comparison[], strategy: string): boolean {
  const failed = comparisons.find((each) => each.strategy === strategy && each.metric === "failedShare");
  if (failed === undefined) return false;
  return failed.verdict === "worse" || (failed.difference.value ?? 0) > FAILED_SHARE_MARGIN;
}

/**
 * Classes whose latency is worth a headline: those with an objective, or all where none has one; deferrable ones never,
 * unless there is nothing else.
 */
export function headlineClasses(classes: readonly ResultClass[]): readonly ResultClass[] {
  const prompt = classes.filter((each) => each.deferrable !== true);
  const promised = prompt.filter((each) => each.sloE2eMs !== null || each.sloTtftMs !== null);
  return promised.length > 0 ? promised : prompt.length > 0 ? prompt : classes;
}

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

/**
 * Who fails a point more of a class serves other requests: short ones, or those of a cheap class, and looks cheap by 1,000
 * served.
 *
 * @returns false where the shares that fail differ by more than a point, in all or in a class
 */
export function servesAlike(one: StrategyResult, other: StrategyResult): boolean {
  const isNear = (a: number | null | undefined, b: number | null | undefined) =>
    Math.abs((a ?? 0) - (b ?? 0)) <= FAILED_SHARE_MARGIN;
  return (
    isNear(one.total.failedShare.value, other.total.failedShare.value) &&
    one.byClass.every(({ name, failedShare }) =>
      isNear(failedShare.value, other.byClass.find((each) => each.name === name)?.failedShare.value),
    )
  );
}
