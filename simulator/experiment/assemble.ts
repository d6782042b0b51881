/** Puts the outputs of all jobs together into the result of a run, `result.json`. */
import { invariant } from "../base/errors.ts";
import { meanNumber, tInterval } from "../base/statistics.ts";
import { HOUR_MS } from "../base/time.ts";
import { CELL, CELL_FIELDS, FIELD } from "../engine/recorder.ts";
import { parseAssertion } from "../scenario/assertion.ts";
import type { ClassPlan, Plan } from "../scenario/plan.ts";
import { epochAt, priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import {
  BILLING_RULES,
  type BillingRule,
  formatUsd,
  INPUT,
  OUTPUT,
  PREPAID,
  type PriceKey,
} from "../service/pricing/prices.ts";
import { compareWithBaseline, metricOf } from "./compare.ts";
import { evaluateAssertion } from "./gates.ts";
import {
  groupResult,
  quantileOrNull,
  quotaSummaries,
  reservedSummary,
  residencySummary,
  usdPer1kServed,
} from "./groups.ts";
import type { ExperimentInputs, JobOutput } from "./job.ts";
import { distribution, type GroupStats, type ReplicationStats } from "./replication-stats.ts";
import {
  type HourGroup,
  type NamedGroup,
  RESULT_SCHEMA_VERSION,
  type RegionHourCell,
  type RegionPriceHours,
  type ReplicationPoint,
  type ReservedLine,
  type RunResult,
  type StrategyResult,
} from "./result.ts";
import { samplesOf } from "./samples.ts";
import { strategiesOfVerdict, verdictOf } from "./verdict.ts";

/** Facts about a run that do not follow from its plan. */
export interface Provenance {
  readonly scenarioSha256: string;
  readonly meridianVersion: string;
  readonly traces: RunResult["traces"];
  /** Digest of what the traffic is drawn from, where it is known. */
  readonly trafficSha256?: string;
}

/**
 * Puts the outputs of all jobs together. The order in which they finished does not matter.
 *
 * @throws MeridianError internal when a replication is missing
 */
export function assembleResult(
  inputs: ExperimentInputs,
  outputs: readonly JobOutput[],
  provenance: Provenance,
): RunResult {
  const { plan } = inputs;
  const all = outputs.flatMap((output) => output.stats);
  const byStrategy = plan.strategies.map((_, strategy) =>
    all.filter((each) => each.strategy === strategy).sort((a, b) => a.replication - b.replication),
  );
  for (const stats of byStrategy) {
    invariant(stats.length === plan.replications, "every strategy has one result per replication");
  }
  const baselineStats = byStrategy[plan.baseline]!;
  const order = [plan.baseline, ...plan.strategies.keys()].filter((index, i, list) => list.indexOf(index) === i);
  const strategies = order.map((index) =>
    strategyResult(plan, index, byStrategy[index]!, index === plan.baseline ? null : baselineStats),
  );
  const comparisons = order.slice(1).flatMap((index) =>
    compareWithBaseline({
      strategy: plan.strategies[index]!.name,
      stats: byStrategy[index]!,
      baseline: baselineStats,
      billing: plan.money.billing,
      strategies: order.length - 1,
    }),
  );
  const sent = baselineStats.map((each) => each.total.fields[FIELD.sent]!);
  const verdictInput = {
    baseline: strategies[0]!,
    strategies,
    comparisons,
    requestsPerReplication: meanNumber(sent),
    replications: plan.replications,
    silentClasses: plan.classes.flatMap(({ name }, c) =>
      baselineStats.some((each) => each.byClass[c]!.fields[FIELD.sent]! > 0) ? [] : [name],
    ),
    hasWarmup: plan.warmup.kind !== "none",
  };
  const result: Omit<RunResult, "assertions"> = {
    schemaVersion: RESULT_SCHEMA_VERSION,
    kind: "simulated",
    scenario: { name: plan.name, description: plan.description, sha256: provenance.scenarioSha256 },
    versions: { meridian: provenance.meridianVersion },
    seed: plan.seed,
    ...(provenance.trafficSha256 === undefined ? {} : { trafficSha256: provenance.trafficSha256 }),
    replications: { asked: plan.replications, done: plan.replications },
    startsAt: isoOf(plan.startMs),
    durationMs: Number.isFinite(plan.durationMs) ? plan.durationMs : null,
    warmup: { kind: plan.warmup.kind, removed: removedText(plan) },
    billing: plan.money.billing,
    classes: plan.classes.map((each) => classOf(plan, each)),
    regions: plan.regionNames,
    targets: plan.targets.map((target) => target.id),
    traces: provenance.traces,
    baseline: plan.strategies[plan.baseline]!.name,
    strategies,
    comparisons,
    prices: pricesOf(plan, Math.max(...byStrategy.flat().map((each) => each.byHour.length))),
    verdict: verdictOf(verdictInput),
    verdictStrategies: strategiesOfVerdict(verdictInput),
    notes: notesOf(plan, strategies),
  };
  const known = {
    strategies: plan.strategies.map((each) => each.name),
    classes: plan.classes.map((each) => each.name),
  };
  const assertions = plan.assertions.map((text) => evaluateAssertion(parseAssertion(text, known), result));
  return { ...result, assertions };
}

function classOf(plan: Plan, each: ClassPlan): RunResult["classes"][number] {
  return {
    name: each.name,
    model: plan.models[each.model]!.name,
    tags: each.tags,
    sloE2eMs: finiteOrNull(each.sloE2eMs),
    sloTtftMs: finiteOrNull(each.sloTtftMs),
    residency: each.residency,
    ...(each.residency === null ? {} : { residencyRule: residencySummary(plan, each) }),
  };
}

function strategyResult(
  plan: Plan,
  index: number,
  stats: readonly ReplicationStats[],
  baseline: readonly ReplicationStats[] | null,
): StrategyResult {
  const strategy = plan.strategies[index]!;
  const sent = stats.map((each) => each.total.fields[FIELD.sent]!);
  const group = (pick: (each: ReplicationStats) => GroupStats | undefined) =>
    groupResult({
      stats: stats.map((each) => pick(each) ?? EMPTY_GROUP),
      baseline: baseline?.map((each) => pick(each) ?? EMPTY_GROUP) ?? null,
      sent,
    });
  const hours = Math.max(0, ...stats.map((each) => each.byHour.length));
  const unstable = stats.filter((each) => each.unstable !== null);
  return {
    name: strategy.name,
    kind: strategy.kind,
    options: strategy.options,
    status: unstable.length > 0 ? "unstable" : "ok",
    statusReason:
      unstable.length > 0 ? `${unstable[0]!.unstable} (${unstable.length} of ${stats.length} replications)` : null,
    total: group((each) => each.total),
    byClass: plan.classes.map((each, c): NamedGroup => ({ name: each.name, ...group((one) => one.byClass[c]) })),
    byRegion: namedRegions(plan, stats).map(
      ({ name, r }): NamedGroup => ({ name, ...group((one) => one.byRegion[r]) }),
    ),
    byHour: [...Array(hours).keys()].map(
      (hour): HourGroup => ({
        hour,
        startsAt: isoOf(plan.startMs + hour * HOUR_MS),
        ...group((one) => one.byHour[hour]),
      }),
    ),
    byRegionHour: regionHours(plan, stats),
    e2eDistribution: distribution(stats.map((each) => each.e2eCounts)),
    ttftDistribution: distribution(stats.map((each) => each.ttftCounts)),
    meanInSystem: tInterval(stats.map((each) => each.meanInSystem)),
    quotas: quotaSummaries(stats),
    ...reservedSummary(stats),
    replications: stats.map((each) => replicationPoint(each, plan.money.billing)),
    samples: samplesOf(
      stats,
      { classes: plan.classes.map((each) => each.name), regions: namedRegions(plan, stats).map(({ name }) => name) },
      plan.money.billing,
    ),
  };
}

/** Regions, and "none" only when some request was never sent anywhere. */
function namedRegions(plan: Plan, stats: readonly ReplicationStats[]): readonly { name: string; r: number }[] {
  const none = plan.regionNames.length;
  const isUsed = stats.some((each) => each.byRegion[none]!.fields[FIELD.sent]! > 0);
  const regions = plan.regionNames.map((name, r) => ({ name, r }));
  return isUsed ? [...regions, { name: "none", r: none }] : regions;
}

function regionHours(plan: Plan, stats: readonly ReplicationStats[]): readonly RegionHourCell[] {
  const hours = Math.max(0, ...stats.map((each) => each.regionHours.length));
  const cells: RegionHourCell[] = [];
  plan.regionNames.forEach((region, r) => {
    for (let hour = 0; hour < hours; hour++) {
      const sum = (field: number) =>
        stats.reduce((total, each) => total + (each.regionHours[hour]?.[r * CELL_FIELDS + field] ?? 0), 0);
      cells.push({
        region,
        hour,
        attempts: sum(CELL.attempts),
        attemptsThrottled: sum(CELL.attemptsThrottled),
        attemptsUnavailable: sum(CELL.attemptsUnavailable),
        served: sum(CELL.served),
      });
    }
  });
  return cells;
}

function replicationPoint(stats: ReplicationStats, billing: BillingRule): ReplicationPoint {
  const { total } = stats;
  const perRule = <T>(pick: (rule: BillingRule) => T) =>
    Object.fromEntries(BILLING_RULES.map((rule) => [rule, pick(rule)])) as Record<BillingRule, T>;
  return {
    replication: stats.replication,
    e2eMsP50: quantileOrNull(total.e2e, "p50"),
    e2eMsP95: quantileOrNull(total.e2e, "p95"),
    e2eMsP99: quantileOrNull(total.e2e, "p99"),
    ttftMsP95: quantileOrNull(total.ttft, "p95"),
    throttledAttemptShare: metricOf(total, "throttledAttemptShare", billing),
    failedShare: metricOf(total, "failedShare", billing),
    billUsd: perRule((rule) => formatUsd(total.cost[rule].totalFUsd + total.reservedFUsd)),
    usdPer1kServed: perRule((rule) => usdPer1kServed(total, rule)),
  };
}

/** Hourly price factors of the first model's first key in each region. */
function pricesOf(plan: Plan, hours: number): readonly RegionPriceHours[] {
  const { schedule } = plan.money;
  return plan.regionNames.flatMap((region): RegionPriceHours[] => {
    const isOf = (each: PriceKey) => each.region === region && each.tier !== PREPAID;
    const standard = schedule.keys.findIndex((each) => isOf(each) && each.tier === "standard");
    const key = standard >= 0 ? standard : schedule.keys.findIndex(isOf);
    if (key < 0) return [];
    const factor = [...Array(hours).keys()].map(
      (hour) => schedule.factor[epochAt(schedule, hour * HOUR_MS) * schedule.keys.length + key]!,
    );
    const list = (kind: number) => priceUsdPerMTok(schedule, 0, key, kind) / (schedule.factor[key]! || 1);
    return [{ region, factor, inputUsdPerMTok: list(INPUT), outputUsdPerMTok: list(OUTPUT) }];
  });
}

function notesOf(plan: Plan, strategies: readonly StrategyResult[]): readonly string[] {
  const notes = ["The run begins with an empty system; nothing is in flight at its start.", ...plan.notes];
  if (plan.arrivalsFromMs > 0) {
    notes.push(
      `A window of a longer run: requests before ${formatHours(plan.arrivalsFromMs)} of its clock are left out.`,
    );
  }
  if (plan.replications === 1) notes.push("One replication: no interval can be given, and no difference can be shown.");
  for (const strategy of strategies) {
    for (const line of strategy.reserved ?? []) notes.push(reservedNote(strategy.name, line));
    if (strategy.status === "unstable") notes.push(`${strategy.name} is unstable: ${strategy.statusReason}.`);
    if (strategy.total.counts.inFlight > 0) {
      notes.push(
        `${strategy.name}: ${strategy.total.counts.inFlight} requests had not ended when the run was cut off.`,
      );
    }
  }
  return notes;
}

function reservedNote(strategy: string, { name, usdPerHour, hours, usd }: ReservedLine): string {
  const [h, amount] = [hours.value ?? 0, usd.value ?? 0];
  return `${strategy}: reserved capacity USD ${amount.toFixed(2)} in the total (${name}; USD ${usdPerHour} an hour over ${Number(h.toFixed(2))} h, used or not).`;
}

function formatHours(ms: number): string {
  return `${Number((ms / HOUR_MS).toFixed(4))} h`;
}

/** What the warm-up removes, a phrase. */
function removedText({ warmup, arrivalsFromMs }: Plan): string {
  if (warmup.removed !== undefined) return warmup.removed;
  if (warmup.isAuto === true) return "nothing: no pilot runs were made";
  if (warmup.kind === "none") return "nothing: the run is a terminating one";
  return warmup.kind === "requests"
    ? `the first ${warmup.amount} requests`
    : `the first ${(warmup.amount - arrivalsFromMs) / 1000} s`;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

const NOTHING = { count: 0, mean: NaN, p50: NaN, p95: NaN, p99: NaN, max: NaN };
const NO_COST = { totalFUsd: 0n, feeFUsd: 0n };
const EMPTY_GROUP: GroupStats = {
  reservedFUsd: 0n,
  fields: new Float64Array(64),
  e2e: NOTHING,
  ttft: NOTHING,
  wait: NOTHING,
  cost: { source: NO_COST, destination: NO_COST, "lowest-cost": NO_COST },
};
