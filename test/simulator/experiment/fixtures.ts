import { END } from "../../../simulator/client/request-rules.ts";
import { BUCKETS } from "../../../simulator/engine/histogram.ts";
import { FIELD, FIELDS } from "../../../simulator/engine/recorder.ts";
import { type ExperimentInputs, type JobOutput, planJobs, runJob } from "../../../simulator/experiment/job.ts";
import type {
  CostStats,
  GroupStats,
  LatencyStats,
  ReplicationStats,
} from "../../../simulator/experiment/replication-stats.ts";

/** One group of one replication, as a test writes it. */
export interface Figures {
  readonly sent?: number;
  readonly served?: number;
  readonly attempts?: number;
  readonly throttled?: number;
  readonly p95?: number;
  readonly usd?: number;
  readonly standingUsd?: number;
}

export function latency(count: number, p95: number): LatencyStats {
  return { count, mean: p95 / 2, p50: p95 / 2, p95, p99: p95 * 2, max: p95 * 3 };
}

export function group({
  sent = 1000,
  served = sent,
  attempts = sent,
  throttled = 0,
  p95 = 2000,
  usd = 5,
  standingUsd = 0,
}: Figures = {}): GroupStats {
  const fields = new Float64Array(FIELDS);
  fields[FIELD.sent] = sent;
  fields[END.served] = served;
  fields[END.failed] = sent - served;
  fields[FIELD.attempts] = attempts;
  fields[FIELD.attemptsThrottled] = throttled;
  const cost: CostStats = { totalFUsd: BigInt(Math.round(usd * 1e15)), feeFUsd: 0n };
  const one = latency(served, served === 0 ? Number.NaN : p95);
  return {
    fields,
    e2e: one,
    ttft: one,
    wait: one,
    cost: { source: cost, destination: cost, "lowest-cost": cost },
    reservedFUsd: BigInt(Math.round(standingUsd * 1e15)),
  };
}

export function replication(figures: Figures, over: Partial<ReplicationStats> = {}): ReplicationStats {
  return {
    billedTokens: new Float64Array(),
    capacityUse: new Float64Array(),
    strategy: 0,
    replication: 0,
    total: group(figures),
    byClass: [group(figures)],
    byRegion: [],
    byHour: [],
    regionHours: [],
    regionAttempts: new Float64Array(),
    reserved: [],
    e2eCounts: new Uint32Array(BUCKETS),
    ttftCounts: new Uint32Array(BUCKETS),
    meanInSystem: 1,
    countedHours: 1,
    tokens: { count: [], fUsd: { source: [], destination: [], "lowest-cost": [] } },
    otherBills: [],
    quotas: [],
    unstable: null,
    ...over,
  };
}

/** Runs every job of an experiment in this thread. */
export function runAll(inputs: ExperimentInputs, workers = 1): JobOutput[] {
  return planJobs(inputs, workers).map((job) => {
    const run = runJob(inputs, job);
    for (;;) {
      const step = run.next();
      if (step.done === true) return step.value;
    }
  });
}
