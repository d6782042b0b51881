import type { InvocationOutcome } from "./logs.ts";

/**
 * CloudWatch's metrics of namespace AWS/Bedrock, by region, model and minute. Throttles count neither as invocations
 * nor as errors. Source: Amazon Bedrock User Guide, Monitoring with CloudWatch.
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
export type MetricName = (typeof METRIC_NAMES)[number];

/** What CloudWatch keeps of the values of one period. */
export interface Statistics {
  count: number;
  sum: number;
  min: number;
  max: number;
}

export interface Metrics {
  add(outcome: InvocationOutcome): void;
  series(): readonly MetricSeries[];
}

export interface MetricSeries {
  readonly region: string;
  readonly modelId: string;
  readonly name: MetricName;
  readonly total: Statistics;
  /** By minute since 1970, ascending in time; at most a day of minutes. */
  readonly minutes: ReadonlyMap<number, Statistics>;
}

const MINUTE_MS = 60_000;
const KEPT_MINUTES = 1440;

interface OpenSeries extends MetricSeries {
  readonly minutes: Map<number, Statistics>;
}

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

/** Prometheus text: sum and count of every metric, from which rates and means follow. */
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

export function noStatistics(): Statistics {
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
