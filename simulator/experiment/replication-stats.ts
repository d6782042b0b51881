/** One strategy in one replication, summed up: groups, latencies, bills, and the invariants of every run. */
import { invariant } from "../base/errors.ts";
import { HOUR_MS } from "../base/time.ts";
import { END } from "../client/request-rules.ts";
import { BUCKETS, bucketFloorMs, bucketOf, type HistogramSet, histogramQuantiles } from "../engine/histogram.ts";
import { CELL_FIELDS, FIELD, FIELDS, HOURS_MAX } from "../engine/recorder.ts";
import type { SessionCounts } from "../engine/sessions.ts";
import type { SimulationOutput } from "../engine/simulation.ts";
import type { Plan } from "../scenario/plan.ts";
import { cellsInUse, type Ledger } from "../service/pricing/billing.ts";
import { BILLING_RULES, type BillingRule, TOKEN_KINDS } from "../service/pricing/prices.ts";
import { type CapacityLine, capacityLine } from "../service/pricing/reserved.ts";
import type { QuotaUse } from "../service/quota/token-quota.ts";
import {
  type Bills,
  billedTokensOf,
  billsOf,
  epochsByHour,
  type OtherBill,
  otherBillsOf,
  type TokenStats,
  tokensOf,
} from "./bills.ts";
import { capacityUse } from "./bound-capacity.ts";
import type { DistributionPoint, QuotaNeed } from "./result.ts";
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
  /** Latency of each class by hour and by percentile; left out for one class, and where hours do not keep classes apart. */
  readonly classLatency?: readonly ClassLatencyStats[];
  /** By hour: `region * CELL_FIELDS + field`. */
  readonly regionHours: readonly Float64Array[];
  /** Counted attempts by the region that was called: `region * CELL_FIELDS + field`. */
  readonly regionAttempts: Float64Array;
  readonly e2eCounts: Uint32Array;
  readonly ttftCounts: Uint32Array;
  readonly meanInSystem: number;
  /** Length of the counted time, from the end of the warm-up to the end of arrivals. */
  readonly countedHours: number;
  /** Tokens billed and their price under each rule, by `BILLED_KINDS`. */
  readonly tokens: TokenStats;
  /** The bill at other prices, by `plan.money.otherPrices`. */
  readonly otherBills: readonly OtherBill[];
  readonly quotas: readonly QuotaUse[];
  /** Tokens that were billed, indexed `(epoch * classes + class) * TOKEN_KINDS.length + kind`. */
  readonly billedTokens: Float64Array;
  /** What was billed as work of endpoints, for the bound: see `capacityUse`. */
  readonly capacityUse: Float64Array;
  /** Reserved capacity that the strategy holds, over the counted time. */
  readonly reserved: readonly CapacityLine[];
  /** Of the first replication only. */
  readonly quotaNeeds?: readonly QuotaNeed[];
  /** Left out where no class has sessions. */
  readonly sessions?: SessionCounts;
  /** Why the run is unstable, or null. */
  readonly unstable: string | null;
}

/** Latency of one class's served requests. */
export interface ClassLatencyStats {
  readonly e2eCounts: Uint32Array;
  readonly hours: readonly { readonly e2e: LatencyStats; readonly ttft: LatencyStats }[];
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
  const used = cellsInUse(ledger);
  const bills = billsOf(plan, ledger, used);
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
  const byHour = hourGroups(plan, recorder, bills);
  const hours = countedHours(plan, output);
  const reserved = reservedLines(plan, strategy, hours);
  const total = {
    ...groupOf(recorder.cells, latencies, groups, (bill) => bill.total, bills),
    reservedFUsd: reserved.reduce((sum, line) => sum + line.costFUsd, 0n),
  };
  checkInvariants({ plan, total, byClass, byRegion, byHour, ledger, used, arrived: recorder.arrived });
  return {
    strategy,
    replication,
    total,
    byClass,
    byRegion,
    byHour,
    ...classLatencyOf(recorder),
    regionHours: regionHoursOf(output, plan.regionNames.length),
    regionAttempts: recorder.regionAttempts,
    e2eCounts: recorder.e2e.merged(groups),
    ttftCounts: recorder.ttft.merged(groups),
    meanInSystem: output.meanInSystem,
    countedHours: hours,
    tokens: tokensOf(plan, ledger, bills, used),
    otherBills: otherBillsOf(plan, ledger, used),
    quotas: output.quotas,
    billedTokens: billedTokensOf(ledger, used),
    capacityUse: capacityUse(plan, ledger, used),
    reserved,
    ...(output.sessions === undefined ? {} : { sessions: output.sessions }),
    unstable: instability(output, { sent: total.fields[FIELD.sent]!, served: total.fields[END.served]! }),
  };
}

