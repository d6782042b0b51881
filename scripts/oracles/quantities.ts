import { MeridianError } from "../../simulator/errors.ts";
import type { NamedGroup, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import type { Estimate } from "../../simulator/experiment/statistics.ts";

/** A quantity as read, with its interval where the result has one. */
export interface Reading {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

type Reader = (strategy: StrategyResult) => Reading;

const ROUTING_FEE_CALLS = 50_000_000;

/** Every quantity that an oracle may ask for, read from a public result. Times in seconds. */
export const QUANTITIES: Readonly<Record<string, Reader>> = {
  mean_response_s: ({ total }) => seconds(total.e2eMs.mean),
  p50_response_s: ({ total }) => seconds(total.e2eMs.p50),
  p95_response_s: ({ total }) => seconds(total.e2eMs.p95),
  p99_response_s: ({ total }) => seconds(total.e2eMs.p99),
  mean_wait_s: ({ total }) => seconds(total.queueWaitMs.mean),
  p95_wait_s: ({ total }) => seconds(total.queueWaitMs.p95),
  "mean_wait_s:high": (strategy) => seconds(named(strategy.byClass, "high").queueWaitMs.mean),
  "mean_wait_s:low": (strategy) => seconds(named(strategy.byClass, "low").queueWaitMs.mean),
  mean_in_system: ({ meanInSystem }) => estimate(meanInSystem),
  mean_concurrency: ({ meanInSystem }) => estimate(meanInSystem),
  fraction_waiting: ({ total }) => estimate(total.waitedShare),
  rejected_fraction: ({ total }) => counted(total.counts.refused, total.counts.sent, total.failedShare),
  throttled_fraction: ({ total }) => counted(total.counts.throttled, total.counts.sent, total.failedShare),
  timed_out_fraction: ({ total }) => counted(total.counts.abandoned, total.counts.sent, total.failedShare),
  failed_fraction: ({ total }) => counted(total.counts.failed, total.counts.sent, total.failedShare),
  share_served_by_r2: (strategy) => servedBy(strategy, "r2"),
  share_served_by_r3: (strategy) => servedBy(strategy, "r3"),
  mean_attempts_per_call: ({ total }) => estimate(total.attemptsPerRequest),
  total_cost_usd: ({ total }) => estimate(total.cost.source.totalUsd),
  total_cost_lowest_usd: ({ total }) => estimate(total.cost["lowest-cost"].totalUsd),
  usd_per_1k_calls: ({ total }) => estimate(total.cost.source.usdPer1kServed),
  routing_fee_usd: ({ total }) =>
    scaled(total.cost["lowest-cost"].routingFeeUsd, ROUTING_FEE_CALLS / total.counts.sent),
};

/** @throws MeridianError usage, ORACLE_QUANTITY, for a quantity that nobody can read */
export function readQuantity(result: RunResult, quantity: string): Reading {
  const reader = QUANTITIES[quantity];
  if (reader === undefined) {
    throw new MeridianError("usage", {
      code: "ORACLE_QUANTITY",
      what: `there is no quantity "${quantity}"`,
      fix: `quantities are ${Object.keys(QUANTITIES).join(", ")}`,
    });
  }
  return reader(result.strategies[0]!);
}

function estimate({ value, low, high }: Estimate): Reading {
  return { value: value ?? Number.NaN, low, high };
}

function scaled({ value, low, high }: Estimate, factor: number): Reading {
  const times = (x: number | null) => (x === null ? null : x * factor);
  return { value: (value ?? Number.NaN) * factor, low: times(low), high: times(high) };
}

function seconds(latency: Estimate): Reading {
  return scaled(latency, 0.001);
}

/** A share from its own count; the spread over replications is that of all that were not served. */
function counted(part: number, whole: number, spread: Estimate): Reading {
  const value = part / whole;
  const half = spread.high === null || spread.low === null ? null : (spread.high - spread.low) / 2;
  return { value, low: half === null ? null : value - half, high: half === null ? null : value + half };
}

function servedBy(strategy: StrategyResult, region: string): Reading {
  const { counts, trafficShare } = named(strategy.byRegion, region);
  return counted(counts.served, strategy.total.counts.sent, trafficShare);
}

function named(groups: readonly NamedGroup[], name: string): NamedGroup {
  const group = groups.find((each) => each.name === name);
  if (group !== undefined) return group;
  throw new MeridianError("usage", { code: "ORACLE_GROUP", what: `the result has no group "${name}"` });
}
