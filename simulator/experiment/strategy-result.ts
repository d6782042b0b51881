/** One strategy of a run: its groups, its replications, its quotas and its bill, as estimates. */

import { tInterval } from "../base/statistics.ts";
import { HOUR_MS } from "../base/time.ts";
import { CELL, CELL_FIELDS, FIELD } from "../engine/recorder.ts";
import type { SessionCounts } from "../engine/sessions.ts";
import type { Plan } from "../scenario/plan.ts";
import { BILLED_KINDS } from "../service/pricing/billing.ts";
import { BILLING_RULES, type BillingRule, formatUsd, OUTPUT } from "../service/pricing/prices.ts";
import { metricOf } from "./compare.ts";
import {
  billUsd,
  groupResult,
  quantileOrNull,
  quotaSummaries,
  reservedSummary,
  samplesOf,
  usdPer1kServed,
} from "./groups.ts";
import { distribution, type GroupStats, type ReplicationStats } from "./replication-stats.ts";
import type {
  ClassPoint,
  CostSummary,
  GroupResult,
  HourGroup,
  NamedGroup,
  QuotaNeed,
  RegionHourCell,
  ReplicationPoint,
  StrategyResult,
} from "./result.ts";
import type { ClassLatency } from "./result-detail.ts";

/** Estimates of one strategy over its replications; against the baseline where it is not the baseline itself. */
export function strategyResult(
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
    total: withMonth(
      group((each) => each.total),
      stats,
      (each) => each.total,
    ),
    byClass: plan.classes.map((each, c): NamedGroup => {
      const pick = (one: ReplicationStats) => one.byClass[c]!;
      return { name: each.name, ...withMonth(group(pick), stats, pick) };
    }),
    byRegion: namedRegions(plan, stats).map(
      ({ name, r }): NamedGroup => ({
        name,
        ...withAttemptsOf(
          group((one) => one.byRegion[r]),
          stats,
          r,
        ),
      }),
    ),
    byHour: [...Array(hours).keys()].map(
      (hour): HourGroup => ({
        hour,
        startsAt: new Date(plan.startMs + hour * HOUR_MS).toISOString(),
        ...group((one) => one.byHour[hour]),
      }),
    ),
    byRegionHour: regionHours(plan, stats),
    ...classLatencyOf(plan, stats),
    e2eDistribution: distribution(stats.map((each) => each.e2eCounts)),
    ttftDistribution: distribution(stats.map((each) => each.ttftCounts)),
    meanInSystem: tInterval(stats.map((each) => each.meanInSystem)),
    quotas: quotaSummaries(stats),
    ...(stats[0]?.quotaNeeds === undefined ? {} : { quotaNeeds: needsOf(stats) }),
    ...tokenPart(stats),
    ...reservedSummary(stats),
    ...sessionPart(stats),
    replications: stats.map((each) => replicationPoint(plan, each)),
    samples: samplesOf(
      stats,
      { classes: plan.classes.map((each) => each.name), regions: namedRegions(plan, stats).map(({ name }) => name) },
      plan.money.billing,
    ),
  };
}

/** Of the first replication; where others were counted, too, with what each of them needs. */
function needsOf(stats: readonly ReplicationStats[]): readonly QuotaNeed[] {
  const all = stats.flatMap(({ quotaNeeds }) => (quotaNeeds === undefined ? [] : [quotaNeeds]));
  return all[0]!.map((need) => {
    if (need.detail === undefined) return need;
    const same = all.flatMap((needs) => needs.find(({ id }) => id === need.id) ?? []);
    const byReplication = same.map(({ laws, detail }) => ({
      smallestLimit: Math.max(...laws.map(({ smallestLimit }) => smallestLimit)),
      unset: detail!.unset.smallestLimit,
      explicit: detail!.explicit.smallestLimit,
      settledADay: detail!.busiestDay.settled / detail!.busiestDay.coveredShare,
    }));
    return { ...need, detail: { ...need.detail, byReplication } };
  });
}

/** Of a class every third point up to p95 is enough for a line, and all beyond it. */
function isDrawn({ share }: { readonly share: number }, at: number): boolean {
  return at % 3 === 0 || share > 0.95;
}

/** Latency of each class by hour and by percentile; left out where some replication does not have it. */
function classLatencyOf(plan: Plan, stats: readonly ReplicationStats[]): Pick<StrategyResult, "classLatency"> {
  const found = stats.flatMap(({ classLatency }) => (classLatency === undefined ? [] : [classLatency]));
  if (found.length === 0 || found.length < stats.length) return {};
  const classLatency = plan.classes.map(({ name }, c): ClassLatency => {
    const hours = Math.max(0, ...found.map((each) => each[c]!.hours.length));
    const at = (hour: number) => found.map((each) => each[c]!.hours[hour]);
    const p95 = (hour: number, of: "e2e" | "ttft") =>
      tInterval(at(hour).map((each) => (each === undefined ? null : quantileOrNull(each[of], "p95"))));
    return {
      name,
      hours: [...Array(hours).keys()].map((hour) => ({
        served: at(hour).reduce((sum, each) => sum + (each?.e2e.count ?? 0), 0),
        e2eMsP95: p95(hour, "e2e"),
        ttftMsP95: p95(hour, "ttft"),
      })),
      e2eDistribution: distribution(found.map((each) => each[c]!.e2eCounts)).filter(isDrawn),
    };
  });
  return { classLatency };
}

