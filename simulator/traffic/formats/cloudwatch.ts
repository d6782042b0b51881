/** The trace format `cloudwatch`: Bedrock's metrics as CloudWatch's API gives them: rates, from which requests are made. */
import { parseInstantMs } from "../../base/instants.ts";
import { MINUTE_MS } from "../../base/time.ts";
import { keyedUniform, purposeKey } from "../../random/keyed-random.ts";
import { regionIn } from "../labels.ts";
import { UNKNOWN_TOKENS } from "../recorded-rows.ts";
import { isObject, type JsonObject, type RowPlace, rowError } from "../row-cells.ts";
import type { RequestSink, TraceFormat } from "../trace-format.ts";

const TIME = { name: "Timestamps", unit: "ms" } as const;
const METRICS = {
  Invocations: "calls",
  InputTokenCount: "input",
  OutputTokenCount: "output",
  CacheReadInputTokenCount: "read",
  CacheWriteInputTokenCount: "written",
  InvocationThrottles: "throttled",
} as const;
type Measure = (typeof METRICS)[keyof typeof METRICS];

/** What is known of one region and model, by time. */
interface Series {
  readonly region: string;
  readonly model: string;
  readonly values: { [measure in Measure]?: Map<number, number> };
  /** Under which Id each first came. */
  readonly ids: { [measure in Measure]?: string | undefined };
  readonly place: RowPlace;
}

/**
 * Answers of GetMetricData or GetMetricStatistics: Invocations and token counts by minute, of any period. The requests of a period are drawn
 * evenly within it, the same each time a file is read; their tokens are the period's, shared out. Regions and models
 * stand in the labels that the caller chose, such as `us-east-1|amazon.nova-lite-v1:0|Invocations|Sum`; a region also in
 * the name of the file.
 */
export const cloudwatch: TraceFormat = {
  name: "cloudwatch",
  summary: "CloudWatch metrics of Bedrock (GetMetricData): rates by minute, requests drawn evenly within each",
  matches: ({ record = {} }) =>
    ("Timestamps" in record && "Values" in record && ("Label" in record || "Id" in record)) ||
    ("Datapoints" in record && "Label" in record),
  reader: (sink) => {
    const series = new Map<string, Series>();
    const instants = new Set<number>();
    return {
      take: (record, place) => collect(record, place, { series, instants, sink }),
      end: () => {
        const periodMs = periodOf(instants);
        sink.note(`requests are drawn evenly within each ${periodMs / 1000} s: CloudWatch tells rates, not requests`);
        for (const each of series.values()) emit(each, periodMs, sink);
      },
    };
  },
};

interface Collection {
  readonly series: Map<string, Series>;
  readonly instants: Set<number>;
  readonly sink: RequestSink;
}

function collect(record: JsonObject, place: RowPlace, { series, instants, sink }: Collection): void {
  const label = String(record.Label ?? record.Id);
  const parts = label.split(/[|,;\s]+/).filter((part) => part !== "");
  const metric = metricOf(parts, String(record.Id ?? ""));
  const statistic = parts.find((part) => /^(Average|Minimum|Maximum|SampleCount|p\d+(\.\d+)?)$/.test(part));
  if (metric === undefined) sink.note(NO_METRIC);
  if (metric === undefined || !isRead(metric) || (statistic !== undefined && statistic !== "SampleCount")) return;
  if (record.StatusCode !== undefined && record.StatusCode !== "Complete") {
    sink.note(`% metrics are not complete (StatusCode ${String(record.StatusCode).slice(0, 40)}): fetch all pages`);
  }
  const region = parts.map(regionIn).find((found) => found !== undefined) ?? regionIn(place.source) ?? "";
  const model = parts.find((part) => /^(?!p\d)[\w-]+\./.test(part) && part !== region) ?? "";
  const key = `${region}|${model}`;
  const known: Series = series.get(key) ?? { region, model, values: {}, ids: {}, place };
  series.set(key, known);
  const measure = METRICS[metric];
  known.values[measure] ??= new Map();
  const id = typeof record.Id === "string" ? record.Id : undefined;
  known.ids[measure] ??= id;
  for (const [at, value] of pointsOf(record, metric, label, place)) {
    instants.add(at);
    const before = known.values[measure].get(at);
    // Pages may overlap; two results of one kind are two models that the labels do not tell.
    if (before !== undefined && (before !== value || known.ids[measure] !== id)) {
      const what = `${label.slice(0, 80)} stands there twice for ${new Date(at).toISOString()}`;
      const fix =
        "labels tell region and model: us-east-1|amazon.nova-lite-v1:0|Invocations|Sum; or read each on its own";
      throw rowError(place, "TRACE_BAD_NUMBER", what, fix);
    }
    known.values[measure].set(at, value);
  }
}

