/** Whose latency a table with one row per strategy shows: unlike classes are never mixed into one percentile. */

import { type ClassMetric, classComparison } from "../../simulator/experiment/class-comparison.ts";
import type { Comparison, GroupResult, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { hasQuantile, headlineClasses, largestClass, targetShareOf } from "../../simulator/experiment/standing.ts";

/** Stands for a percentile that lies among failed requests. */
export const NO_QUANTILE = "none";

export interface LatencyView {
  /** The class it is about; null where one percentile over all requests means something. */
  readonly className: string | null;
  /** The share of its requests that has to be within the objective; null where there is no objective, or several. */
  readonly target: number | null;
  readonly of: (strategy: StrategyResult) => GroupResult;
  /** p95 against the baseline; undefined for the baseline itself. */
  readonly comparisonOf: (strategy: StrategyResult) => Comparison | undefined;
}

/**
 * All requests where all classes have the same objectives and none may wait; else the class with an objective that the
 * baseline keeps least, or without objectives the one with the most requests.
 */
export function latencyView(result: LatencySource): LatencyView {
  const headline = headlineClasses(result.classes);
  const objectives = new Set(headline.map(({ sloE2eMs, sloTtftMs }) => `${sloE2eMs} ${sloTtftMs}`));
  const everything = headline.length === result.classes.length && objectives.size <= 1;
  const lead = everything ? undefined : leadClass(result, headline);
  if (lead === undefined) {
    return {
      className: null,
      target: commonTarget(result.classes),
      of: (strategy) => strategy.total,
      comparisonOf: ({ name }) =>
        result.comparisons.find(({ strategy, metric }) => strategy === name && metric === "e2eMsP95"),
    };
  }
  return {
    className: lead,
    target: targetIn(result.classes, lead),
    of: (strategy) => strategy.byClass.find(({ name }) => name === lead) ?? strategy.total,
    comparisonOf: (strategy) => againstBaseline(result, strategy, lead),
  };
}

/** The share that is asked for of a class; null of one without an objective. */
export function targetIn(classes: RunResult["classes"], className: string): number | null {
  const one = classes.find(({ name }) => name === className);
  return one === undefined || (one.sloE2eMs === null && one.sloTtftMs === null) ? null : targetShareOf(one);
}

function commonTarget(classes: RunResult["classes"]): number | null {
  const targets = new Set(classes.map(({ name }) => targetIn(classes, name)));
  return targets.size === 1 ? [...targets][0]! : null;
}

/** What of a run the choice depends on. */
export type LatencySource = Pick<RunResult, "classes" | "strategies" | "comparisons" | "baseline">;

function leadClass(result: LatencySource, headline: RunResult["classes"]): string | undefined {
  const within = ({ name }: RunResult["classes"][number]) =>
    result.strategies[0]?.byClass.find((each) => each.name === name)?.goodputShare.value ?? null;
  const promised = headline.filter((each) => within(each) !== null).toSorted((a, b) => within(a)! - within(b)!);
  return (promised[0] ?? largestClass(result, headline))?.name;
}

/** A run whose totals tell one latency, and the class it is of; null where that is all requests. */
export interface HeadlineRun {
  readonly className: string | null;
  readonly result: RunResult;
}

/**
 * The run as a chart of one latency per strategy shows it: latencies of totals, replications and comparisons are those
 * of the class of `latencyView`; costs, failures and throttling stay those of all requests.
 *
 * @param result  the run; returned as it is where one percentile over all requests means something
 */
export function headlineRun(result: RunResult): HeadlineRun {
  const view = latencyView(result);
  const { className } = view;
  if (className === null) return { className, result };
  const strategies = result.strategies.map((strategy): StrategyResult => {
    const { e2eMs, ttftMs } = view.of(strategy);
    const replications = strategy.replications.map((point) => {
      const of = point.byClass?.find(({ name }) => name === className);
      return { ...point, e2eMsP95: of?.e2eMsP95 ?? null, ttftMsP95: of?.ttftMsP95 ?? null };
    });
    return { ...strategy, total: { ...strategy.total, e2eMs, ttftMs }, replications };
  });
  const comparisons = result.comparisons.map((one) => {
    const strategy = result.strategies.find(({ name }) => name === one.strategy);
    if (strategy === undefined || (one.metric !== "e2eMsP95" && one.metric !== "ttftMsP95")) return one;
    return againstBaseline(result, strategy, className, one.metric) ?? one;
  });
  return { className, result: { ...result, strategies, comparisons } };
}

/** p95 of one class against the baseline, by the paired values of each replication. */
function againstBaseline(
  { strategies, baseline, comparisons }: LatencySource,
  strategy: StrategyResult,
  className: string,
  metric: ClassMetric = "e2eMsP95",
): Comparison | undefined {
  if (strategy.name === baseline || comparisons.length === 0) return undefined;
  return classComparison([strategy, strategies[0]!], className, metric, strategies.length);
}

/** Whether the percentile of all requests of a group exists when failed ones count as never answered. */
export function quantileExists(group: GroupResult, name: "p50" | "p95" | "p99"): boolean {
  return hasQuantile(group, { p50: 0.5, p95: 0.95, p99: 0.99 }[name]);
}

/** Why a chart of p95 has nothing to draw: nothing was served, or too little of it. @param consequence of the former */
export function withoutP95(result: RunResult, consequence: string): string {
  return result.strategies.some(({ total }) => total.counts.served > 0)
    ? "There is no p95 to show: too few requests were served for one, or more failed than it leaves out."
    : `No request was served, so there is ${consequence}.`;
}
