/** Puts the outputs of all jobs together into the result of a run, `result.json`. */

import { invariant } from "../base/errors.ts";
import { meanNumber } from "../base/statistics.ts";
import { HOUR_MS } from "../base/time.ts";
import { FIELD } from "../engine/recorder.ts";
import type { SessionCounts } from "../engine/sessions.ts";
import { parseAssertion } from "../scenario/assertion.ts";
import type { ClassPlan, Plan } from "../scenario/plan.ts";
import { epochAt, priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import { INPUT, OUTPUT, PREPAID, type PriceKey } from "../service/pricing/prices.ts";
import { assumptionsOf, priceReadingsOf, priceSentence } from "./assumptions.ts";
import { compareWithBaseline, evaluateAssertion } from "./compare.ts";
import { residencySummary } from "./groups.ts";
import type { ExperimentInputs, JobOutput } from "./job.ts";
import type { ReplicationStats } from "./replication-stats.ts";
import {
  RESULT_SCHEMA_VERSION,
  type RegionPriceHours,
  type ReservedLine,
  type RunResult,
  type StrategyResult,
} from "./result.ts";
import { strategyResult } from "./strategy-result.ts";
import { answerOf } from "./verdict.ts";

/** Facts about a run that do not follow from its plan. */
export interface Provenance {
  readonly scenarioSha256: string;
  readonly meridianVersion: string;
  readonly traces: RunResult["traces"];
  /** Simulated unless given. A measured run assumes neither capacities nor quotas. */
  readonly kind?: RunResult["kind"];
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
  const classes = plan.classes.map((each, c) => classOf(plan, each, c));
  const kind = provenance.kind ?? "simulated";
  const readings = priceReadingsOf(plan, byStrategy);
  const result: Omit<RunResult, "assertions"> = {
    ...identityOf(plan, kind, provenance),
    classes,
    regions: plan.regionNames,
    targets: plan.targets.map((target) => target.id),
    traces: provenance.traces,
    baseline: plan.strategies[plan.baseline]!.name,
    strategies,
    comparisons,
    prices: pricesOf(plan, Math.max(...byStrategy.flat().map((each) => each.byHour.length))),
    ...(readings.length === 0 ? {} : { priceReadings: readings }),
    ...answerPart(plan, baselineStats, { kind, classes, strategies, comparisons, priceReadings: readings }),
    notes: notesOf(plan, strategies),
  };
  const known = {
    strategies: plan.strategies.map((each) => each.name),
    classes: plan.classes.map((each) => each.name),
  };
  const assertions = plan.assertions.map((text) => evaluateAssertion(parseAssertion(text, known), result));
  return { ...result, assertions };
}

/** What was run, and with what. */
function identityOf(plan: Plan, kind: RunResult["kind"], provenance: Provenance) {
  return {
    schemaVersion: RESULT_SCHEMA_VERSION,
    kind,
    scenario: { name: plan.name, description: plan.description, sha256: provenance.scenarioSha256 },
    versions: { meridian: provenance.meridianVersion },
    seed: plan.seed,
    ...(provenance.trafficSha256 === undefined ? {} : { trafficSha256: provenance.trafficSha256 }),
    replications: { asked: plan.replications, done: plan.replications },
    startsAt: new Date(plan.startMs).toISOString(),
    durationMs: Number.isFinite(plan.durationMs) ? plan.durationMs : null,
    warmup: { kind: plan.warmup.kind, removed: removedText(plan) },
    billing: plan.money.billing,
  } as const;
}

/** The verdict and what it rests on. */
function answerPart(
  plan: Plan,
  baseline: readonly ReplicationStats[],
  result: Pick<RunResult, "kind" | "classes" | "strategies" | "comparisons" | "priceReadings">,
) {
  const { classes, strategies, comparisons } = result;
  const assumptions = assumptionsOf(plan, result.kind);
  const answer = answerOf({
    strategies,
    classes,
    comparisons,
    billing: plan.money.billing,
    assumptions,
    requestsPerReplication: meanNumber(baseline.map((each) => each.total.fields[FIELD.sent]!)),
    replications: plan.replications,
    classesWithoutArrivals: plan.classes.flatMap(({ name }, c) =>
      baseline.some((each) => each.byClass[c]!.fields[FIELD.sent]! > 0) ? [] : [name],
    ),
    isMeasured: result.kind === "measured",
    hasWarmup: plan.warmup.kind !== "none",
  });
  const [headline, ...rest] = answer.sentences;
  // The baseline saves nothing against itself.
  const about = answer.recommended ?? answer.named.find((name) => name !== strategies[0]!.name);
  const truth = about === undefined ? "" : priceSentence(result.priceReadings ?? [], about, plan.money);
  const sentences = [headline!, ...(truth === "" ? [] : [truth]), ...rest];
  return {
    verdict: sentences.join(" "),
    verdictSentences: sentences,
    verdictStrategies: answer.named,
    recommended: answer.recommended,
    standings: answer.standings,
    assumptions,
  };
}

function classOf(plan: Plan, each: ClassPlan, index: number): RunResult["classes"][number] {
  const roundTripMs = nearestRoundTripMs(plan, each, index);
  return {
    name: each.name,
    model: plan.models[each.model]!.name,
    tags: each.tags,
    sloE2eMs: finiteOrNull(each.sloE2eMs),
    sloTtftMs: finiteOrNull(each.sloTtftMs),
    ...(each.sloShare === null ? {} : { sloShare: each.sloShare }),
    ...(each.deferrable ? { deferrable: true } : {}),
    ...(roundTripMs === null ? {} : { roundTripMs }),
    residency: each.residency,
    ...(each.residency === null ? {} : { residencyRule: residencySummary(plan, each) }),
  };
}

/** Of a class's callers to the nearest region that it may call, averaged over its origins; null where none is legal. */
function nearestRoundTripMs(
  { network, targets, regionNames, traffic }: Plan,
  each: ClassPlan,
  index: number,
): number | null {
  const regions = targets.flatMap(({ region }, t) => (each.legal[t] === 1 ? [region] : []));
  if (regions.length === 0) return null;
  let sum = 0;
  for (const { originIndex, share } of traffic[index]!.originShares) {
    sum += share * Math.min(...regions.map((region) => network.rttMs[originIndex * regionNames.length + region]!));
  }
  return Number.isFinite(sum) ? Number(sum.toPrecision(12)) : null;
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

/** The note of every run that begins with an empty system. */
export const EMPTY_START = "The run begins with an empty system; nothing is in flight at its start.";

function notesOf(plan: Plan, strategies: readonly StrategyResult[]): readonly string[] {
  const notes = [EMPTY_START, ...plan.notes];
  if (plan.arrivalsFromMs > 0) {
    notes.push(
      `A window of a longer run: requests before ${formatHours(plan.arrivalsFromMs)} of its clock are left out.`,
    );
  }
  if (plan.replications === 1) {
    const difference = strategies.length > 1 ? ", and no difference can be shown" : "";
    notes.push(`One replication: no interval can be given${difference}.`);
  }
  for (const strategy of strategies) {
    for (const line of strategy.reserved ?? []) notes.push(reservedNote(strategy.name, line));
    if (strategy.sessions !== undefined) notes.push(sessionsNote(strategy.name, strategy.sessions));
    if (strategy.status === "unstable") notes.push(`${strategy.name} is unstable: ${strategy.statusReason}.`);
    if (strategy.total.counts.inFlight > 0) {
      notes.push(
        `${strategy.name}: ${strategy.total.counts.inFlight} requests had not ended when the run was cut off.`,
      );
    }
  }
  return notes;
}

function sessionsNote(strategy: string, { begun, completed, left, full, cut }: SessionCounts): string {
  const parts = [
    [left, "were left after a turn that was not served"],
    [full, "filled their context window"],
    [cut, "were cut by the end of the run"],
  ] as const;
  const others = parts.flatMap(([count, how]) => (count > 0 ? [`${count.toLocaleString("en-US")} ${how}`] : []));
  const all = `${begun.toLocaleString("en-US")} sessions, of which ${completed.toLocaleString("en-US")} had all their turns`;
  return `${strategy}: ${[all, ...others].join(", ")}.`;
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
