import type { BillingRule } from "../world/pricing/prices.ts";

/** Latency of the served requests of one group in one replication; NaN where nothing was served. */
export interface LatencyStats {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface CostStats {
  readonly totalFUsd: bigint;
  readonly feeFUsd: bigint;
}

/** One group of one replication: counts by `FIELD`, latencies, and the bill under each rule. */
export interface GroupStats {
  readonly fields: Float64Array;
  readonly e2e: LatencyStats;
  readonly ttft: LatencyStats;
  readonly wait: LatencyStats;
  readonly cost: Readonly<Record<BillingRule, CostStats>>;
  /** Reserved capacity, paid by the hour, used or not: of a run's total only, 0 in its parts. */
  readonly standingFUsd: bigint;
}
