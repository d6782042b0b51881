/** CloudWatch's GetMetricData and GetMetricStatistics over the metrics of a fleet. */
import { MINUTE_MS } from "../../simulator/base/time.ts";
import { ServiceError } from "../http/errors.ts";
import { asList, asNumber, asObject, asText, type JsonObject, optional } from "../http/request-body.ts";
import { type MetricName, type MetricSeries, Statistics } from "./metrics.ts";

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

/**
 * Answers CloudWatch's GetMetricStatistics (in JSON) for one region.
 *
 * @param body   the request; `Statistics` and `ExtendedStatistics` name what is asked
 * @param region endpoint that received it
 * @param all    series of the whole fleet
 * @throws ServiceError as {@link metricData}, and if no statistic is named
 * Source: Amazon CloudWatch API reference, GetMetricStatistics.
 */
export function metricStatistics(body: JsonObject, region: string, all: readonly MetricSeries[]): object {
  const plain = (optional(body.Statistics, asList) ?? []).map(asText);
  const extended = (optional(body.ExtendedStatistics, asList) ?? []).map(asText);
  if (plain.length + extended.length === 0) {
    throw invalid("At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  }
  const periods = periodsOf(body, optional(body.Period, asNumber) ?? 60, {
    series: all.filter((candidate) => candidate.region === region),
    startMs: instantMs(body.StartTime, 0),
    endMs: instantMs(body.EndTime, Number.MAX_SAFE_INTEGER),
  });
  const name = asText(body.MetricName);
  const valuesOf = (names: readonly string[], statistics: Statistics): object =>
    Object.fromEntries(names.map((each) => [each, readerOf(each)(statistics)]));
  const datapoints = [...periods].map(([startS, statistics]) => ({
    Timestamp: new Date(startS * 1000).toISOString(),
    ...valuesOf(plain, statistics),
    ...(extended.length === 0 ? {} : { ExtendedStatistics: valuesOf(extended, statistics) }),
    Unit: UNITS[name as MetricName] ?? "Count",
  }));
  return { Label: name, Datapoints: datapoints };
}

const UNITS: Readonly<Partial<Record<MetricName, string>>> = {
  InvocationLatency: "Milliseconds",
  TimeToFirstToken: "Milliseconds",
};

const STATS: Readonly<Record<string, (statistics: Statistics) => number>> = {
  Sum: ({ sum }) => sum,
  SampleCount: ({ count }) => count,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
};
/** `p95`, `p99.9`, `p100`. */
const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/;

function readerOf(name: string): (statistics: Statistics) => number {
  const share = Number(PERCENTILE.exec(name)?.[1]) / 100;
  if (!Number.isNaN(share)) return (statistics) => statistics.quantile(share);
  const read = Object.hasOwn(STATS, name) ? STATS[name] : undefined;
  if (read === undefined) throw invalid(`The value ${name.slice(0, 40)} for parameter Stat is not supported.`);
  return read;
}

function result(query: JsonObject, series: readonly MetricSeries[], startMs: number, endMs: number): object {
  const id = asText(query.Id);
  const stat = asObject(query.MetricStat);
  const metric = asObject(stat.Metric);
  const read = readerOf(asText(stat.Stat));
  const periods = periodsOf(metric, optional(stat.Period, asNumber) ?? 60, { series, startMs, endMs });
  const newestFirst = [...periods].sort(([a], [b]) => b - a);
  return {
    Id: id,
    Label: optional(query.Label, asText) ?? asText(metric.MetricName),
    Timestamps: newestFirst.map(([startS]) => new Date(startS * 1000).toISOString()),
    Values: newestFirst.map(([, statistics]) => read(statistics)),
    StatusCode: "Complete",
  };
}

interface PeriodSource {
  readonly series: readonly MetricSeries[];
  readonly startMs: number;
  readonly endMs: number;
}

/** Statistics of a metric by start of the period, seconds since 1970. */
function periodsOf(metric: JsonObject, periodS: number, source: PeriodSource): ReadonlyMap<number, Statistics> {
  if (!(periodS >= 60 && periodS % 60 === 0)) throw invalid("The parameter Period must be a multiple of 60.");
  const name = asText(metric.MetricName);
  const modelId = modelIdOf(metric);
  const periods = new Map<number, Statistics>();
  for (const candidate of source.series) {
    if (candidate.name !== name || (modelId !== undefined && candidate.modelId !== modelId)) continue;
    for (const [minute, statistics] of candidate.minutes) {
      const atMs = minute * MINUTE_MS;
      if (atMs < source.startMs || atMs >= source.endMs) continue;
      const startS = Math.floor(minute / (periodS / 60)) * periodS;
      const into = periods.get(startS) ?? new Statistics();
      into.addAll(statistics);
      periods.set(startS, into);
    }
  }
  return periods;
}

function modelIdOf(metric: JsonObject): string | undefined {
  const dimensions = (optional(metric.Dimensions, asList) ?? []).map(asObject);
  return optional(dimensions.find((dimension) => dimension.Name === "ModelId")?.Value, asText);
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
