/** The table of imported requests: one row a call, with what its log tells and no text of prompts or answers. */
import type { RecordedRow } from "../../../simulator/traffic/recorded-rows.ts";
import { createParquet } from "../../io/parquet-blocks.ts";
import type { StoreColumn, StoreTable } from "../database.ts";

interface RequestColumn extends StoreColumn {
  readonly type: "text" | "integer" | "number";
  /** @param timeMs of the call, ms since 1970 or since the recording's start */
  of(row: RecordedRow, timeMs: number): string | number | null | undefined;
}

const COLUMNS: readonly RequestColumn[] = [
  {
    name: "time_ms",
    type: "number",
    doc: "When the call was sent, ms since 1970 UTC, or since the recording's start",
    of: (_row, timeMs) => timeMs,
  },
  {
    name: "input_tokens",
    type: "integer",
    doc: "Input tokens neither read from nor written to a cache; null = not told",
    of: freshInput,
  },
  {
    name: "output_tokens",
    type: "integer",
    doc: "Output tokens; null = not told",
    of: ({ outputTokens }) => (outputTokens < 0 ? null : outputTokens),
  },
  {
    name: "cache_read_tokens",
    type: "integer",
    doc: "Input tokens read from a cache",
    of: (row) => row.cacheReadTokens,
  },
  {
    name: "cache_write_tokens",
    type: "integer",
    doc: "Input tokens written to a cache",
    of: (row) => row.cacheWriteTokens,
  },
  {
    name: "max_tokens",
    type: "integer",
    doc: "The caller's max_tokens; 0 = not set",
    of: (row) => row.maxTokens,
  },
  {
    name: "prefix_tokens",
    type: "integer",
    doc: "Leading input tokens that a cache could serve",
    of: (row) => row.prefixTokens,
  },
  {
    name: "prefix_id",
    type: "integer",
    doc: "Which prefix it is; equal ids share a cache entry",
    of: (row) => row.prefixId,
  },
  {
    name: "class",
    type: "text",
    doc: "Label that classes select by",
    of: (row) => row.className,
  },
  {
    name: "origin",
    type: "text",
    doc: "Region or origin of the caller",
    of: (row) => row.originName,
  },
  {
    name: "region",
    type: "text",
    doc: "Region that was called",
    of: (row) => row.region,
  },
  {
    name: "processing_region",
    type: "text",
    doc: "Region in which the call ran",
    of: (row) => row.processingRegion,
  },
  {
    name: "model",
    type: "text",
    doc: "Model id, profile or ARN, as the log has it",
    of: (row) => row.model,
  },
  {
    name: "tenant",
    type: "text",
    doc: "Team, application or customer",
    of: (row) => row.tenant,
  },
  {
    name: "session_id",
    type: "text",
    doc: "Conversation",
    of: (row) => row.session,
  },
  {
    name: "request_id",
    type: "text",
    doc: "Id of the request",
    of: (row) => row.requestId,
  },
  {
    name: "status",
    type: "text",
    doc: "served, throttled, refused, failed or left",
    of: (row) => row.outcome,
  },
  {
    name: "e2e_ms",
    type: "number",
    doc: "Time to the last token, ms",
    of: (row) => finite(row.e2eMs),
  },
  {
    name: "ttft_ms",
    type: "number",
    doc: "Time to the first token, ms",
    of: (row) => finite(row.ttftMs),
  },
  {
    name: "cost_usd",
    type: "number",
    doc: "Cost as the log has it, USD",
    of: (row) => finite(row.costUsd),
  },
];

/** Imported requests. Its columns have the names that trace readers know, so that a file of it is a trace. */
export const REQUESTS: StoreTable = {
  name: "requests",
  version: 1,
  keyColumn: "import_key",
  doc: "Imported requests, one row a call; the key is the import's name and the digest of its files",
  columns: COLUMNS.map(({ name, type, doc }) => ({ name, type, doc })),
};

/** Rows that wait as objects: with more of them alive, the heap grows by a hundred megabytes and stays so. */
const BLOCK_ROWS = 2048;

/** A file of the table that rows are added to. */
export interface RequestsFile {
  /** @param timeMs of the call, ms since 1970 or since the recording's start */
  add(row: RecordedRow, timeMs: number): void;
  /** Writes what is left, and ends the file. */
  close(): void;
}

/** Opens a file of the table; rows go straight into columns, since there may be millions of them. */
export function requestsFile(file: string, key: string): RequestsFile {
  const target = createParquet(file, [
    { name: REQUESTS.keyColumn, type: "text" },
    ...COLUMNS.map(
      ({ name, type }) => ({ name, type: type === "integer" ? "whole" : type, isOptional: true }) as const,
    ),
  ]);
  let columns = COLUMNS.map((): (string | number | null)[] => []);
  let rows = 0;
  const flush = () => {
    target.write([new Array<string>(rows).fill(key), ...columns]);
    columns = COLUMNS.map(() => []);
    rows = 0;
  };
  return {
    add(row, timeMs) {
      for (let i = 0; i < COLUMNS.length; i++) columns[i]!.push(COLUMNS[i]!.of(row, timeMs) ?? null);
      if (++rows === BLOCK_ROWS) flush();
    },
    close() {
      flush();
      target.close();
    },
  };
}

function freshInput({ inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 }: RecordedRow): number | null {
  return inputTokens < 0 ? null : Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens);
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}
