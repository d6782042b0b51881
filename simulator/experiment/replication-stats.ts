import { HOUR_MS } from "../base/time.ts";
import { END } from "../client/request-rules.ts";
import { BUCKETS, type HistogramSet, histogramQuantile } from "../engine/histogram.ts";
import { CELL_FIELDS, FIELDS } from "../engine/recorder.ts";
import type { SimulationOutput } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { type Bill, billLedger } from "../world/pricing/billing.ts";
import { BILLING_RULES, type BillingRule } from "../world/pricing/prices.ts";
import { type CapacityLine, capacityLine } from "../world/pricing/reserved.ts";
import type { QuotaUse } from "../world/quota/token-quota.ts";
import type { CostStats, GroupStats, LatencyStats } from "./group-stats.ts";
import { checkInvariants } from "./invariants.ts";
import { instability } from "./stability.ts";

/** One strategy in one replication, small enough to send between threads. */
export interface ReplicationStats {
  readonly strategy: number;
  readonly replication: number;
  readonly total: GroupStats;
  readonly byClass: readonly GroupStats[];
  /** Regions in plan order, then the group of requests that were never sent anywhere. */
  readonly byRegion: readonly GroupStats[];
  readonly byHour: readonly GroupStats[];
  /** By hour: `region * CELL_FIELDS + field`. */
  readonly regionHours: readonly Float64Array[];
  readonly e2eCounts: Uint32Array;
  readonly ttftCounts: Uint32Array;
  readonly meanInSystem: number;
  readonly quotas: readonly QuotaUse[];
  /** Reserved capacity that the strategy holds, over the counted time. */
  readonly reserved: readonly CapacityLine[];
  /** Why the run is unstable, or null. */
  readonly unstable: string | null;
}

/**
 * Sums a run up and checks the invariants that hold in every run.
 *
 * @throws MeridianError internal when an invariant is broken
 */
export function summarise(
  plan: Plan,
  strategy: number,
  replication: number,
  output: SimulationOutput,
): ReplicationStats {
  const { recorder, ledger } = output;
  const bills = billsOf(plan, output);
  const { classes, regions } = recorder;
  const groups = [...Array(classes * regions).keys()];
  const latencies = { e2e: recorder.e2e, ttft: recorder.ttft, wait: recorder.wait };
  const byClass = plan.classes.map((_, c) =>
    groupOf(
      recorder.cells,
      latencies,
      groups.slice(c * regions, (c + 1) * regions),
      (bill) => bill.byClass[c] ?? 0n,
      bills,
    ),
  );
  const byRegion = [...Array(regions).keys()].map((r) =>
    groupOf(
      recorder.cells,
      latencies,
      plan.classes.map((_, c) => c * regions + r),
      (bill) => sumWhere(bill.byPlacement, (placement) => plan.money.placementRegion[placement] === r),
      bills,
    ),
  );
  const { epochStartMs } = plan.money.schedule;
  const byHour = recorder.hours.map((hour, h) => {
    const inHour = (epoch: number) => Math.floor(epochStartMs[epoch]! / HOUR_MS) === h;
    return groupOf(hour.fields, hour, [0], (bill) => sumWhere(bill.byEpoch, inHour), bills);
  });
  const reserved = reservedLines(plan, strategy, countedHours(plan, output));
  const total = {
    ...groupOf(recorder.cells, latencies, groups, (bill) => bill.total, bills),
    standingFUsd: reserved.reduce((sum, line) => sum + line.costFUsd, 0n),
  };
  checkInvariants({ plan, total, byClass, byRegion, byHour, ledger, arrived: recorder.arrived });
  return {
    strategy,
    replication,
    total,
    byClass,
    byRegion,
    byHour,
    regionHours: regionHoursOf(output, plan.regionNames.length),
    e2eCounts: recorder.e2e.merged(groups),
    ttftCounts: recorder.ttft.merged(groups),
    meanInSystem: output.meanInSystem,
    quotas: output.quotas,
    reserved,
    unstable: instability(output, total.fields[END.served]!),
  };
}

/** Hours that the figures are about: without the warm-up, to the end of arrivals. */
function countedHours(
  { warmup, durationMs, arrivalsFromMs }: Plan,
  { countedFromMs, countedToMs }: SimulationOutput,
): number {
  const fromMs = warmup.kind === "none" ? arrivalsFromMs : warmup.kind === "duration" ? warmup.amount : countedFromMs;
  const toMs = Number.isFinite(durationMs) ? durationMs : countedToMs;
  return toMs > fromMs ? (toMs - fromMs) / HOUR_MS : 0;
}

function reservedLines(plan: Plan, strategy: number, hours: number): readonly CapacityLine[] {
  return plan.money.standing
    .filter((charge) => charge.strategies.includes(strategy))
    .map((charge) => capacityLine(charge.name, charge.usdPerHour, hours));
}

type Part = {
  readonly total: bigint;
  readonly byClass: readonly bigint[];
  readonly byPlacement: readonly bigint[];
  readonly byEpoch: readonly bigint[];
};
type Bills = Readonly<Record<BillingRule, Bill>>;

function billsOf(plan: Plan, output: SimulationOutput): Bills {
  const { schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions } = plan.money;
  const entries = BILLING_RULES.map((rule) => {
    const terms = { rule, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions };
    return [rule, billLedger(output.ledger, terms)] as const;
  });
  return Object.fromEntries(entries) as Bills;
}

function groupOf(
  cells: Float64Array,
  latency: { readonly e2e: HistogramSet; readonly ttft: HistogramSet; readonly wait: HistogramSet },
  members: readonly number[],
  pick: (part: Part) => bigint,
  bills: Bills,
): GroupStats {
  const fields = new Float64Array(FIELDS);
  for (const member of members) for (let f = 0; f < FIELDS; f++) fields[f]! += cells[member * FIELDS + f]!;
  const cost = Object.fromEntries(
    BILLING_RULES.map((rule) => [rule, { totalFUsd: pick(bills[rule].all), feeFUsd: pick(bills[rule].routingFee) }]),
  ) as Record<BillingRule, CostStats>;
  return {
    fields,
    e2e: latencyOf(latency.e2e, members),
    ttft: latencyOf(latency.ttft, members),
    wait: latencyOf(latency.wait, members),
    cost,
    standingFUsd: 0n,
  };
}

function latencyOf(set: HistogramSet, members: readonly number[]): LatencyStats {
  let sumMs = 0;
  let max = 0;
  for (const member of members) {
    sumMs += set.sumMs(member);
    max = Math.max(max, set.maxMs(member));
  }
  const counts = set.merged(members);
  let count = 0;
  for (let b = 0; b < BUCKETS; b++) count += counts[b]!;
  if (count === 0) return { count, mean: NaN, p50: NaN, p95: NaN, p99: NaN, max: NaN };
  // A quantile between the last bucket's edges may lie beyond the largest value seen; no value did.
  const quantile = (p: number) => Math.min(max, histogramQuantile(counts, 0, count, p));
  return { count, mean: sumMs / count, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max };
}

function sumWhere(values: readonly bigint[], belongs: (index: number) => boolean): bigint {
  let sum = 0n;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0n && belongs(i)) sum += values[i]!;
  return sum;
}

function regionHoursOf(output: SimulationOutput, regions: number): readonly Float64Array[] {
  const hours: Float64Array[] = [];
  for (let h = 0; h < output.recorder.hoursSeen; h++) {
    hours.push(output.recorder.regionHour(h) ?? new Float64Array(regions * CELL_FIELDS));
  }
  return hours;
}