/** Metrics of Bedrock that tell no requests. */
const OTHER_METRICS = [
  "InvocationLatency",
  "TimeToFirstToken",
  "InvocationClientErrors",
  "InvocationServerErrors",
  "OutputImageCount",
  "EstimatedTPMQuotaUsage",
  "LegacyModelInvocations",
];
const NO_METRIC =
  "% results tell no metric of Bedrock in their Label or Id, and were left out: label them us-east-1|MODEL|Invocations|Sum";

/** The metric that a label names; where it names none, one that the Id begins with, which has to begin in small letters. */
function metricOf(parts: readonly string[], id: string): string | undefined {
  const names = [...Object.keys(METRICS), ...OTHER_METRICS];
  return (
    parts.find((part) => names.includes(part)) ??
    names.find((name) => id.toLowerCase().startsWith(name.toLowerCase()) && !/^[a-z]/.test(id.slice(name.length)))
  );
}

function isRead(metric: string): metric is keyof typeof METRICS {
  return Object.hasOwn(METRICS, metric);
}

/** Instants, ms since 1970, and values: of GetMetricData's lists, or of GetMetricStatistics' points. */
function pointsOf(
  record: JsonObject,
  metric: keyof typeof METRICS,
  label: string,
  place: RowPlace,
): readonly (readonly [at: number, value: number])[] {
  const points = Array.isArray(record.Datapoints) ? record.Datapoints.filter(isObject) : undefined;
  const times = points?.map((point) => point.Timestamp) ?? record.Timestamps;
  // Each call is a sample of its own.
  const values = points?.map((point) => point.Sum ?? (metric === "Invocations" ? point.SampleCount : undefined));
  if (values?.includes(undefined) === true) {
    const what = `${label.slice(0, 80)} has points without Sum`;
    throw rowError(
      place,
      "TRACE_BAD_NUMBER",
      what,
      "ask for it: aws cloudwatch get-metric-statistics --statistics Sum ...",
    );
  }
  const told = values ?? record.Values;
  if (!Array.isArray(times) || !Array.isArray(told) || times.length !== told.length) {
    const what = `${label.slice(0, 80)} has not as many Values as Timestamps`;
    throw rowError(place, "TRACE_BAD_NUMBER", what, "save the whole answer of GetMetricData");
  }
  return times.map((time: unknown, i) => {
    const value = Number(told[i]);
    const at = typeof time === "number" ? time * (time < 1e11 ? 1000 : 1) : parseInstantMs(String(time));
    if (typeof at === "number" && value >= 0 && value < 1e15) return [at, value];
    const what = `${label.slice(0, 80)} has ${String(time).slice(0, 40)}: ${value}`;
    throw rowError(place, "TRACE_BAD_NUMBER", what, "save the answer again");
  });
}

/** The greatest period that all instants are multiples of, at most an hour; a minute where one instant is all there is. */
function periodOf(instants: ReadonlySet<number>): number {
  const [first = 0, ...others] = [...instants];
  const common = others.reduce((period, at) => gcd(period, Math.abs(at - first)), 0);
  return common === 0 ? MINUTE_MS : Math.min(common, 60 * MINUTE_MS);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function emit({ region, model, values, place }: Series, periodMs: number, sink: RequestSink): void {
  const key = purposeKey(0, `${region}|${model}`);
  let owed = 0;
  for (const [at, value] of [...(values.calls ?? [])].sort(([a], [b]) => a - b)) {
    // Averages over periods may not be whole: what is left goes to the next period.
    const count = Math.round(value + owed);
    owed += value - count;
    const told = (measure: Measure) => values[measure]?.get(at);
    const [input, output] = [told("input"), told("output")];
    const [read, written] = [told("read") ?? 0, told("written") ?? 0];
    const share = (total: number, i: number) => Math.floor((total * (i + 1)) / count) - Math.floor((total * i) / count);
    for (let i = 0; i < count; i++) {
      const offsetMs = Math.floor(keyedUniform(key, Math.round(at / 1000), i) * periodMs * 1000) / 1000;
      sink.add(
        {
          timeMs: sink.times.read(at + offsetMs, TIME, place),
          inputTokens: input === undefined ? UNKNOWN_TOKENS : share(input, i) + share(read, i) + share(written, i),
          outputTokens: output === undefined ? UNKNOWN_TOKENS : share(output, i),
          cacheReadTokens: share(read, i),
          cacheWriteTokens: share(written, i),
          model,
          ...(region === "" ? {} : { region, originName: region }),
        },
        place,
      );
    }
  }
  const throttled = [...(values.throttled ?? [])].reduce((sum, [, value]) => sum + value, 0);
  if (throttled > 0)
    sink.note(
      `${throttled} throttled calls of ${model || "a model"} in ${region || "a region"} are not in Invocations, and were left out`,
    );
}
