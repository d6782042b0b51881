/** How many replications are enough: a sequential rule that adds them until each interval asked for is narrow enough. */
import { criticalT, type Estimate } from "../base/statistics.ts";
import { parseAssertion } from "../scenario/assertion.ts";
import type { GroupResult, RunResult, StrategyResult } from "./result.ts";

/** An estimate that must become precise. */
export interface PrecisionTarget {
  /** For people: `p95 E2E of chat under cheapest`. */
  readonly name: string;
  readonly estimate: Estimate;
  /** A share's half-width is judged in absolute terms, since a share may be zero. */
  readonly isShare: boolean;
}

/** Least number of replications before the rule looks at anything: a variance of fewer is too often far too small. */
export const FIRST_REPLICATIONS = 10;
/** A stage never more than doubles the replications, and the rule gives up here. */
export const MOST_REPLICATIONS = 5000;

/**
 * Whether an interval is narrow enough: t(0.975, n - 1) S / sqrt(n) × sqrt(1 + 1/n) <= precision × |mean| (for shares:
 * <= precision), with ten values at least. Looking again and again makes the rule stop where the variance came out small
 * by chance; the minimum and the factor, which vanishes as n grows, keep the coverage of the interval at its name.
 *
 * Source: Y. Chow, H. Robbins, "On the asymptotic theory of fixed-width sequential confidence intervals for the mean",
 * Annals of Mathematical Statistics 36, 1965; the minimum by A. Law, W. Kelton, "Confidence intervals for steady-state
 * simulations II", Management Science 28, 1982.
 */
export function isPrecise({ estimate, isShare }: PrecisionTarget, precision: number): boolean {
  const { value, low, high, n } = estimate;
  // Where no replication has the figure (nothing served, too few requests), more replications have none either.
  if (value === null) return true;
  if (low === null || high === null || n < FIRST_REPLICATIONS) return false;
  return inflatedHalf((high - low) / 2, n) <= wanted(value, isShare, precision);
}

/**
 * The half-width with the allowance for having looked before: the first looks, at few replications, are the ones that
 * stop too early.
 */
function inflatedHalf(half: number, n: number): number {
  return half * Math.sqrt(1 + 1 / n);
}

function wanted(value: number, isShare: boolean, precision: number): number {
  return isShare ? precision : precision * Math.abs(value);
}

/**
 * How many replications to have after the next stage: what the least precise target seems to need and a little more, at
 * most twice as many as now.
 *
 * @param targets as they are with `done` replications
 * @param precision half-width over mean (of shares: half-width), in (0, 1)
 * @returns `done` where all targets are precise
 */
export function nextReplications(targets: readonly PrecisionTarget[], done: number, precision: number): number {
  if (done < FIRST_REPLICATIONS) return FIRST_REPLICATIONS;
  const open = targets.filter((target) => !isPrecise(target, precision));
  if (open.length === 0) return done;
  const needed = open.map(({ estimate, isShare }) => {
    const { value, low, high, n } = estimate;
    if (value === null || low === null || high === null) return 2 * done;
    const limit = wanted(value, isShare, precision);
    if (limit === 0) return 2 * done;
    // Student's t shrinks as n grows: half-width ~ t(n) / sqrt(n).
    const spread = (high - low) / 2 / (criticalT(n) / Math.sqrt(n));
    return ((1.96 * spread) / limit) ** 2;
  });
  const most = Math.min(2 * done, MOST_REPLICATIONS);
  return Math.max(Math.min(done + 1, MOST_REPLICATIONS), Math.min(most, Math.ceil(1.05 * Math.max(...needed))));
}

/**
 * What must become precise: the estimates that the scenario's `assert` lines read, or where there are none, p95 E2E of
 * each class and the cost of each strategy.
 *
 * @param assertions lines of `assert`
 */
export function precisionTargets(
  result: Omit<RunResult, "assertions">,
  assertions: readonly string[],
): readonly PrecisionTarget[] {
  const known = {
    strategies: result.strategies.map(({ name }) => name),
    classes: result.classes.map(({ name }) => name),
  };
  const asked = assertions.flatMap((text) => assertedTargets(parseAssertion(text, known), result));
  if (asked.length > 0) return asked;
  return result.strategies.flatMap((strategy) => [
    ...strategy.byClass.map((group) => ({
      name: `p95 E2E of ${group.name} under ${strategy.name}`,
      estimate: group.e2eMs.p95,
      isShare: false,
    })),
    {
      name: `USD per 1,000 served under ${strategy.name}`,
      estimate: strategy.total.cost[result.billing].usdPer1kServed,
      isShare: false,
    },
  ]);
}

type Assertion = ReturnType<typeof parseAssertion>;

function assertedTargets(
  { metric, positional, named }: Assertion,
  result: Omit<RunResult, "assertions">,
): readonly PrecisionTarget[] {
  const isOf = ({ name }: StrategyResult) =>
    metric === "saving" ? positional.includes(name) : named.strategy === undefined || named.strategy === name;
  return result.strategies.filter(isOf).flatMap((strategy) => {
    const group =
      named.class === undefined ? strategy.total : strategy.byClass.find(({ name }) => name === named.class)!;
    const found = estimateRead(metric, positional[0], group, result);
    const place = named.class === undefined ? strategy.name : `${named.class} under ${strategy.name}`;
    return found === undefined
      ? []
      : [
          {
            name: `${[metric, metric === "saving" ? "" : positional[0]].filter(Boolean).join(" ")} of ${place}`,
            ...found,
          },
        ];
  });
}

/** The estimate that an assertion reads; undefined for counts, which have none. */
function estimateRead(
  metric: string,
  latency: string | undefined,
  group: GroupResult,
  { billing }: Pick<RunResult, "billing">,
): Pick<PrecisionTarget, "estimate" | "isShare"> | undefined {
  const times = latency === "ttft" ? group.ttftMs : latency === "wait" ? group.queueWaitMs : group.e2eMs;
  switch (metric) {
    case "p50":
    case "p95":
    case "p99":
    case "mean":
      return { estimate: times[metric], isShare: false };
    case "throttled":
      return { estimate: group.throttledAttemptShare, isShare: true };
    case "failed":
      return { estimate: group.failedShare, isShare: true };
    case "retried":
      return { estimate: group.retriedShare, isShare: true };
    case "goodput":
      return { estimate: group.goodputShare, isShare: true };
    case "cost":
      return { estimate: group.cost[billing].totalUsd, isShare: false };
    case "saving":
      return { estimate: group.cost[billing].usdPer1kServed, isShare: false };
    default:
      return undefined;
  }
}
