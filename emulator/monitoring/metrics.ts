/** CloudWatch's metrics of Bedrock from the outcomes of requests: counters, Prometheus text and GetMetricData. */
import { MINUTE_MS } from "../../simulator/base/time.ts";
import { ServiceError } from "../http/errors.ts";
import { asList, asNumber, asObject, asText, type JsonObject, optional } from "../http/request-body.ts";
import type { InvocationOutcome } from "./invocation-log.ts";

/**
 * CloudWatch's metrics of namespace AWS/Bedrock, kept by region, model and minute. Throttles count neither as
 * invocations nor as errors. Source: Amazon Bedrock User Guide, Monitoring with CloudWatch.
 */
export const METRIC_NAMES = [
  "Invocations",
  "InvocationLatency",
  "TimeToFirstToken",
  "InvocationClientErrors",
  "InvocationServerErrors",
  "InvocationThrottles",
  "InputTokenCount",
  "OutputTokenCount",
  "CacheReadInputTokens",
  "CacheWriteInputTokens",
  "EstimatedTPMQuotaUsage",
] as const;
/** Name of a metric of AWS/Bedrock. */
export type MetricName = (typeof METRIC_NAMES)[number];

/** Statistics of the values of one period. */
interface Statistics {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** The metrics of a fleet. */
export interface Metrics {
  add(outcome: InvocationOutcome): void;
  series(): readonly MetricSeries[];
}

/** One metric of one region and model. */
interface MetricSeries {
  readonly region: string;
  readonly modelId: string;
  readonly name: MetricName;
  readonly total: Statistics;
  /** By minute since 1970, in time order; at most one day of minutes. */
  readonly minutes: ReadonlyMap<number, Statistics>;
}

const KEPT_MINUTES = 1440;

interface OpenSeries extends MetricSeries {
  readonly minutes: Map<number, Statistics>;
}

/** @returns empty metrics */
export function createMetrics(): Metrics {
  const all = new Map<string, OpenSeries>();

  function put(outcome: InvocationOutcome, name: MetricName, value: number): void {
    const key = `${outcome.region} ${outcome.modelId} ${name}`;
    let series = all.get(key);
    if (series === undefined) {
      const { region, modelId } = outcome;
      series = { region, modelId, name, total: noStatistics(), minutes: new Map() };
      all.set(key, series);
    }
    addValue(series.total, value);
    const minute = Math.floor(outcome.timestampMs / MINUTE_MS);
    let statistics = series.minutes.get(minute);
    if (statistics === undefined) {
      statistics = noStatistics();
      series.minutes.set(minute, statistics);
      if (series.minutes.size > KEPT_MINUTES) series.minutes.delete(series.minutes.keys().next().value!);
    }
    addValue(statistics, value);
  }

  return {
    series: () => [...all.values()],
    add(outcome) {
      const kind = kindOf(outcome);
      if (kind !== undefined) {
        put(outcome, kind, 1);
        return;
      }
      put(outcome, "Invocations", 1);
      put(outcome, "InputTokenCount", outcome.inputTokens);
      put(outcome, "OutputTokenCount", outcome.outputTokens);
      if (outcome.cacheReadTokens > 0) put(outcome, "CacheReadInputTokens", outcome.cacheReadTokens);
      if (outcome.cacheWriteTokens > 0) put(outcome, "CacheWriteInputTokens", outcome.cacheWriteTokens);
      put(outcome, "EstimatedTPMQuotaUsage", outcome.estimatedQuotaTokens);
      if (outcome.latencyMs !== undefined) put(outcome, "InvocationLatency", outcome.latencyMs);
      if (outcome.firstTokenMs !== undefined && outcome.operation.endsWith("Stream")) {
        put(outcome, "TimeToFirstToken", outcome.firstTokenMs);
      }
    },
  };
}

function kindOf({ error }: InvocationOutcome): MetricName | undefined {
  switch (error) {
    case undefined:
      return undefined;
    case "ThrottlingException":
      return "InvocationThrottles";
    case "InternalServerException":
    case "ServiceUnavailableException":
    case "ModelErrorException":
    case "ModelStreamErrorException":
    case "ModelTimeoutException":
    case "ModelNotReadyException":
      return "InvocationServerErrors";
    default:
      return "InvocationClientErrors";
  }
}

/** Formats metrics as Prometheus text: the sum and count of each, and the gauges. */
export function prometheusText(series: readonly MetricSeries[], gauges: Readonly<Record<string, number>>): string {
  const lines: string[] = [];
  for (const name of METRIC_NAMES) {
    const members = series.filter((candidate) => candidate.name === name);
    if (members.length === 0) continue;
    const metric = `bedrock_${snakeCase(name)}`;
    lines.push(`# TYPE ${metric} summary`);
    for (const { region, modelId, total } of members) {
      const labels = `{region="${escapeLabel(region)}",model_id="${escapeLabel(modelId)}"}`;
      lines.push(`${metric}_sum${labels} ${total.sum}`, `${metric}_count${labels} ${total.count}`);
    }
  }
  for (const [name, value] of Object.entries(gauges)) lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
  return `${lines.join("\n")}\n`;
}

function noStatistics(): Statistics {
  return { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
}

function addValue(statistics: Statistics, value: number): void {
  statistics.count++;
  statistics.sum += value;
  statistics.min = Math.min(statistics.min, value);
  statistics.max = Math.max(statistics.max, value);
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g, (letter) => `_${letter}`).toLowerCase();
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

/**
 * Answers CloudWatch's GetMetricData (in JSON) for one region.
 *
 * @param body   the request
 * @param region endpoint that received it
 * @param all    series of the whole fleet
 * @throws ServiceError ValidationException for a period that is not a whole number of minutes, an unknown statistic or
 *         an invalid instant; SerializationException for wrong types
 * Source: Amazon CloudWatch API reference, GetMetricData.
 */
export function metricData(body: JsonObject, region: string, all: readonly MetricSeries[]): object {
  const startMs = instantMs(body.StartTime, 0);
  const endMs = instantMs(body.EndTime, Number.MAX_SAFE_INTEGER);
  const queries = asList(body.MetricDataQueries).map(asObject);
  const series = all.filter((candidate) => candidate.region === region);
  return { MetricDataResults: queries.map((query) => result(query, series, startMs, endMs)), Messages: [] };
}

const STATS: Readonly<Record<string, (statistics: Statistics) => number>> = {
  Sum: ({ sum }) => sum,
  SampleCount: ({ count }) => count,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
};

function result(query: JsonObject, series: readonly MetricSeries[], startMs: number, endMs: number): object {
  const id = asText(query.Id);
  const stat = asObject(query.MetricStat);
  const metric = asObject(stat.Metric);
  const name = asText(metric.MetricName);
  const periodS = optional(stat.Period, asNumber) ?? 60;
  const statName = asText(stat.Stat);
  const read = Object.hasOwn(STATS, statName) ? STATS[statName] : undefined;
  if (read === undefined) throw invalid(`The value ${statName.slice(0, 40)} for parameter Stat is not supported.`);
  if (!(periodS >= 60 && periodS % 60 === 0)) throw invalid("The parameter Period must be a multiple of 60.");
  const modelId = modelIdOf(metric);
  const periods = new Map<number, Statistics>();
  for (const candidate of series) {
    if (candidate.name !== name || (modelId !== undefined && candidate.modelId !== modelId)) continue;
    for (const [minute, statistics] of candidate.minutes) {
      const atMs = minute * MINUTE_MS;
      if (atMs < startMs || atMs >= endMs) continue;
      merge(periods, Math.floor(minute / (periodS / 60)) * periodS, statistics);
    }
  }
  const newestFirst = [...periods].sort(([a], [b]) => b - a);
  return {
    Id: id,
    Label: optional(query.Label, asText) ?? name,
    Timestamps: newestFirst.map(([startS]) => new Date(startS * 1000).toISOString()),
    Values: newestFirst.map(([, statistics]) => read(statistics)),
    StatusCode: "Complete",
  };
}

function modelIdOf(metric: JsonObject): string | undefined {
  const dimensions = (optional(metric.Dimensions, asList) ?? []).map(asObject);
  return optional(dimensions.find((dimension) => dimension.Name === "ModelId")?.Value, asText);
}

function merge(periods: Map<number, Statistics>, startS: number, from: Statistics): void {
  const into = periods.get(startS) ?? noStatistics();
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  periods.set(startS, into);
}

/** Reads an instant: ISO 8601 text, or seconds since 1970. */
function instantMs(value: unknown, absent: number): number {
  if (value === undefined) return absent;
  const ms = typeof value === "number" ? value * 1000 : Date.parse(asText(value));
  if (!Number.isFinite(ms)) throw invalid("StartTime and EndTime must be instants in ISO 8601 or seconds since 1970.");
  return ms;
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}
