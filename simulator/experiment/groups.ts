/** Estimates over replications: one group of requests, quotas, reserved capacity and residency of a strategy. */
import { type Estimate, observationsForQuantile, tInterval } from "../base/statistics.ts";
import { END } from "../client/request-rules.ts";
import { FIELD } from "../engine/recorder.ts";
import type { ClassPlan, Plan } from "../scenario/plan.ts";
import { BILLING_RULES, type BillingRule } from "../service/pricing/prices.ts";
import type { GroupStats, LatencyStats, ReplicationStats } from "./replication-stats.ts";
import {
  type CostSummary,
  type Counts,
  type GroupResult,
  type GroupSamples,
  type LatencySummary,
  type QuotaSummary,
  type ResidencySummary,
  SAMPLE_METRICS,
  type SampleMetric,
  type StrategyResult,
} from "./result.ts";

/** Costs are exact in femto-dollars. */
const FUSD_PER_USD = 1e15;

/** What is needed to turn one group's replications into estimates. */
export interface GroupInput {
  /** One per replication. */
  readonly stats: readonly GroupStats[];
  /** The same group under the baseline, aligned by replication; null for the baseline itself. */
  readonly baseline: readonly GroupStats[] | null;
  /** Requests of the whole strategy, by replication: for traffic shares. */
  readonly sent: readonly number[];
}

/** Estimates over replications, each with its interval. */
export function groupResult({ stats, baseline, sent }: GroupInput): GroupResult {
  const field = (index: number) => stats.map((each) => each.fields[index]!);
  const share = (part: readonly number[], whole: readonly number[]) =>
    tInterval(part.map((value, i) => ratio(value, whole[i]!)));
  const requests = field(FIELD.sent);
  const attempts = field(FIELD.attempts);
  const served = field(END.served);
  const unserved = requests.map((value, i) => value - served[i]!);
  return {
    counts: countsOf(stats),
    e2eMs: latencySummary(stats.map((each) => each.e2e)),
    ttftMs: latencySummary(stats.map((each) => each.ttft)),
    queueWaitMs: latencySummary(stats.map((each) => each.wait)),
    throttledAttemptShare: share(field(FIELD.attemptsThrottled), attempts),
    unavailableAttemptShare: share(field(FIELD.attemptsUnavailable), attempts),
    timedOutAttemptShare: share(field(FIELD.attemptsTimedOut), attempts),
    failedShare: share(unserved, requests),
    retriedShare: share(field(FIELD.retried), requests),
    attemptsPerRequest: share(attempts, requests),
    waitedShare: share(field(FIELD.waited), served),
    goodputShare: share(field(FIELD.withinObjective), field(FIELD.withObjective)),
    trafficShare: share(requests, sent),
    cost: Object.fromEntries(BILLING_RULES.map((rule) => [rule, costSummary(stats, baseline, rule)])) as Record<
      BillingRule,
      CostSummary
    >,
  };
}

/** USD per 1,000 served requests of one replication; null when nothing was served. */
export function usdPer1kServed(stats: GroupStats, rule: BillingRule): number | null {
  return ratio(billUsd(stats, rule) * 1000, stats.fields[END.served]!);
}

/** Tokens, routing fee and reserved capacity of one replication, USD. */
export function billUsd(stats: GroupStats, rule: BillingRule): number {
  return Number(stats.cost[rule].totalFUsd + stats.reservedFUsd) / FUSD_PER_USD;
}

/** A quantile of one replication, or null where too few requests stand behind it to say anything. */
export function quantileOrNull(latency: LatencyStats, p: "p50" | "p95" | "p99"): number | null {
  const least = { p50: 1, p95: LEAST_P95, p99: LEAST_P99 }[p];
  return latency.count >= least ? latency[p] : null;
}

const LEAST_P95 = observationsForQuantile(0.95);
const LEAST_P99 = observationsForQuantile(0.99);

