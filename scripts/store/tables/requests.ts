/** The table of imported requests: one row a call, with what its log tells and no text of prompts or answers. */
import type { RecordedRow } from "../../../simulator/traffic/recorded-rows.ts";
import type { StoreRow, StoreTable } from "../table.ts";

/** Imported requests. Its columns have the names that trace readers know, so that a file of it is a trace. */
export const REQUESTS: StoreTable = {
  name: "requests",
  version: 1,
  keyColumn: "import_key",
  doc: "Imported requests, one row a call; the key is the import's name and the digest of its files",
  columns: [
    {
      name: "time_ms",
      type: "number",
      doc: "When the call was sent, ms since 1970 UTC, or since the recording's start",
    },
    {
      name: "input_tokens",
      type: "integer",
      doc: "Input tokens neither read from nor written to a cache; null = not told",
    },
    { name: "output_tokens", type: "integer", doc: "Output tokens; null = not told" },
    { name: "cache_read_tokens", type: "integer", doc: "Input tokens read from a cache" },
    { name: "cache_write_tokens", type: "integer", doc: "Input tokens written to a cache" },
    { name: "max_tokens", type: "integer", doc: "The caller's max_tokens; 0 = not set" },
    { name: "prefix_tokens", type: "integer", doc: "Leading input tokens that a cache could serve" },
    { name: "prefix_id", type: "integer", doc: "Which prefix it is; equal ids share a cache entry" },
    { name: "class", type: "text", doc: "Label that classes select by" },
    { name: "origin", type: "text", doc: "Region or origin of the caller" },
    { name: "region", type: "text", doc: "Region that was called" },
    { name: "processing_region", type: "text", doc: "Region in which the call ran" },
    { name: "model", type: "text", doc: "Model id, profile or ARN, as the log has it" },
    { name: "tenant", type: "text", doc: "Team, application or customer" },
    { name: "session_id", type: "text", doc: "Conversation" },
    { name: "request_id", type: "text", doc: "Id of the request" },
    { name: "status", type: "text", doc: "served, throttled, refused, failed or left" },
    { name: "e2e_ms", type: "number", doc: "Time to the last token, ms" },
    { name: "ttft_ms", type: "number", doc: "Time to the first token, ms" },
    { name: "cost_usd", type: "number", doc: "Cost as the log has it, USD" },
  ],
};

/** @param timeMs of the call, ms since 1970 or since the recording's start */
export function requestRow(row: RecordedRow, timeMs: number): StoreRow {
  const { inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = row;
  return {
    time_ms: timeMs,
    input_tokens: inputTokens < 0 ? null : Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens),
    output_tokens: row.outputTokens < 0 ? null : row.outputTokens,
    cache_read_tokens: row.cacheReadTokens,
    cache_write_tokens: row.cacheWriteTokens,
    max_tokens: row.maxTokens,
    prefix_tokens: row.prefixTokens,
    prefix_id: row.prefixId,
    class: row.className,
    origin: row.originName,
    region: row.region,
    processing_region: row.processingRegion,
    model: row.model,
    tenant: row.tenant,
    session_id: row.session,
    request_id: row.requestId,
    status: row.outcome,
    e2e_ms: finite(row.e2eMs),
    ttft_ms: finite(row.ttftMs),
    cost_usd: finite(row.costUsd),
  };
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}
