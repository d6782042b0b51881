/** The trace format `litellm`: spend logs of a LiteLLM proxy. */
import { parseInstantMs } from "../../base/instants.ts";
import { regionIn } from "../labels.ts";
import { type RecordedRow, UNKNOWN_TOKENS } from "../recorded-rows.ts";
import {
  type JsonObject,
  objectAt,
  outcomeOfError,
  type RowPlace,
  textAt,
  tokenCount,
  tokenCountOr,
} from "../row-cells.ts";
import type { RequestSink, TraceFormat } from "../trace-format.ts";

const TIME = { name: "startTime", unit: null };

/**
 * Rows of LiteLLM_SpendLogs: JSON of its API, JSONL, or a CSV dump of the table. Prompt tokens hold those read from and
 * written to a cache. Answers from the proxy's own cache never reached a model and are left out.
 */
export const litellm: TraceFormat = {
  name: "litellm",
  summary: "Spend logs of a LiteLLM proxy: startTime, prompt_tokens, completion_tokens, model, api_base, team_id",
  matches: ({ record = {}, columns }) => {
    const has = (name: string) => name in record || columns.includes(name);
    return has("startTime") && has("prompt_tokens") && has("completion_tokens");
  },
  reader: (sink) => ({
    take(record, place) {
      if (String(record.cache_hit).toLowerCase() === "true") {
        sink.note("% requests were answered from the proxy's cache, and were left out");
        return;
      }
      sink.add(rowOf(record, sink, place), place);
    },
  }),
};

function rowOf(record: JsonObject, sink: RequestSink, place: RowPlace): RecordedRow {
  const metadata = nested(record, "metadata");
  const usage = objectAt(metadata, "usage_object");
  const details = objectAt(usage, "prompt_tokens_details");
  const error = objectAt(metadata, "error_information");
  const isFailed = (textAt(record, "status") ?? textAt(metadata, "status")) === "failure";
  const code = textAt(error, "error_code");
  const kind = textAt(error, "error_class");
  // A service's own exceptions say more than the status that a proxy makes of them.
  const name = kind?.endsWith("Exception") === true ? kind : (code ?? kind);
  const tenant =
    sink.tag === null ? (textAt(record, "team_id") ?? tagOf(record, "team") ?? "") : (tagOf(record, sink.tag) ?? "");
  const region = regionIn(record.api_base) ?? "";
  const session = textAt(record, "session_id");
  const prompt = tokenCount(record.prompt_tokens, "prompt_tokens", place);
  const completion = tokenCount(record.completion_tokens, "completion_tokens", place);
  // A call that failed stands with zeros: its tokens were not counted.
  const isCounted = !isFailed || prompt > 0 || completion > 0;
  return {
    timeMs: sink.times.read(record.startTime, TIME, place),
    inputTokens: isCounted ? prompt : UNKNOWN_TOKENS,
    outputTokens: isCounted ? completion : UNKNOWN_TOKENS,
    cacheReadTokens: tokenCountOr(
      0,
      usage.cache_read_input_tokens ?? details.cached_tokens,
      "cache_read_input_tokens",
      place,
    ),
    cacheWriteTokens: tokenCountOr(0, usage.cache_creation_input_tokens, "cache_creation_input_tokens", place),
    model: textAt(record, "model") ?? textAt(record, "model_group") ?? "",
    ...(region === "" ? {} : { region, originName: region }),
    requestId: textAt(record, "request_id"),
    ...(session === undefined ? {} : { session }),
    tenant,
    className: tenant,
    outcome: isFailed ? outcomeOfError(name ?? "failure") : "served",
    e2eMs: span(record.startTime, record.endTime, record.request_duration_ms),
    ttftMs: span(record.startTime, record.completionStartTime, undefined),
    costUsd: Number(record.spend ?? Number.NaN),
  };
}

/** ms from one instant to another, or as it is told; NaN where either is missing. */
function span(from: unknown, to: unknown, told: unknown): number {
  if (typeof told === "number" && told >= 0) return told;
  if (typeof from !== "string" || typeof to !== "string") return Number.NaN;
  const [start, end] = [parseInstantMs(from), parseInstantMs(to)];
  return typeof start === "number" && typeof end === "number" && end >= start ? end - start : Number.NaN;
}

/** An object, also where a dump of the table wrote it as text. */
function nested(record: JsonObject, key: string): JsonObject {
  const value = record[key];
  if (typeof value !== "string") return objectAt(record, key);
  try {
    return objectAt({ value: JSON.parse(value) as unknown }, "value");
  } catch {
    return {};
  }
}

/** Tags are `key:value`; a list, or its text. */
function tagOf(record: JsonObject, key: string): string | undefined {
  const { request_tags: tags } = record;
  const list = Array.isArray(tags) ? tags : typeof tags === "string" ? tags.replace(/["[\]{}]/g, "").split(",") : [];
  const found = list.map(String).find((tag) => tag.trim().startsWith(`${key}:`));
  return found
    ?.trim()
    .slice(key.length + 1)
    .trim();
}
