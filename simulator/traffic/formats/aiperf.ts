/** The trace format `aiperf`: records of single requests that AIPerf exports. */
import { toMs } from "../../base/instants.ts";
import { isObject, type JsonObject, objectAt, type RowPlace, rowError, textAt, tokenCountOr } from "../row-cells.ts";
import type { TraceFormat } from "../trace-format.ts";

const TIME = { name: "metadata.request_start_ns", unit: "ns" } as const;

/**
 * `profile_export.jsonl` of AIPerf: metadata, metrics with their units, and an error where the call failed. Requests of
 * its warm-up are left out. Traces that AIPerf replays have the form of Mooncake's.
 */
export const aiperf: TraceFormat = {
  name: "aiperf",
  summary: "JSONL of AIPerf's profile_export: metadata.request_start_ns, metrics.input_sequence_length and others",
  matches: ({ record = {} }) => isObject(record.metadata) && "request_start_ns" in record.metadata,
  reader: (sink) => ({
    take(record, place) {
      const metadata = objectAt(record, "metadata");
      if (metadata.benchmark_phase === "warmup") {
        sink.note("% requests of the warm-up were left out");
        return;
      }
      const metrics = objectAt(record, "metrics");
      const input = metricOf(metrics, "input_sequence_length", place) ?? metricOf(metrics, "input_token_count", place);
      const output =
        metricOf(metrics, "output_sequence_length", place) ?? metricOf(metrics, "output_token_count", place);
      const isFailed = record.error !== undefined && record.error !== null;
      const isCut = metadata.was_cancelled === true;
      const session = textAt(metadata, "x_correlation_id") ?? textAt(metadata, "conversation_id");
      sink.add(
        {
          timeMs: sink.times.read(metadata.request_start_ns, TIME, place),
          inputTokens: tokenCountOr(0, input, "input_sequence_length", place),
          outputTokens: tokenCountOr(0, output, "output_sequence_length", place),
          requestId: textAt(metadata, "x_request_id"),
          ...(session === undefined ? {} : { session }),
          outcome: isCut ? "left" : isFailed ? "failed" : "served",
          e2eMs: metricOf(metrics, "request_latency", place) ?? Number.NaN,
          ttftMs: metricOf(metrics, "time_to_first_token", place) ?? Number.NaN,
        },
        place,
      );
    },
  }),
};

/** A number, or a number with its unit; times in ms. */
function metricOf(metrics: JsonObject, name: string, place: RowPlace): number | undefined {
  const metric = metrics[name];
  if (metric === undefined || metric === null) return undefined;
  const value = isObject(metric) ? metric.value : metric;
  const unit = isObject(metric) ? metric.unit : undefined;
  if (typeof value !== "number") {
    throw rowError(place, "TRACE_BAD_NUMBER", `metrics.${name} is not a number`, "copy the export again");
  }
  if (unit === "s" || unit === "sec" || unit === "seconds") return toMs(value, "s");
  if (unit === "ns") return toMs(value, "ns");
  return unit === "us" ? toMs(value, "us") : value;
}
