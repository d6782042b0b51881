/** Evaluates the gates of a scenario's `assert` on the result of a run. */
import { type Assertion, isShare, LATENCY_METRICS } from "../scenario/assertion.ts";
import type { AssertionResult, GroupResult, RunResult, StrategyResult } from "./result.ts";

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
    .map(({ strategy, value }) => `${strategy}: ${value === null ? "n/a" : shownValue(metric, value)}`)
    .join(", ");
  return { text, passed: failing.length === 0, found };
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
