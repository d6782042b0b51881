/** Writes a recording with all columns that it has: as CSV, JSONL or Parquet, or as a trace that other tools replay. */
import { OUTCOMES } from "../../simulator/traffic/row-cells.ts";
import type { RecordedColumns, TrafficChunk } from "../../simulator/traffic/traffic.ts";
import { createParquet, GROUP_ROWS } from "../io/parquet-blocks.ts";
import { ByteLines, bytesOf } from "./byte-lines.ts";
import { csvCell, openRequestWriter, type RequestWriter } from "./request-writers.ts";

/** A column of the file: its name, and the value of a row; undefined where the row has none. */
interface Column {
  readonly name: string;
  readonly type: "text" | "whole" | "time";
  of(row: number): string | number | undefined;
}

/** HTTP status of each outcome. */
const STATUS = [200, 429, 503, 500, 499];

/**
 * Writes the rows; formats with columns of their own choice get every column, the others what they take.
 *
 * @param sessionName name of a session by its number
 */
export function writeRecording(
  writer: RequestWriter,
  file: string,
  columns: RecordedColumns,
  sessionName: (id: number) => string = (id) => `s${id}`,
): void {
  if (writer.name === "parquet") writeParquet(file, columns, columnsOf(columns, sessionName));
  else if (writer.name === "csv" || writer.name === "jsonl") {
    writeLines(file, columns, columnsOf(columns, sessionName), writer.name === "csv");
  } else writeChunks(writer, file, columns);
}

/** Files with cached tokens have the input without them, as Bedrock's log does. */
function columnsOf(columns: RecordedColumns, sessionName: (id: number) => string): readonly Column[] {
  const { startEpochMs = 0, arrivalMs, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = columns;
  const cached = (row: number) => (cacheReadTokens?.[row] ?? 0) + (cacheWriteTokens?.[row] ?? 0);
  const known = (tokens: number) => (tokens < 0 ? undefined : tokens);
  const found: Column[] = [{ name: "time_ms", type: "time", of: (row) => startEpochMs + arrivalMs[row]! }];
  const label = (name: string, index: Uint16Array | undefined, names: readonly string[] | undefined) => {
    if (index !== undefined && names !== undefined)
      found.push({ name, type: "text", of: (row) => names[index[row]!]! });
  };
  const whole = (name: string, column: Int32Array | undefined) => {
    if (column !== undefined) found.push({ name, type: "whole", of: (row) => known(column[row]!) });
  };
  label("class", columns.classIndex, columns.classNames);
  label("origin", columns.originIndex, columns.originNames);
  label("model", columns.modelIndex, columns.modelNames);
  label("tenant", columns.tenantIndex, columns.tenantNames);
  const { sessionId, outcome } = columns;
  if (sessionId !== undefined) {
    found.push({
      name: "session_id",
      type: "text",
      of: (row) => (sessionId[row]! < 0 ? "" : sessionName(sessionId[row]!)),
    });
  }
  found.push({
    name: "input_tokens",
    type: "whole",
    of: (row) => known(inputTokens[row]! < 0 ? -1 : inputTokens[row]! - cached(row)),
  });
  whole("output_tokens", outputTokens);
  whole("max_tokens", columns.maxTokens);
  whole("cache_read_tokens", cacheReadTokens);
  whole("cache_write_tokens", cacheWriteTokens);
  if (cacheReadTokens === undefined) {
    whole("prefix_tokens", columns.prefixTokens);
    whole("prefix_id", columns.prefixId);
  }
  if (outcome !== undefined) {
    found.push({ name: "status", type: "whole", of: (row) => STATUS[Math.min(outcome[row]!, OUTCOMES.length - 1)] });
  }
  for (const [name, column] of [
    ["e2e_ms", columns.e2eMs],
    ["ttft_ms", columns.ttftMs],
  ] as const) {
    if (column !== undefined)
      found.push({ name, type: "time", of: (row) => (column[row]! >= 0 ? column[row]! : undefined) });
  }
  return found;
}

function writeLines(file: string, { arrivalMs }: RecordedColumns, columns: readonly Column[], isCsv: boolean): void {
  const lines = new ByteLines(file);
  try {
    if (isCsv) lines.text(bytesOf(`${columns.map(({ name }) => name).join(",")}\n`));
    for (let row = 0; row < arrivalMs.length; row++) {
      const cells = columns.map((column) => cellOf(column, row, isCsv));
      lines.text(bytesOf(isCsv ? `${cells.join(",")}\n` : `{${cells.filter((cell) => cell !== "").join(",")}}\n`));
    }
  } finally {
    lines.close();
  }
}

const LENGTHS = ["input_tokens", "output_tokens"];

function cellOf({ name, type, of }: Column, row: number, isCsv: boolean): string {
  const value = of(row);
  // A length that is not told is not a number; other cells may be left out.
  if (value === undefined) return !isCsv && LENGTHS.includes(name) ? `"${name}":null` : "";
  // The nearest number that a double's shortest text gives; a thousandth of a ms is enough.
  const number = type === "time" ? Number((value as number).toFixed(3)) : value;
  if (isCsv) return type === "text" ? csvCell(value as string) : String(number);
  return `${JSON.stringify(name)}:${JSON.stringify(number)}`;
}

function writeParquet(file: string, { arrivalMs }: RecordedColumns, columns: readonly Column[]): void {
  const target = createParquet(
    file,
    columns.map(({ name, type }) => ({ name, type: type === "time" ? "number" : type, isOptional: true })),
  );
  for (let from = 0; from < arrivalMs.length; from += GROUP_ROWS) {
    const length = Math.min(GROUP_ROWS, arrivalMs.length - from);
    target.write(columns.map(({ of }) => Array.from({ length }, (_, i) => of(from + i) ?? null)));
  }
  target.close();
}

/** Formats of other tools take times from 0, lengths and prefixes. */
function writeChunks(writer: RequestWriter, file: string, columns: RecordedColumns): void {
  const target = openRequestWriter(writer, file, {
    classes: columns.classNames ?? [""],
    origins: columns.originNames ?? [""],
  });
  const rows = columns.arrivalMs.length;
  const none = (value: number) => new Int32Array(rows).fill(value);
  const chunk: TrafficChunk = {
    length: rows,
    arrivalMs: columns.arrivalMs,
    classIndex: columns.classIndex ?? new Uint16Array(rows),
    originIndex: columns.originIndex ?? new Uint16Array(rows),
    inputTokens: columns.inputTokens.map((tokens) => Math.max(0, tokens)),
    outputTokens: columns.outputTokens.map((tokens) => Math.max(0, tokens)),
    maxTokens: columns.maxTokens ?? none(0),
    prefixTokens: columns.prefixTokens ?? none(0),
    prefixId: columns.prefixId ?? none(-1),
  };
  try {
    target.write(chunk);
  } finally {
    target.close();
  }
}
