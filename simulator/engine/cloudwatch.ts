/** A run as Amazon CloudWatch would show it: series per minute, source region and called id. */
import { meanNumber, quantileSorted } from "../base/statistics.ts";
import { MINUTE_MS } from "../base/time.ts";
import type { Plan } from "../scenario/plan.ts";
import { OUTCOME } from "../service/service.ts";
import type { ObservedAttempt, SimulationObserver } from "./observer.ts";

/**
 * Metrics of one run as Amazon CloudWatch keeps them for the namespace AWS/Bedrock: per minute, source region and
 * called id (model or profile). Throttles count neither as invocations nor as errors; a call that a region in outage
 * never took is in no metric. A value belongs to the minute in which the service was done with the call.
 * Source: Amazon Bedrock User Guide, "Monitoring the performance of Amazon Bedrock"; names as it spells them.
 */
export interface CloudWatchSeries extends SimulationObserver {
  /** The answer of GetMetricData for every series of the run; call it after the run's end. */
  document(): CloudWatchDocument;
}

/** The answer of GetMetricData, and beside it what was asked: the namespace and dimensions of each id. */
export interface CloudWatchDocument {
  readonly MetricDataResults: readonly MetricDataResult[];
  readonly Messages: readonly never[];
  readonly MetricDataQueries: readonly MetricDataQuery[];
}

export interface MetricDataResult {
  readonly Id: string;
  /** `<source region>|<called id>|<metric>|<statistic>` */
  readonly Label: string;
  /** Starts of the minutes that have a value, newest first, as GetMetricData answers. */
  readonly Timestamps: readonly string[];
  readonly Values: readonly number[];
  readonly StatusCode: "Complete";
}

export interface MetricDataQuery {
  readonly Id: string;
  readonly Region: string;
  readonly MetricStat: {
    readonly Metric: {
      readonly Namespace: "AWS/Bedrock";
      readonly MetricName: CloudWatchMetric;
      readonly Dimensions: readonly { readonly Name: "ModelId"; readonly Value: string }[];
    };
    readonly Period: 60;
    readonly Stat: CloudWatchStatistic;
  };
}

export type CloudWatchMetric = (typeof SUMS)[number] | (typeof LATENCIES)[number];
export type CloudWatchStatistic = "Sum" | (typeof STATISTICS)[number];

const SUMS = [
  "Invocations",
  "InvocationThrottles",
  "InvocationClientErrors",
  "InvocationServerErrors",
  "InputTokenCount",
  "OutputTokenCount",
  "CacheReadInputTokens",
  "CacheWriteInputTokens",
  "EstimatedTPMQuotaUsage",
] as const;
const LATENCIES = ["InvocationLatency", "TimeToFirstToken"] as const;
const STATISTICS = ["Average", "p50", "p95", "p99"] as const;

/** Gathers the series of one run; instants of the run become minutes of UTC. */
export function createCloudWatchSeries(plan: Plan): CloudWatchSeries {
  const { models, targets, world } = plan;
  const groups: Group[] = [];
  const groupOf = targets.flatMap(({ region, calledIds }) =>
    calledIds.map((calledId) => {
      if (calledId === null) return -1;
      const known = groups.findIndex((group) => group.region === region && group.calledId === calledId);
      return known < 0 ? groups.push(newGroup(region, calledId)) - 1 : known;
    }),
  );
  let minute = Number.NaN;
  const close = () => {
    for (const group of groups) closeMinute(group, minute);
  };
  return {
    onAttemptEnd: (attempt) => {
      const now = Math.floor((plan.startMs + attempt.endedMs) / MINUTE_MS);
      if (now !== minute) close();
      minute = now;
      const group = groups[groupOf[attempt.target * models.length + attempt.model]!]!;
      const burndown = world.quotas[attempt.quota]?.burndown ?? models[attempt.model]!.burndown;
      add(group, attempt, burndown);
    },
    onRequestEnd: () => {},
    onRunEnd: close,
    document: () => documentOf(plan, groups),
  };
}

/** One source region and called id. */
interface Group {
  readonly region: number;
  readonly calledId: string;
  /** Of the current minute. */
  readonly sums: Record<(typeof SUMS)[number], number>;
  readonly latencies: Record<(typeof LATENCIES)[number], number[]>;
  /** By `<metric>|<statistic>`, oldest first. */
  readonly series: Map<string, { readonly minutes: number[]; readonly values: number[] }>;
}

