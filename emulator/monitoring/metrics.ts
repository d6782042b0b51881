/**
 * CloudWatch's metrics of Bedrock from the outcomes of requests, by minute and as Prometheus text: sum, extremes and
 * percentiles of a period in bounded memory, however many values there are.
 */
import { quantileSorted } from "../../simulator/base/statistics.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
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

/** The metrics of a fleet. */
export interface Metrics {
  add(outcome: InvocationOutcome): void;
  series(): readonly MetricSeries[];
}

/** One metric of one region and model. */
export interface MetricSeries {
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
      series = { region, modelId, name, total: new Statistics(), minutes: new Map() };
      all.set(key, series);
    }
    series.total.add(value);
    const minute = Math.floor(outcome.timestampMs / MINUTE_MS);
    let statistics = series.minutes.get(minute);
    if (statistics === undefined) {
      statistics = new Statistics();
      series.minutes.set(minute, statistics);
      if (series.minutes.size > KEPT_MINUTES) series.minutes.delete(series.minutes.keys().next().value!);
    }
    statistics.add(value);
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

/** Upper limits of the histograms' buckets: milliseconds for latencies, tokens for lengths; none for what is counted. */
const LATENCY_LIMITS = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000];
const TOKEN_LIMITS = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];
const BUCKET_LIMITS: Readonly<Partial<Record<MetricName, readonly number[]>>> = {
  InvocationLatency: LATENCY_LIMITS,
  TimeToFirstToken: LATENCY_LIMITS,
  InputTokenCount: TOKEN_LIMITS,
  OutputTokenCount: TOKEN_LIMITS,
  CacheReadInputTokens: TOKEN_LIMITS,
  CacheWriteInputTokens: TOKEN_LIMITS,
  EstimatedTPMQuotaUsage: TOKEN_LIMITS,
};

/** Formats metrics as Prometheus text: histograms of latencies and tokens, the sum and count of the rest, the gauges. */
export function prometheusText(series: readonly MetricSeries[], gauges: Readonly<Record<string, number>>): string {
  const lines: string[] = [];
  for (const name of METRIC_NAMES) {
    const members = series.filter((candidate) => candidate.name === name);
    if (members.length === 0) continue;
    const metric = `bedrock_${snakeCase(name)}`;
    const limits = BUCKET_LIMITS[name];
    lines.push(`# TYPE ${metric} ${limits === undefined ? "summary" : "histogram"}`);
    for (const { region, modelId, total } of members) {
      const labels = `region="${escapeLabel(region)}",model_id="${escapeLabel(modelId)}"`;
      for (const limit of limits ?? []) {
        lines.push(`${metric}_bucket{${labels},le="${limit}"} ${total.countUpTo(limit)}`);
      }
      if (limits !== undefined) lines.push(`${metric}_bucket{${labels},le="+Inf"} ${total.count}`);
      lines.push(`${metric}_sum{${labels}} ${total.sum}`, `${metric}_count{${labels}} ${total.count}`);
    }
  }
  for (const [name, value] of Object.entries(gauges)) lines.push(`# TYPE ${name} gauge`, `${name} ${value}`);
  return `${lines.join("\n")}\n`;
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])/g, (letter) => `_${letter}`).toLowerCase();
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

/** Values kept as they are; percentiles of more come from classes of nearly equal values. */
const EXACT_VALUES = 256;
/** Width of a class: its values differ by no more than this factor. */
const CLASS_FACTOR = 1.01;
const LOG_FACTOR = Math.log(CLASS_FACTOR);

/**
 * Adds up values that are 0 or more. Percentiles of up to 256 values are exact, with linear interpolation; of more they
 * are within 0.5 %.
 * Source of the classes: Masson, Rim and Lee 2019, DDSketch, PVLDB 12(12).
 */
export class Statistics {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  private values: number[] | undefined = [];
  /** Values by class, once there are too many to keep. */
  private readonly classes = new Map<number, number>();

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    this.keep(value, 1);
  }

  /** Adds all values of another period. */
  addAll(other: Statistics): void {
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const value of other.values ?? []) this.keep(value, 1);
    for (const [index, count] of other.classes) this.keep(middleOf(index), count);
  }

  /** @param share of the values that are smaller, from 0 to 1; NaN without values */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    if (this.values !== undefined) return quantileSorted(Float64Array.from(this.values).sort(), share);
    const rank = share * (this.count - 1);
    let seen = 0;
    for (const [index, count] of [...this.classes].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen > rank) return Math.min(this.max, Math.max(this.min, middleOf(index)));
    }
    return this.max;
  }

  /** How many values are at most `limit`; exact up to 256 values, then to the width of a class. */
  countUpTo(limit: number): number {
    if (this.values !== undefined) return this.values.reduce((sum, value) => sum + (value <= limit ? 1 : 0), 0);
    if (limit >= this.max) return this.count;
    let sum = 0;
    for (const [index, count] of this.classes) if (middleOf(index) <= limit) sum += count;
    return sum;
  }

  private keep(value: number, count: number): void {
    if (this.values !== undefined && count === 1 && this.values.length < EXACT_VALUES) {
      this.values.push(value);
      return;
    }
    for (const kept of this.values ?? []) this.classify(kept, 1);
    this.values = undefined;
    this.classify(value, count);
  }

  private classify(value: number, count: number): void {
    const index = indexOf(value);
    this.classes.set(index, (this.classes.get(index) ?? 0) + count);
  }
}

/** Class of values too small to have a logarithm. */
const ZERO_CLASS = -10_000;

function indexOf(value: number): number {
  return value < 1e-9 ? ZERO_CLASS : Math.ceil(Math.log(value) / LOG_FACTOR);
}

/** The value in the middle of a class, which is within half its width of all others. */
function middleOf(index: number): number {
  return index === ZERO_CLASS ? 0 : (2 * CLASS_FACTOR ** index) / (CLASS_FACTOR + 1);
}
