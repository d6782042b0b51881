/** The trace format `bedrock-log`: model invocation logs of Amazon Bedrock, from S3 or from a log group. */
import { jsonRow } from "../json-records.ts";
import { isTagged, tagsClass } from "../labels.ts";
import { type RecordedRow, UNKNOWN_TOKENS } from "../recorded-rows.ts";
import {
  isObject,
  type JsonObject,
  objectAt,
  outcomeOfError,
  type RowPlace,
  rowError,
  textAt,
  tokenCountOr,
} from "../row-cells.ts";
import type { FirstRecord, RequestSink, TraceFormat } from "../trace-format.ts";

const TIME = { name: "timestamp", unit: null };
/** Keys under which exports of a log group hold the text of an event. */
const MESSAGES = ["message", "@message", "Message"];
/** What a subscription sends first. */
const CONTROL = "CWL CONTROL MESSAGE";
/** Answers of Logs Insights' API are lists of cells, each `{ field: "@message", value: "..." }`. */
const CELL = "field";

const PASSED_CELLS = ["@timestamp", "@ptr", "@logStream", "@log", "@ingestionTime", "@entity"];
const NO_MESSAGE = "% cells of Logs Insights were passed over: its answer is read where the query has fields @message";

/**
 * Model invocation logs: one JSON record a line, as S3 objects or exported from CloudWatch Logs (lines with a time before
 * them, events of the API, subscription records, CSV of the console or of Logs Insights). Input tokens of the log leave
 * out those read from or written to a cache; here they are added. Bodies are looked at for max_tokens, usage and latency
 * only. Times are whole seconds.
 */
export const bedrockLog: TraceFormat = {
  name: "bedrock-log",
  summary: "Bedrock model invocation logs: S3 objects and folders of them, or exports of a CloudWatch log group",
  matches: isLog,
  reader: (sink) => ({
    take(record, place) {
      if (isCell(record)) {
        if (MESSAGES.includes(String(record[CELL]))) this.take({ message: record.value }, place);
        else if (!PASSED_CELLS.includes(String(record[CELL]))) sink.note(NO_MESSAGE);
        return;
      }
      for (const key of MESSAGES) {
        const message = Object.hasOwn(record, key) ? record[key] : undefined;
        if (message === undefined) continue;
        const inner =
          typeof message === "string" ? innerRecord(message, place) : isObject(message) ? message : undefined;
        if (inner === undefined) sink.note("% events of the log group are not records of calls, and were left out");
        else sink.add(rowOf(inner, sink, place), place);
        return;
      }
      sink.add(rowOf(record, sink, place), place);
    },
  }),
};

function isCell(record: JsonObject): boolean {
  return typeof record[CELL] === "string" && "value" in record && Object.keys(record).length === 2;
}

function isLog({ record = {}, columns }: FirstRecord): boolean {
  if (isCell(record)) return true;
  if (record.schemaType === "ModelInvocationLog") return true;
  if ("modelId" in record && "timestamp" in record && (isObject(record.input) || "errorCode" in record)) return true;
  if (record.messageType === "DATA_MESSAGE" || record.messageType === "CONTROL_MESSAGE") return true;
  const key = MESSAGES.find((name) => name in record || columns.includes(name));
  if (key === undefined) return false;
  const message = record[key];
  if (isObject(message)) return isLog({ kind: "json", columns: [], record: message });
  if (typeof message === "string" && message.startsWith(CONTROL)) return true;
  return typeof message === "string" && /"modelId"/.test(message) && /"(input|errorCode)"/.test(message);
}

function innerRecord(message: string, place: RowPlace): JsonObject | undefined {
  return message.trim().startsWith("{") ? jsonRow(message, place) : undefined;
}