function newGroup(region: number, calledId: string): Group {
  const series = new Map<string, { minutes: number[]; values: number[] }>();
  for (const metric of SUMS) series.set(`${metric}|Sum`, { minutes: [], values: [] });
  for (const metric of LATENCIES) {
    for (const statistic of STATISTICS) series.set(`${metric}|${statistic}`, { minutes: [], values: [] });
  }
  const sums = Object.fromEntries(SUMS.map((metric) => [metric, 0])) as Group["sums"];
  return { region, calledId, sums, latencies: { InvocationLatency: [], TimeToFirstToken: [] }, series };
}

function add(group: Group, attempt: ObservedAttempt, burndown: number): void {
  const { sums, latencies } = group;
  switch (attempt.outcome) {
    case OUTCOME.ok: {
      const { receivedMs } = attempt;
      sums.Invocations++;
      addTokens(group, attempt, burndown);
      latencies.InvocationLatency.push(attempt.answeredMs - receivedMs);
      // An answer whose first token is its last was not streamed: AWS has this metric for streams only.
      if (attempt.firstTokenMs < attempt.answeredMs) {
        latencies.TimeToFirstToken.push(attempt.firstTokenMs - receivedMs);
      }
      return;
    }
    case OUTCOME.empty:
      sums.Invocations++;
      addTokens(group, attempt, burndown);
      return;
    case OUTCOME.broken:
      sums.InvocationServerErrors++;
      addTokens(group, attempt, burndown);
      return;
    case OUTCOME.throttled:
      sums.InvocationThrottles++;
      return;
    case OUTCOME.abandoned:
    case OUTCOME.rejected:
      sums.InvocationClientErrors++;
      return;
    case OUTCOME.unavailable:
    case OUTCOME.error:
      if (attempt.endpoint >= 0) sums.InvocationServerErrors++;
      return;
  }
}

/** What came of an answer that broke off counts like that of a whole one. */
function addTokens({ sums }: Group, attempt: ObservedAttempt, burndown: number): void {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = attempt;
  sums.InputTokenCount += inputTokens - cacheReadTokens - cacheWriteTokens;
  sums.OutputTokenCount += outputTokens;
  sums.CacheReadInputTokens += cacheReadTokens;
  sums.CacheWriteInputTokens += cacheWriteTokens;
  sums.EstimatedTPMQuotaUsage += inputTokens - cacheReadTokens + outputTokens * burndown;
}

/** Moves what the minute had into the series; metrics that had nothing get no point, as in CloudWatch. */
function closeMinute({ sums, latencies, series }: Group, minute: number): void {
  const put = (name: string, value: number) => {
    const one = series.get(name)!;
    one.minutes.push(minute);
    one.values.push(value);
  };
  for (const metric of SUMS) {
    if (sums[metric] > 0) put(`${metric}|Sum`, sums[metric]);
    sums[metric] = 0;
  }
  for (const metric of LATENCIES) {
    const values = latencies[metric];
    if (values.length === 0) continue;
    // AWS does not publish its own rule for percentiles.
    const sorted = Float64Array.from(values).sort();
    put(`${metric}|Average`, meanNumber(values));
    // AWS does not publish how it takes percentiles; these are linear between neighbouring ranks.
    put(`${metric}|p50`, quantileSorted(sorted, 0.5));
    put(`${metric}|p95`, quantileSorted(sorted, 0.95));
    put(`${metric}|p99`, quantileSorted(sorted, 0.99));
    values.length = 0;
  }
}

function documentOf(plan: Plan, groups: readonly Group[]): CloudWatchDocument {
  const results: MetricDataResult[] = [];
  const queries: MetricDataQuery[] = [];
  for (const { region, calledId, series } of groups) {
    for (const [name, { minutes, values }] of series) {
      const Id = `m${results.length}`;
      const [metric, statistic] = name.split("|") as [CloudWatchMetric, CloudWatchStatistic];
      const Region = plan.regionNames[region]!;
      results.push({
        Id,
        Label: `${Region}|${calledId}|${name}`,
        Timestamps: minutes.toReversed().map(instantOf),
        Values: values.toReversed(),
        StatusCode: "Complete",
      });
      const Metric = {
        Namespace: "AWS/Bedrock" as const,
        MetricName: metric,
        Dimensions: [{ Name: "ModelId" as const, Value: calledId }],
      };
      queries.push({ Id, Region, MetricStat: { Metric, Period: 60, Stat: statistic } });
    }
  }
  return { MetricDataResults: results, Messages: [], MetricDataQueries: queries };
}

/** `2026-09-03T14:50:00Z` */
function instantOf(minute: number): string {
  return `${new Date(minute * MINUTE_MS).toISOString().slice(0, 19)}Z`;
}