function latencySummary(latencies: readonly LatencyStats[]): LatencySummary {
  const known = latencies.filter((each) => each.count > 0);
  return {
    mean: tInterval(latencies.map((each) => each.mean)),
    p50: tInterval(latencies.map((each) => quantileOrNull(each, "p50"))),
    p95: tInterval(latencies.map((each) => quantileOrNull(each, "p95"))),
    p99: tInterval(latencies.map((each) => quantileOrNull(each, "p99"))),
    max: known.length === 0 ? null : Math.max(...known.map((each) => each.max)),
    count: latencies.reduce((sum, each) => sum + each.count, 0),
  };
}

function costSummary(
  stats: readonly GroupStats[],
  baseline: readonly GroupStats[] | null,
  rule: BillingRule,
): CostSummary {
  const perServed = stats.map((each) => usdPer1kServed(each, rule));
  const saving = (): Estimate =>
    tInterval(
      perServed.map((mine, i) => {
        const theirs = baseline![i] === undefined ? null : usdPer1kServed(baseline![i]!, rule);
        return mine === null || theirs === null || theirs === 0 ? null : 1 - mine / theirs;
      }),
    );
  return {
    totalUsd: tInterval(stats.map((each) => billUsd(each, rule))),
    usdPer1kServed: tInterval(perServed),
    routingFeeUsd: tInterval(stats.map((each) => Number(each.cost[rule].feeFUsd) / FUSD_PER_USD)),
    ...(stats.some((each) => each.reservedFUsd > 0n)
      ? { reservedUsd: tInterval(stats.map((each) => Number(each.reservedFUsd) / FUSD_PER_USD)) }
      : {}),
    savingShare: baseline === null ? null : saving(),
  };
}

function countsOf(stats: readonly GroupStats[]): Counts {
  const sum = (index: number) => stats.reduce((total, each) => total + each.fields[index]!, 0);
  return {
    sent: sum(FIELD.sent),
    served: sum(END.served),
    throttled: sum(END.throttled),
    refused: sum(END.refused),
    timedOut: sum(END.timedOut),
    abandoned: sum(END.abandoned),
    failed: sum(END.failed),
    residencyRefused: sum(END.residencyRefused),
    residencyViolations: sum(FIELD.residencyViolations),
    inFlight: sum(END.inFlight),
    attempts: sum(FIELD.attempts),
    attemptsThrottled: sum(FIELD.attemptsThrottled),
    attemptsUnavailable: sum(FIELD.attemptsUnavailable),
    attemptsTimedOut: sum(FIELD.attemptsTimedOut),
    retried: sum(FIELD.retried),
    waited: sum(FIELD.waited),
    inputTokens: sum(FIELD.inputTokens),
    outputTokens: sum(FIELD.outputTokens),
    ...someOf({
      broken: sum(FIELD.broken),
      idle: sum(FIELD.idle),
      empty: sum(FIELD.empty),
      attemptsBroken: sum(FIELD.attemptsBroken),
      attemptsIdle: sum(FIELD.attemptsIdle),
      attemptsEmpty: sum(FIELD.attemptsEmpty),
    }),
  };
}

/** The counts that are not 0. */
function someOf<Name extends string>(counts: Readonly<Record<Name, number>>): Partial<Record<Name, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<Record<Name, number>>;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Each quota's use over all replications: counts add up, the highest use and the first and last refusal stand. */
export function quotaSummaries(stats: readonly ReplicationStats[]): readonly QuotaSummary[] {
  return (stats[0]?.quotas ?? []).map((quota, q) => {
    const all = stats.map((each) => each.quotas[q]!);
    const sum = (pick: (use: (typeof all)[number]) => number) => all.reduce((total, use) => total + pick(use), 0);
    const instants = (pick: (use: (typeof all)[number]) => number | null) => all.map(pick).filter((ms) => ms !== null);
    const first = instants((use) => use.firstRefusalMs);
    const last = instants((use) => use.lastRefusalMs);
    return {
      id: quota.id,
      granted: sum((use) => use.granted),
      refusedTokensPerMinute: sum((use) => use.refusedTokensPerMinute),
      refusedTokensPerDay: sum((use) => use.refusedTokensPerDay),
      refusedRequests: sum((use) => use.refusedRequests),
      overshootTokens: sum((use) => use.overshootTokens),
      utilisationMax: Math.max(...all.map((use) => use.utilisationMax)),
      firstRefusalMs: first.length === 0 ? null : Math.min(...first),
      lastRefusalMs: last.length === 0 ? null : Math.max(...last),
    };
  });
}