/** Sessions of all replications. */
function sessionPart(stats: readonly ReplicationStats[]): Pick<StrategyResult, "sessions"> {
  const counts = stats.flatMap(({ sessions }) => sessions ?? []);
  if (counts.length === 0) return {};
  const sum = (of: keyof SessionCounts) => counts.reduce((total, each) => total + each[of], 0);
  return {
    sessions: {
      begun: sum("begun"),
      completed: sum("completed"),
      left: sum("left"),
      full: sum("full"),
      cut: sum("cut"),
    },
  };
}

/** Tokens billed by kind with their price, kinds of which there are none left out; and how many served no request. */
function tokenPart(stats: readonly ReplicationStats[]): Pick<StrategyResult, "tokens" | "wastedTokens"> {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const count = (kind: number) => sum(stats.map(({ tokens }) => tokens.count[kind] ?? 0));
  const tokens = BILLED_KINDS.flatMap((kind, k) => {
    const usd = (rule: BillingRule) =>
      formatUsd(stats.reduce((total, each) => total + (each.tokens.fUsd[rule][k] ?? 0n), 0n));
    if (count(k) === 0) return [];
    return [
      {
        kind,
        tokens: count(k),
        usd: { source: usd("source"), destination: usd("destination"), "lowest-cost": usd("lowest-cost") },
      },
    ];
  });
  const served = (field: number) => sum(stats.map(({ total }) => total.fields[field]!));
  const all = BILLED_KINDS.map((_, k) => count(k));
  const output = all[OUTPUT]!;
  return {
    tokens,
    wastedTokens: {
      prompt: sum(all) - output - served(FIELD.servedInputTokens),
      output: output - served(FIELD.outputTokens),
    },
  };
}

/** The same with the bill of a month (730 h) of the counted time. */
function withMonth(
  group: GroupResult,
  stats: readonly ReplicationStats[],
  pick: (each: ReplicationStats) => GroupStats,
): GroupResult {
  if (stats.some(({ countedHours }) => !(countedHours > 0))) return group;
  const entries = BILLING_RULES.map((rule) => {
    const usdPerMonth = tInterval(
      stats.map((each) => (billUsd(pick(each), rule) * HOURS_PER_MONTH) / each.countedHours),
    );
    return [rule, { ...group.cost[rule], usdPerMonth }] as const;
  });
  return { ...group, cost: Object.fromEntries(entries) as Record<BillingRule, CostSummary> };
}

/**
 * The same with the attempts that went to the region, and what was refused there: a request that was throttled in one
 * region and served in another counts among the requests of the second and the throttled attempts of the first.
 */
function withAttemptsOf(group: GroupResult, stats: readonly ReplicationStats[], region: number): GroupResult {
  const field = (index: number) => stats.map(({ regionAttempts }) => regionAttempts[region * CELL_FIELDS + index] ?? 0);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [attempts, throttled, unavailable] = [CELL.attempts, CELL.attemptsThrottled, CELL.attemptsUnavailable].map(
    field,
  );
  const share = (part: readonly number[]) =>
    tInterval(part.map((value, i) => (attempts![i]! > 0 ? value / attempts![i]! : null)));
  return {
    ...group,
    counts: {
      ...group.counts,
      attempts: sum(attempts!),
      attemptsThrottled: sum(throttled!),
      attemptsUnavailable: sum(unavailable!),
    },
    throttledAttemptShare: share(throttled!),
    unavailableAttemptShare: share(unavailable!),
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

function replicationPoint(plan: Plan, stats: ReplicationStats): ReplicationPoint {
  const { total } = stats;
  const { billing } = plan.money;
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
    byClass: plan.classes.map(({ name }, c) => classPoint(name, stats.byClass[c]!, billing)),
  };
}

function classPoint(name: string, group: GroupStats, billing: BillingRule): ClassPoint {
  const { fields } = group;
  const promised = fields[FIELD.withObjective]!;
  return {
    name,
    e2eMsP95: quantileOrNull(group.e2e, "p95"),
    ttftMsP95: quantileOrNull(group.ttft, "p95"),
    failedShare: metricOf(group, "failedShare", billing),
    goodputShare: promised > 0 ? fields[FIELD.withinObjective]! / promised : null,
    usdPer1kServed: usdPer1kServed(group, billing),
  };
}

const HOURS_PER_MONTH = 730;

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
