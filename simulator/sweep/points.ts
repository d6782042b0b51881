/**
 * What a sweep found, the metrics of every point, strategy and class as one flat table; and what is asked of it, a metric of a
 * group of requests and its limit.
 */
import { type Estimate, tInterval } from "../base/statistics.ts";
import type { GroupResult, RunResult } from "../experiment/result.ts";

/** Metrics that a curve may show; each is one number of a group of requests. */
export const SWEEP_METRICS = [
  "p50",
  "p95",
  "p99",
  "ttft-p95",
  "failed",
  "throttled",
  "goodput",
  "cost",
  "saving",
  "regret",
] as const;
export type SweepMetric = (typeof SWEEP_METRICS)[number];

/** Metrics that are percentiles, and the share of the requests that each leaves out. */
const LEFT_OUT: Readonly<Partial<Record<SweepMetric, number>>> = { p50: 0.5, p95: 0.05, p99: 0.01, "ttft-p95": 0.05 };

export function isLatency(metric: SweepMetric): boolean {
  return LEFT_OUT[metric] !== undefined;
}

/** The share of failed requests above which a metric does not exist; 1 for what is no percentile. */
export function leftOutShare(metric: SweepMetric): number {
  return LEFT_OUT[metric] ?? 1;
}

/** Name of the group of all requests. */
export const ALL = "all";

/** One strategy and class at one point. */
export interface SweepRow {
  /** Index of the point in the design. */
  readonly point: number;
  /** Values of the factors there; null where the scenario's own stands. */
  readonly values: readonly unknown[];
  readonly strategy: string;
  /** A class of traffic, or `all`. */
  readonly group: string;
  readonly isUnstable: boolean;
  readonly metrics: Readonly<Record<SweepMetric, Estimate>>;
}

/** The rows of a point's result. */
export function rowsOf(point: number, values: readonly unknown[], result: RunResult): readonly SweepRow[] {
  return result.strategies.flatMap((strategy) => {
    const groups = [
      { name: ALL, group: strategy.total as GroupResult },
      ...strategy.byClass.map((each) => ({ name: each.name, group: each as GroupResult })),
    ];
    const regret = regretsOf(result, strategy.name);
    return groups.map(({ name, group }) => ({
      point,
      values,
      strategy: strategy.name,
      group: name,
      isUnstable: strategy.status === "unstable",
      metrics: {
        ...metricsOf(group, result, strategy.name === result.baseline),
        regret: regret.get(name) ?? tInterval([]),
      },
    }));
  });
}

/** By group: how far the strategy's cost is above the least possible for what it served, as a share of that. */
function regretsOf({ bound, billing, strategies }: RunResult, name: string): ReadonlyMap<string, Estimate> {
  const own = bound?.strategies.find(({ strategy }) => strategy === name);
  const strategy = strategies.find((each) => each.name === name);
  if (own === undefined || strategy === undefined) return new Map();
  const classes = own.byClass.map((each): readonly [string, Estimate] => {
    const costUsd = strategy.byClass.find((one) => one.name === each.name)?.cost[billing].totalUsd.value ?? null;
    const regretUsd = each.regretUsd.value;
    if (costUsd === null || regretUsd === null || costUsd <= regretUsd) return [each.name, tInterval([])];
    const { low, high, n } = each.regretUsd;
    // Of the mean bound, which hardly varies beside the regret.
    const share = (usd: number | null) => (usd === null ? null : usd / (costUsd - regretUsd));
    return [each.name, { value: share(regretUsd), low: share(low), high: share(high), n }];
  });
  return new Map([[ALL, own.regretShare], ...classes]);
}

const NOTHING: Estimate = { value: 0, low: 0, high: 0, n: 0 };

