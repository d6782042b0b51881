/** CloudWatch's metrics of Bedrock from the outcomes of requests, by minute and as Prometheus text. */
import { MINUTE_MS } from "../../simulator/base/time.ts";
import type { InvocationOutcome } from "./invocation-log.ts";
import { Statistics } from "./statistics.ts";

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
