/**
 * One class of traffic under two strategies, paired by replication. Verdict, tables and charts all take it from here, so
 * that none shows a difference that another does not.
 */
import type { Estimate } from "../base/statistics.ts";
import type { Comparison, StrategyResult } from "./result.ts";
import { FAILED_SHARE_MARGIN, FAILS_SHARE_MAX, meanOf, pairedDifference } from "./standing.ts";

/** What is compared: p95 of the whole answer or of its first token. */
export type ClassMetric = "e2eMsP95" | "ttftMsP95";

/**
 * @param pair        the strategy, and the one that it is compared with
 * @param strategies  of the run: the interval holds for all comparisons with one of them together
 */
export function classComparison(
  [one, other]: readonly [StrategyResult, StrategyResult],
  className: string,
  metric: ClassMetric,
  strategies: number,
): Comparison {
  const [mine, theirs] = [p95Values(one, className, metric), p95Values(other, className, metric)];
  const difference = pairedDifference(mine, theirs, strategies - 1);
  const by = meanOf(theirs);
  return {
    strategy: one.name,
    metric,
    baselineValue: Number.isNaN(by) ? null : by,
    value: Number.isNaN(meanOf(mine)) ? null : meanOf(mine),
    difference,
    relative: over(difference, by),
    verdict: verdictOf(difference, [one, other], className),
    varianceRatio: null,
  };
}

/** By replication; null where too few requests were served. */
export function p95Values(
  { replications }: StrategyResult,
  className: string,
  metric: ClassMetric,
): readonly (number | null)[] {
  return replications.map((point) => point.byClass?.find(({ name }) => name === className)?.[metric] ?? null);
}

/** Paired differences as a share of the mean of the second; nulls where that is none. */
export function relativeDifference(
  mine: readonly (number | null)[],
  theirs: readonly (number | null)[],
  comparisons: number,
): Estimate {
  return over(pairedDifference(mine, theirs, comparisons), meanOf(theirs));
}

function over({ value, low, high, n }: Estimate, by: number): Estimate {
  const share = (each: number | null) => (each === null || !(by > 0) ? null : each / by);
  return { value: share(value), low: share(low), high: share(high), n };
}

function verdictOf(
  { value, low, high }: Comparison["difference"],
  [mine, theirs]: readonly [StrategyResult, StrategyResult],
  className: string,
): Comparison["verdict"] {
  if (value === null || mine.status === "unstable" || theirs.status === "unstable") return "not comparable";
  const failed = (one: StrategyResult) => one.byClass.find(({ name }) => name === className)?.failedShare.value ?? 0;
  const verdict = low !== null && low > 0 ? "worse" : high !== null && high < 0 ? "better" : "not shown";
  // As of all requests: who fails so many that it has no p95, or a point more than the other, is not called quicker.
  const [quicker, slower] = verdict === "worse" ? [theirs, mine] : [mine, theirs];
  const isSurvivors = failed(quicker) > FAILS_SHARE_MAX || failed(quicker) - failed(slower) > FAILED_SHARE_MARGIN;
  return isSurvivors ? "not comparable" : verdict;
}
