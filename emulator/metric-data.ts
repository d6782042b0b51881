import { ServiceError } from "./errors.ts";
import { type MetricSeries, noStatistics, type Statistics } from "./metrics.ts";
import { asList, asNumber, asObject, asText, type JsonObject, optional } from "./shape.ts";

/**
 * Answers a GetMetricData request of CloudWatch (its JSON shape) from the metrics of one region.
 *
 * @throws ServiceError ValidationException for a period that is no whole number of minutes, an unknown statistic or
 *         a broken instant; SerializationException for wrong types
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
      const atMs = minute * 60_000;
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

/** Instants come as ISO text or as seconds since 1970. */
function instantMs(value: unknown, absent: number): number {
  if (value === undefined) return absent;
  const ms = typeof value === "number" ? value * 1000 : Date.parse(asText(value));
  if (!Number.isFinite(ms)) throw invalid("StartTime and EndTime must be instants in ISO 8601 or seconds since 1970.");
  return ms;
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}
