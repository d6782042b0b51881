/**
 * Paired comparison of strategies with the baseline on common random numbers, and the gates of a scenario's `assert`, evaluated
 * on the result of a run.
 */
import { type Estimate, tInterval, varianceRatio } from "../base/statistics.ts";
import { END } from "../client/request-rules.ts";
import { FIELD } from "../engine/recorder.ts";
import { type Assertion, isShare, LATENCY_METRICS } from "../scenario/assertion.ts";
import type { BillingRule } from "../service/pricing/prices.ts";
import { quantileOrNull, usdPer1kServed } from "./groups.ts";
import type { GroupStats, ReplicationStats } from "./replication-stats.ts";
import type { AssertionResult, ComparedMetric, Comparison, GroupResult, RunResult, StrategyResult } from "./result.ts";
import { FAILED_SHARE_MARGIN, FAILS_SHARE_MAX } from "./standing.ts";

/** Smaller is better for each of them. */
export const COMPARED_METRICS: readonly ComparedMetric[] = [
  "e2eMsP95",
  "ttftMsP95",
  "throttledAttemptShare",
  "failedShare",
  "usdPer1kServed",
];

export interface CompareInput {
  readonly strategy: string;
  /** Replications of the strategy and of the baseline, aligned. */
  readonly stats: readonly ReplicationStats[];
  readonly baseline: readonly ReplicationStats[];
  readonly billing: BillingRule;
  /** How many strategies are compared with the baseline at once. */
  readonly strategies: number;
}

/**
 * Paired differences from the baseline on common random numbers, with intervals that hold for all strategies at once
 * (Bonferroni over strategies, per metric). A difference is called better or worse only when its interval excludes 0;
 * latency and cost of an unstable run, and latency of runs of which different requests got through, are not compared.
 */
export function compareWithBaseline(input: CompareInput): readonly Comparison[] {
  return COMPARED_METRICS.map((metric) => comparisonOf(input, metric));
}

function comparisonOf(
  { strategy, stats, baseline, billing, strategies }: CompareInput,
  metric: ComparedMetric,
): Comparison {
  const mine = stats.map((each) => metricOf(each.total, metric, billing));
  const theirs = baseline.map((each) => metricOf(each.total, metric, billing));
  const pairs: (readonly [number, number])[] = [];
  mine.forEach((value, i) => {
    const other = theirs[i] ?? null;
    if (value !== null && other !== null) pairs.push([value, other]);
  });
  const difference = tInterval(
    pairs.map(([a, b]) => a - b),
    strategies,
  );
  const baselineMean = tInterval(theirs).value;
  const isLatency = metric === "e2eMsP95" || metric === "ttftMsP95";
  const isUnstable = [...stats, ...baseline].some((each) => each.unstable !== null);
  const verdict = verdictOf(difference);
  return {
    strategy,
    metric,
    baselineValue: baselineMean,
    value: tInterval(mine).value,
    difference,
    relative: scaled(difference, baselineMean),
    verdict:
      pairs.length === 0 ||
      (isUnstable && (isLatency || metric === "usdPer1kServed")) ||
      (isLatency && isSurvivors(verdict, stats, baseline))
        ? "not comparable"
        : verdict,
    varianceRatio: varianceRatio(
      pairs.map(([a]) => a),
      pairs.map(([, b]) => b),
    ),
  };
}

/**
 * Whether one side is fast only because its slowest requests are missing: it fails so many that it has no p95, or a point
 * more than the other. The other way round a difference is shown all the more.
 */
function isSurvivors(
  verdict: Comparison["verdict"],
  stats: readonly ReplicationStats[],
  baseline: readonly ReplicationStats[],
): boolean {
  const failed = (each: readonly ReplicationStats[]) =>
    tInterval(each.map(({ total }) => metricOf(total, "failedShare", "source"))).value ?? 0;
  const [quicker, slower] = verdict === "worse" ? [baseline, stats] : [stats, baseline];
  return failed(quicker) > FAILS_SHARE_MAX || failed(quicker) - failed(slower) > FAILED_SHARE_MARGIN;
}

/** One metric of one group, or null where it does not exist. */
export function metricOf(group: GroupStats, metric: ComparedMetric, billing: BillingRule): number | null {
  const { fields } = group;
  switch (metric) {
    case "e2eMsP95":
      return quantileOrNull(group.e2e, "p95");
    case "ttftMsP95":
      return quantileOrNull(group.ttft, "p95");
    case "throttledAttemptShare":
      return fields[FIELD.attempts]! > 0 ? fields[FIELD.attemptsThrottled]! / fields[FIELD.attempts]! : null;
    case "failedShare":
      return fields[FIELD.sent]! > 0 ? 1 - fields[END.served]! / fields[FIELD.sent]! : null;
    case "usdPer1kServed":
      return usdPer1kServed(group, billing);
  }
}