function rowOf(record: JsonObject, sink: RequestSink, place: RowPlace): RecordedRow {
  const { schemaType } = record;
  if (schemaType !== undefined && schemaType !== "ModelInvocationLog") {
    const what = `schemaType is ${JSON.stringify(schemaType)?.slice(0, 60)}, not ModelInvocationLog`;
    throw rowError(place, "TRACE_NOT_A_CALL", what, "take the record out");
  }
  const model = needed(record, "modelId", place);
  const region = needed(record, "region", place);
  const input = objectAt(record, "input");
  const output = objectAt(record, "output");
  const usage = usageOf(output.outputBodyJson);
  const count = (name: string, own: unknown, told: unknown): number =>
    tokenCountOr(UNKNOWN_TOKENS, own ?? told, name, place);
  const read = Math.max(
    0,
    count(
      "cacheReadInputTokenCount",
      input.cacheReadInputTokenCount,
      usage.cacheReadInputTokens ?? usage.cache_read_input_tokens,
    ),
  );
  const written = Math.max(
    0,
    count(
      "cacheWriteInputTokenCount",
      input.cacheWriteInputTokenCount,
      usage.cacheWriteInputTokens ?? usage.cache_creation_input_tokens,
    ),
  );
  const fresh = count("inputTokenCount", input.inputTokenCount, usage.inputTokens ?? usage.input_tokens);
  const outcome = outcomeOfError(textAt(record, "errorCode"));
  const latency = latencyOf(output.outputBodyJson);
  const tags = objectAt(record, "requestMetadata");
  const identity = textAt(objectAt(record, "identity"), "arn");
  const tenant = tagsClass(tags, sink.tag, identity);
  return {
    timeMs: sink.times.read(record.timestamp, TIME, place),
    inputTokens: fresh === UNKNOWN_TOKENS ? UNKNOWN_TOKENS : fresh + read + written,
    outputTokens: count("outputTokenCount", output.outputTokenCount, usage.outputTokens ?? usage.output_tokens),
    cacheReadTokens: read,
    cacheWriteTokens: written,
    maxTokens: maxTokensOf(input.inputBodyJson),
    model,
    region,
    originName: region,
    processingRegion: textAt(record, "inferenceRegion") ?? region,
    requestId: textAt(record, "requestId"),
    tenant,
    className: tenant,
    identity,
    isTagged: isTagged(tags, sink.tag),
    outcome,
    e2eMs: latency.e2eMs,
    ttftMs: latency.ttftMs,
    roundTripMs: 0,
  };
}

function needed(record: JsonObject, key: string, place: RowPlace): string {
  const text = textAt(record, key);
  if (text !== undefined) return text;
  throw rowError(place, "TRACE_MISSING_COLUMN", `the record has no ${key}`, "is this a Bedrock model invocation log?");
}

/** Token counts inside of a body that was logged, of Converse or of a model's own protocol. */
function usageOf(body: unknown): JsonObject {
  for (const part of lastParts(body)) {
    const usage = isObject(part.usage) ? part.usage : undefined;
    if (usage !== undefined) return usage;
  }
  return {};
}

/** The body, or its last events, also those inside of `metadata`. */
function lastParts(body: unknown): readonly JsonObject[] {
  if (isObject(body)) return [isObject(body.metadata) ? body.metadata : body];
  const events = Array.isArray(body) ? body.slice(-5).reverse() : [body];
  return events.filter(isObject).map((event) => (isObject(event.metadata) ? event.metadata : event));
}

/** The service measured it, so no network is in it. */
function latencyOf(body: unknown): { readonly e2eMs: number; readonly ttftMs: number } {
  for (const part of lastParts(body)) {
    const converse = objectAt(part, "metrics").latencyMs;
    if (isPositive(converse)) return { e2eMs: converse, ttftMs: Number.NaN };
    const stream = objectAt(part, "amazon-bedrock-invocationMetrics");
    if (!isPositive(stream.invocationLatency)) continue;
    const first = stream.firstByteLatency;
    return { e2eMs: stream.invocationLatency, ttftMs: isPositive(first) ? first : Number.NaN };
  }
  return { e2eMs: Number.NaN, ttftMs: Number.NaN };
}

function maxTokensOf(body: unknown): number {
  if (!isObject(body)) return 0;
  const converse = objectAt(body, "inferenceConfig").maxTokens;
  const given = converse ?? body.max_tokens ?? objectAt(body, "inferenceConfig").max_new_tokens;
  return isPositive(given) && Number.isInteger(given) && given < 2 ** 31 ? given : 0;
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}
