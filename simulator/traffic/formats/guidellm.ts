/** The trace format `guidellm`: traces that GuideLLM replays, and the requests of its benchmark reports. */
import { toMs } from "../../base/instants.ts";
import { type RecordedRow, UNKNOWN_TOKENS } from "../recorded-rows.ts";
import {
  type JsonObject,
  lengthOfTime,
  objectAt,
  type RowPlace,
  textAt,
  tokenCount,
  tokenCountOr,
} from "../row-cells.ts";
import type { RequestSink, TraceFormat } from "../trace-format.ts";

/** Seconds in GuideLLM, ms in AIPerf and Mooncake files without blocks: a fraction settles it. */
const TIME = { name: "timestamp", unit: "ms", fractionMeans: "s" } as const;
const ALWAYS_S = { name: "timestamp", unit: "s" } as const;
const STARTED = { name: "request_start_time", unit: "s" } as const;
const WHOLE = "timestamps are whole numbers, and were read as ms; say unit: s where they are seconds";

/**
 * Minimal traces (timestamp, input_length, output_length), and `benchmarks[].requests` of a benchmark's JSON report,
 * whose prompts and answers are passed over.
 */
export const guidellm: TraceFormat = {
  name: "guidellm",
  summary: "JSONL of GuideLLM traces: timestamp, input_length, output_length; and its benchmark reports (JSON)",
  matches: ({ kind, record = {}, columns }) =>
    (kind === "json" && "timestamp" in record && "input_length" in record && "output_length" in record) ||
    (kind !== "json" && columns.includes("timestamp") && columns.includes("input_length")) ||
    ("request_start_time" in record && "prompt_tokens" in record) ||
    ("request_start_time" in record && "request_id" in record),
  reader: (sink) => {
    let hasFraction = false;
    let hasTrace = false;
    return {
      take(record, place) {
        if ("timestamp" in record) {
          hasTrace = true;
          hasFraction ||= !Number.isInteger(Number(record.timestamp));
          sink.add(traceRow(record, sink, place), place);
        } else sink.add(reportRow(record, sink, place), place);
      },
      end: () => {
        if (hasTrace && !hasFraction && sink.times.startEpochMs === undefined && !sink.times.isAsked) sink.note(WHOLE);
      },
    };
  },
};

function traceRow(record: JsonObject, { times }: RequestSink, place: RowPlace): RecordedRow {
  return {
    timeMs: times.read(record.timestamp, TIME, place),
    inputTokens: tokenCount(record.input_length, "input_length", place),
    outputTokens: tokenCount(record.output_length, "output_length", place),
  };
}

function reportRow(record: JsonObject, { times }: RequestSink, place: RowPlace): RecordedRow {
  const info = objectAt(record, "info");
  const isFailed = textAt(record, "error") !== undefined || textAt(info, "error") !== undefined;
  const status = textAt(info, "status");
  const started = record.request_start_time ?? record.start_time;
  const ended = record.request_end_time ?? record.end_time;
  const latencyMs = lengthOfTime(record.request_latency, "request_latency", place);
  return {
    timeMs: times.read(started, started === record.request_start_time ? STARTED : ALWAYS_S, place),
    inputTokens: tokenCountOr(UNKNOWN_TOKENS, record.prompt_tokens, "prompt_tokens", place),
    outputTokens: tokenCountOr(UNKNOWN_TOKENS, record.output_tokens, "output_tokens", place),
    requestId: String(record.request_id ?? ""),
    outcome: isFailed || status === "errored" ? "failed" : status === "cancelled" ? "left" : "served",
    e2eMs: Number.isNaN(latencyMs) ? toMs(Number(ended) - Number(started), "s") : toMs(latencyMs, "s"),
    ttftMs: lengthOfTime(record.time_to_first_token_ms, "time_to_first_token_ms", place),
  };
}