function hourGroups(plan: Plan, recorder: SimulationOutput["recorder"], bills: Bills): readonly GroupStats[] {
  const members = [...Array(recorder.hourSlots).keys()];
  const epochs = epochsByHour(plan);
  return recorder.hours.map((hour, h) => {
    const own = epochs.get(h) ?? [];
    const ofHour = (bill: Part) => own.reduce((sum, epoch) => sum + bill.byEpoch[epoch]!, 0n);
    const [e2eMs, ttftMs] = [hour.sumsMs[0]!, hour.sumsMs[hour.ttft === hour.e2e ? 0 : 1]!];
    return groupOf(hour.fields, hour, [0], ofHour, bills, { members, e2eMs, ttftMs });
  });
}

/** Counted hours: without the warm-up, to the end of arrivals. */
function countedHours(
  { warmup, durationMs, arrivalsFromMs }: Plan,
  { countedFromMs, countedToMs }: SimulationOutput,
): number {
  const fromMs = warmup.kind === "none" ? arrivalsFromMs : warmup.kind === "duration" ? warmup.amount : countedFromMs;
  const toMs = Number.isFinite(durationMs) ? durationMs : countedToMs;
  return toMs > fromMs ? (toMs - fromMs) / HOUR_MS : 0;
}

function reservedLines(plan: Plan, strategy: number, hours: number): readonly CapacityLine[] {
  return plan.money.reserved
    .filter((charge) => charge.strategies.includes(strategy))
    .map((charge) => capacityLine(charge.name, charge.usdPerHour, hours));
}

type Part = {
  readonly total: bigint;
  readonly byClass: readonly bigint[];
  readonly byPlacement: readonly bigint[];
  readonly byEpoch: readonly bigint[];
};
function groupOf(
  cells: Float64Array,
  latency: { readonly e2e: HistogramSet; readonly ttft: HistogramSet; readonly wait: HistogramSet },
  members: readonly number[],
  pick: (part: Part) => bigint,
  bills: Bills,
  whole?: { readonly members: readonly number[]; readonly e2eMs: number; readonly ttftMs: number },
): GroupStats {
  const fields = new Float64Array(FIELDS);
  for (const member of members) for (let f = 0; f < FIELDS; f++) fields[f]! += cells[member * FIELDS + f]!;
  const cost = Object.fromEntries(
    BILLING_RULES.map((rule) => [rule, { totalFUsd: pick(bills[rule].all), feeFUsd: pick(bills[rule].routingFee) }]),
  ) as Record<BillingRule, CostStats>;
  return {
    fields,
    e2e: latencyOf(latency.e2e, whole?.members ?? members, whole?.e2eMs),
    ttft: latencyOf(latency.ttft, whole?.members ?? members, whole?.ttftMs),
    wait: latencyOf(latency.wait, members),
    cost,
    reservedFUsd: 0n,
  };
}

function classLatencyOf(recorder: SimulationOutput["recorder"]): Pick<ReplicationStats, "classLatency"> {
  const { classes, regions, hourSlots, hours, e2e } = recorder;
  if (classes < 2 || hourSlots !== classes) return {};
  const classLatency = [...Array(classes).keys()].map((c) => ({
    e2eCounts: e2e.merged([...Array(regions).keys()].map((r) => c * regions + r)),
    hours: hours.map((hour) => ({ e2e: latencyOf(hour.e2e, [c]), ttft: latencyOf(hour.ttft, [c]) })),
  }));
  return { classLatency };
}

/** @param knownSumMs the sum where it was kept apart, in the order in which values came */
function latencyOf(set: HistogramSet, members: readonly number[], knownSumMs?: number): LatencyStats {
  const sumMs = knownSumMs ?? members.reduce((sum, member) => sum + set.sumMs(member), 0);
  const max = members.reduce((most, member) => Math.max(most, set.maxMs(member)), 0);
  const counts = set.merged(members, MERGED.fill(0));
  const to = bucketOf(max) + 1;
  let count = 0;
  for (let b = 0; b < to; b++) count += counts[b]!;
  if (count === 0) return { count, mean: NaN, p50: NaN, p95: NaN, p99: NaN, max: NaN };
  // A quantile between the last bucket's edges may lie beyond the largest value seen; no value did.
  const [p50, p95, p99] = histogramQuantiles(counts, 0, count, SHARES).map((ms) => Math.min(max, ms));
  return { count, mean: sumMs / count, p50: p50!, p95: p95!, p99: p99!, max };
}

