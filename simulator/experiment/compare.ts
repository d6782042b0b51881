/** Paired comparison of strategies with the baseline on common random numbers. */
import { type Estimate, tInterval, varianceRatio } from "../base/statistics.ts";
import { END } from "../client/request-rules.ts";
import { FIELD } from "../engine/recorder.ts";
import type { BillingRule } from "../service/pricing/prices.ts";
import { quantileOrNull, usdPer1kServed } from "./groups.ts";
import type { GroupStats, ReplicationStats } from "./replication-stats.ts";
import type { ComparedMetric, Comparison } from "./result.ts";
import { FAILED_SHARE_MARGIN } from "./standing.ts";

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
 * Whether one side is fast only because its slowest requests are missing: it fails a point more than the other. The
 * other way round a difference is shown all the more.
 */
function isSurvivors(
  verdict: Comparison["verdict"],
  stats: readonly ReplicationStats[],
  baseline: readonly ReplicationStats[],
): boolean {
  const failed = (each: readonly ReplicationStats[]) =>
    tInterval(each.map(({ total }) => metricOf(total, "failedShare", "source"))).value ?? 0;
  const more = failed(stats) - failed(baseline);
  return verdict === "worse" ? more < -FAILED_SHARE_MARGIN : more > FAILED_SHARE_MARGIN;
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