function verdictOf({ low, high }: Estimate): Comparison["verdict"] {
  if (low === null || high === null) return "not shown";
  if (high < 0) return "better";
  return low > 0 ? "worse" : "not shown";
}

function scaled(estimate: Estimate, by: number | null): Estimate {
  if (by === null || by === 0) return { value: null, low: null, high: null, n: estimate.n };
  const over = (value: number | null) => (value === null ? null : value / by);
  return { value: over(estimate.value), low: over(estimate.low), high: over(estimate.high), n: estimate.n };
}

/** Evaluates a gate. An estimate that does not exist fails it: the gate cannot be shown to hold. */
export function evaluateAssertion(assertion: Assertion, result: Omit<RunResult, "assertions">): AssertionResult {
  const { text, metric, named } = assertion;
  const readings: { readonly strategy: string; readonly value: number | null }[] = [];
  if (metric === "saving") {
    const [one, other] = assertion.positional.map((name) => strategyOf(result, name));
    readings.push({
      strategy: one!.name,
      value: savingOf(groupOf(one!, named.class), groupOf(other!, named.class), result),
    });
  } else {
    const strategies = named.strategy === undefined ? result.strategies : [strategyOf(result, named.strategy)];
    for (const strategy of strategies) {
      readings.push({ strategy: strategy.name, value: readMetric(assertion, groupOf(strategy, named.class), result) });
    }
  }
  const failing = readings.filter(
    ({ value }) => value === null || !compare(value, assertion.comparison, assertion.limit),
  );
  const shown = failing.length > 0 ? failing : readings;
  const found = shown
    .map(
      ({ strategy, value }) =>
        `${strategy}: ${value === null ? absentText(assertion, result) : shownValue(metric, value)}`,
    )
    .join(", ");
  return { text, passed: failing.length === 0, found };
}

/** Why a gate finds nothing to read, where that is known. */
function absentText({ metric, named }: Assertion, { classes }: Omit<RunResult, "assertions">): string {
  if (metric !== "goodput") return "n/a";
  const read = classes.filter(({ name }) => named.class === undefined || name === named.class);
  const isPromised = read.some(({ sloE2eMs, sloTtftMs }) => sloE2eMs !== null || sloTtftMs !== null);
  return isPromised ? "n/a" : "n/a, since no objective is set (slo: { e2e: 6s })";
}

function strategyOf(result: Omit<RunResult, "assertions">, name: string): StrategyResult {
  return result.strategies.find((each) => each.name === name)!;
}

/** Everything that the strategy handled, or one class of it. */
function groupOf(strategy: StrategyResult, className: string | undefined): GroupResult {
  return className === undefined ? strategy.total : strategy.byClass.find((each) => each.name === className)!;
}

function savingOf(one: GroupResult, other: GroupResult, result: Omit<RunResult, "assertions">): number | null {
  const cost = (group: GroupResult) => group.cost[result.billing].usdPer1kServed.value;
  const [mine, theirs] = [cost(one), cost(other)];
  return mine === null || theirs === null || theirs === 0 ? null : 1 - mine / theirs;
}

function readMetric(assertion: Assertion, group: GroupResult, result: Omit<RunResult, "assertions">): number | null {
  const { metric, positional } = assertion;
  const latency = positional[0] === "ttft" ? group.ttftMs : positional[0] === "wait" ? group.queueWaitMs : group.e2eMs;
  switch (metric) {
    case "p50":
    case "p95":
    case "p99":
    case "mean":
      return latency[metric].value;
    case "throttled":
      return group.throttledAttemptShare.value;
    case "failed":
      return group.failedShare.value;
    case "retried":
      return group.retriedShare.value;
    case "goodput":
      return group.goodputShare.value;
    case "cost":
      return group.cost[result.billing].totalUsd.value;
    case "residencyViolations":
      return group.counts.residencyViolations;
    default:
      return group.counts.residencyRefused;
  }
}

function compare(value: number, comparison: Assertion["comparison"], limit: number): boolean {
  switch (comparison) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "==":
      return value === limit;
  }
}

function shownValue(metric: string, value: number): string {
  if ((LATENCY_METRICS as readonly string[]).includes(metric)) return `${(value / 1000).toPrecision(4)} s`;
  if (isShare(metric)) return `${(value * 100).toPrecision(3)} %`;
  return metric === "cost" ? `USD ${value.toFixed(2)}` : String(value);
}