/** What reserved capacity costs a strategy; nothing at all for one that holds none. */
export function reservedSummary(stats: readonly ReplicationStats[]): Pick<StrategyResult, "reserved"> {
  const lines = stats[0]?.reserved ?? [];
  if (lines.length === 0) return {};
  return {
    reserved: lines.map(({ name, usdPerHour }, i) => ({
      name,
      usdPerHour,
      hours: tInterval(stats.map((each) => each.reserved[i]!.hours)),
      usd: tInterval(stats.map((each) => Number(each.reserved[i]!.costFUsd) / FUSD_PER_USD)),
    })),
  };
}

/** What a class's rule allows in this world, target by target, with the reasons that the resolver found. */
export function residencySummary(plan: Plan, each: ClassPlan): ResidencySummary {
  return {
    regions: plan.regionNames.filter((_, region) => each.allowedRegions[region] === 1),
    targets: plan.targets.map(({ id }, target) => ({
      target: id,
      legal: each.legal[target] === 1,
      reason: each.reasons[target] ?? null,
    })),
  };
}

/**
 * All samples of one strategy.
 *
 * @param stats one for each replication, in order
 * @param names classes and regions in the order of the stats' groups
 */
export function samplesOf(
  stats: readonly ReplicationStats[],
  names: { readonly classes: readonly string[]; readonly regions: readonly string[] },
  billing: BillingRule,
): readonly GroupSamples[] {
  const group = (scope: GroupSamples["scope"], name: string, pick: (one: ReplicationStats) => GroupStats) => ({
    scope,
    name,
    values: valuesOf(
      stats.map((one) => [pick(one), one.total] as const),
      billing,
    ),
  });
  return [
    group("total", "", (one) => one.total),
    ...names.classes.map((name, c) => group("class", name, (one) => one.byClass[c]!)),
    ...names.regions.map((name, r) => group("region", name, (one) => one.byRegion[r]!)),
  ];
}

function valuesOf(
  pairs: readonly (readonly [group: GroupStats, total: GroupStats])[],
  billing: BillingRule,
): GroupSamples["values"] {
  const values: Partial<Record<SampleMetric, readonly (number | null)[]>> = {};
  for (const metric of SAMPLE_METRICS) {
    values[metric] = pairs.map(([group, total]) => sampleOf(metric, group, { total, billing }));
  }
  return values as GroupSamples["values"];
}

function sampleOf(
  metric: SampleMetric,
  group: GroupStats,
  { total, billing }: { readonly total: GroupStats; readonly billing: BillingRule },
): number | null {
  const { fields, e2e, ttft, wait } = group;
  const sent = fields[FIELD.sent]!;
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  switch (metric) {
    case "e2eMsMean":
      return e2e.count > 0 ? e2e.mean : null;
    case "e2eMsP50":
      return quantileOrNull(e2e, "p50");
    case "e2eMsP95":
      return quantileOrNull(e2e, "p95");
    case "e2eMsP99":
      return quantileOrNull(e2e, "p99");
    case "ttftMsP50":
      return quantileOrNull(ttft, "p50");
    case "ttftMsP95":
      return quantileOrNull(ttft, "p95");
    case "ttftMsP99":
      return quantileOrNull(ttft, "p99");
    case "waitMsP95":
      return quantileOrNull(wait, "p95");
    case "goodputShare":
      return share(fields[FIELD.withinObjective]!, fields[FIELD.withObjective]!);
    case "throttledAttemptShare":
      return share(fields[FIELD.attemptsThrottled]!, fields[FIELD.attempts]!);
    case "failedShare":
      return share(sent - fields[END.served]!, sent);
    case "retriedShare":
      return share(fields[FIELD.retried]!, sent);
    case "trafficShare":
      return share(sent, total.fields[FIELD.sent]!);
    case "usdPer1kServed":
      return usdPer1kServed(group, billing);
    case "billUsd":
      return billUsd(group, billing);
  }
}