function metricsOf(
  group: GroupResult,
  { billing }: RunResult,
  isBaseline: boolean,
): Omit<SweepRow["metrics"], "regret"> {
  const cost = group.cost[billing];
  return {
    p50: ofServed(group.e2eMs.p50, group, "p50"),
    p95: ofServed(group.e2eMs.p95, group, "p95"),
    p99: ofServed(group.e2eMs.p99, group, "p99"),
    "ttft-p95": ofServed(group.ttftMs.p95, group, "ttft-p95"),
    failed: group.failedShare,
    throttled: group.throttledAttemptShare,
    goodput: group.goodputShare,
    cost: cost.usdPer1kServed,
    // The baseline saves nothing against itself: what saves less is not worth it.
    saving: cost.savingShare ?? (isBaseline ? NOTHING : tInterval([])),
  };
}

/**
 * A percentile of the latency of all requests, failed ones counted as never answered: where more fail than the
 * percentile leaves out it does not exist. A percentile of the survivors would fall as the load rises.
 */
function ofServed(estimate: Estimate, group: GroupResult, metric: SweepMetric): Estimate {
  const failed = group.failedShare.value;
  return failed !== null && failed > leftOutShare(metric) ? tInterval([]) : estimate;
}

/** The question put to the points. */
export interface SweepQuestion {
  readonly metric: SweepMetric;
  /** A class, or `all`. */
  readonly group: string;
  /** In the metric's unit; null: none. */
  readonly objective: number | null;
  /** Of costs and savings: a strategy whose p95 latency exceeds it is not worth its money. Null: no objective. */
  readonly p95LimitMs: number | null;
}

/** A class of traffic with its own objectives, as the scenario has them. */
export interface SweepClass {
  readonly name: string;
  /** Null: none. */
  readonly sloE2eMs: number | null;
  readonly sloTtftMs: number | null;
  /** Share of the requests that has to lie within. */
  readonly sloShare: number;
}

/** What a person said; the rest follows from the classes. */
export interface AskedQuestion {
  readonly metric: SweepMetric;
  readonly group: string | null;
  readonly objective: number | null;
}

/**
 * The same question for every group of requests. The one that is asked about comes first: the class that was named, the
 * only class, the first one with an objective of its own, or all requests. Classes of their own objective are judged by it
 * unless another is given.
 */
export function questionsOf(classes: readonly SweepClass[], asked: AskedQuestion): readonly SweepQuestion[] {
  const { metric, objective } = asked;
  const limitOn = (group: string, of: SweepMetric) =>
    ownObjective(
      classes.find(({ name }) => name === group),
      of,
    );
  const ownOf = (group: string) => limitOn(group, metric);
  const isMoney = metric === "cost" || metric === "saving";
  const limitOf = (group: string) => (isMoney ? limitOn(group, "p95") : null);
  const names = classes.map(({ name }) => name);
  const first = asked.group ?? firstGroup(names, objective === null ? ownOf : () => null);
  const others = [...names, ...(names.length > 1 ? [ALL] : [])].filter((group) => group !== first);
  return [
    { metric, group: first, objective: objective ?? ownOf(first), p95LimitMs: limitOf(first) },
    ...others.map((group) => ({ metric, group, objective: ownOf(group), p95LimitMs: limitOf(group) })),
  ];
}

function firstGroup(names: readonly string[], ownOf: (group: string) => number | null): string {
  if (names.length === 1) return names[0]!;
  return names.find((name) => ownOf(name) !== null) ?? ALL;
}

/** Percentiles that an objective with a share is about: "95 % within 8 s" limits p95. */
const SHARE_OF: Readonly<Partial<Record<SweepMetric, number>>> = {
  p50: 0.5,
  p95: 0.95,
  p99: 0.99,
  "ttft-p95": 0.95,
};

function ownObjective(one: SweepClass | undefined, metric: SweepMetric): number | null {
  if (one === undefined || SHARE_OF[metric] !== one.sloShare) return null;
  return metric === "ttft-p95" ? one.sloTtftMs : one.sloE2eMs;
}