const SHARES = [0.5, 0.95, 0.99];
/** Read at once and used again: a long run has thousands of groups. */
const MERGED = new Uint32Array(BUCKETS);

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
  readonly reservedFUsd: bigint;
}

interface Checked {
  readonly plan: Plan;
  readonly total: GroupStats;
  readonly byClass: readonly GroupStats[];
  readonly byRegion: readonly GroupStats[];
  readonly byHour: readonly GroupStats[];
  readonly ledger: Ledger;
  /** The ledger's cells in use, where they are known. */
  readonly used?: readonly number[];
  /** Counted arrivals by class. */
  readonly arrived: Float64Array;
}

/**
 * What must hold in every run, also in production. docs/model.md lists them by number.
 *
 * @throws MeridianError internal, naming the invariant
 */
export function checkInvariants(checked: Checked): void {
  const { plan, total, byClass, byRegion, byHour, ledger, used = cellsInUse(ledger), arrived } = checked;
  for (const group of [total, ...byClass, ...byRegion]) checkConservation(group);
  byClass.forEach(({ fields }, c) => {
    invariant(fields[FIELD.sent] === arrived[c], "I9 every request that arrived has ended once");
  });
  checkParts("classes", total, byClass);
  checkParts("regions", total, byRegion);
  const hours = plan.durationMs / HOUR_MS;
  if (hours <= HOURS_MAX) checkParts("hours", total, byHour, false);
  for (const group of [total, ...byClass]) {
    invariant(!(group.wait.mean < -1e-9), "I4 no request starts service before it arrives");
    invariant(!(group.ttft.mean > group.e2e.mean + 1e-6), "I5 no last byte before the first token");
  }
  const kinds = TOKEN_KINDS.length;
  for (const cell of used) {
    for (let i = cell * kinds; i < (cell + 1) * kinds; i++) {
      const tokens = ledger.tokens[i]!;
      invariant(tokens >= 0 && Number.isInteger(tokens), "I6 billed tokens are whole and not negative");
    }
  }
}

function checkConservation({ fields, e2e }: GroupStats): void {
  let ended = 0;
  for (let end = 0; end <= END.inFlight; end++) ended += fields[end]!;
  invariant(ended === fields[FIELD.sent], "I1 sent = served + refused + timed out + abandoned + failed + in flight");
  invariant(e2e.count === fields[END.served], "I2 every served request has one latency");
  invariant(fields[FIELD.attemptsThrottled]! <= fields[FIELD.attempts]!, "I3 no more throttled attempts than attempts");
}

function checkParts(what: string, total: GroupStats, parts: readonly GroupStats[], withCost = true): void {
  for (let f = 0; f < total.fields.length; f++) {
    let sum = 0;
    for (const part of parts) sum += part.fields[f]!;
    invariant(sum === total.fields[f], `I7 the sum over ${what} is the total`);
  }
  if (!withCost) return;
  for (const rule of BILLING_RULES) {
    let sum = 0n;
    for (const part of parts) sum += part.cost[rule].totalFUsd;
    invariant(sum === total.cost[rule].totalFUsd, `I8 the bill over ${what} is the bill`);
  }
}

const DISTRIBUTION_POINTS = 400;

/** Pooled distribution at evenly spread ranks, the far tail included. */
export function distribution(counts: readonly Uint32Array[]): readonly DistributionPoint[] {
  const pooled = new Float64Array(BUCKETS);
  for (const each of counts) for (let b = 0; b < BUCKETS; b++) pooled[b]! += each[b]!;
  const total = pooled.reduce((sum, value) => sum + value, 0);
  const points: DistributionPoint[] = [];
  let below = 0;
  let nextRank = 0;
  for (let b = 0; b < BUCKETS && below < total; b++) {
    if (pooled[b] === 0) continue;
    below += pooled[b]!;
    const left = total - below;
    // Dense in the tail: every bucket beyond the 99th percentile is a point, and so is the last.
    if (below >= nextRank || left <= total * 0.01) {
      points.push({ ms: bucketFloorMs(b + 1), share: below / total });
      nextRank = below + total / DISTRIBUTION_POINTS;
    }
  }
  return points;
}
