/** Reads the lines of a trace in memory, as the adapter reads a file. */
import type { TimeUnit } from "../../../simulator/base/instants.ts";
import { RowBuffer } from "../../../simulator/traffic/recorded-rows.ts";
import { type ReadingOptions, RequestReader } from "../../../simulator/traffic/request-reader.ts";
import type { TraceFormat } from "../../../simulator/traffic/trace-format.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";

/** The columns of a text; its format is found unless it is given. */
export function readText(text: string, source: string, options: ReadingOptions = {}) {
  const rows = new RowBuffer(source);
  const reader = new RequestReader(options, (row, place) => rows.add(row, place));
  const file = reader.file(source);
  file.push(text);
  file.end();
  reader.finish();
  return { columns: rows.finish(reader.times), reader };
}

export function readTrace(
  format: TraceFormat,
  lines: readonly string[],
  source: string,
  unit: TimeUnit | null = null,
): RecordedColumns {
  return readText(lines.join("\n"), source, { format: format.name, unit }).columns;
}
