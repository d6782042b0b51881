/** The trace format `cloudwatch`: Bedrock's metrics as GetMetricData gives them: rates, from which requests are made. */
import { parseInstantMs } from "../../base/instants.ts";
import { MINUTE_MS } from "../../base/time.ts";
import { keyedUniform, purposeKey } from "../../random/keyed-random.ts";
import { regionIn } from "../labels.ts";
import { UNKNOWN_TOKENS } from "../recorded-rows.ts";
import { type JsonObject, type RowPlace, rowError } from "../row-cells.ts";
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
  readonly values: { readonly [measure in Measure]?: Map<number, number> };
  readonly place: RowPlace;
}

/**
 * Answers of GetMetricData: Invocations and token counts by minute, of any period. The requests of a period are drawn
 * evenly within it, the same each time a file is read; their tokens are the period's, shared out. Regions and models
 * stand in the labels that the caller chose, such as `us-east-1|amazon.nova-lite-v1:0|Invocations|Sum`.
 */
export const cloudwatch: TraceFormat = {
  name: "cloudwatch",
  summary: "CloudWatch metrics of Bedrock (GetMetricData): rates by minute, requests drawn evenly within each",
  matches: ({ record = {} }) => "Timestamps" in record && "Values" in record && ("Label" in record || "Id" in record),
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
  const metric = parts.find((part): part is keyof typeof METRICS => Object.hasOwn(METRICS, part));
  const statistic = parts.find((part) => /^(Average|Minimum|Maximum|SampleCount|p\d+(\.\d+)?)$/.test(part));
  if (metric === undefined || (statistic !== undefined && statistic !== "SampleCount")) return;
  if (record.StatusCode !== undefined && record.StatusCode !== "Complete") {
    sink.note(`% metrics are not complete (StatusCode ${String(record.StatusCode).slice(0, 40)}): fetch all pages`);
  }
  const { Timestamps: times, Values: values } = record;
  if (!Array.isArray(times) || !Array.isArray(values) || times.length !== values.length) {
    const what = `${label.slice(0, 80)} has not as many Values as Timestamps`;
    throw rowError(place, "TRACE_BAD_NUMBER", what, "save the whole answer of GetMetricData");
  }
  const region = parts.map(regionIn).find((found) => found !== undefined) ?? regionIn(place.source) ?? "";
  const model = parts.find((part) => /^(?!p\d)[\w-]+\./.test(part) && part !== region) ?? "";
  const key = `${region}|${model}`;
  const known = series.get(key) ?? { region, model, values: {}, place };
  series.set(key, known);
  const measure = METRICS[metric];
  const byTime = known.values[measure] ?? new Map<number, number>();
  (known.values as Record<Measure, Map<number, number>>)[measure] = byTime;
  times.forEach((time, i) => {
    const value = Number(values[i]);
    const at = typeof time === "number" ? time * (time < 1e11 ? 1000 : 1) : parseInstantMs(String(time));
    if (typeof at === "string" || !(value >= 0 && value < 1e15)) {
      throw rowError(
        place,
        "TRACE_BAD_NUMBER",
        `${label.slice(0, 80)} has ${String(time).slice(0, 40)}: ${value}`,
        "save the answer again",
      );
    }
    instants.add(at);
    // Pages may overlap: a period has one value.
    byTime.set(at, value);
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
