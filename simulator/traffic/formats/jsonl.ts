/** The trace format `jsonl`: any JSONL with named fields. */
import { jsonRow, namedReader } from "../named-columns.ts";
import type { TraceFormat } from "../trace-format.ts";

/** Any JSONL whose objects have the generic columns. */
export const jsonl: TraceFormat = {
  name: "jsonl",
  summary: "JSONL with named fields: time_ms, input_tokens, output_tokens; optional max_tokens, class, origin",
  matches: (firstLine) => firstLine.startsWith("{") && firstLine.includes('"input_tokens"'),
  reader: (source, unit) =>
    namedReader(source, unit, (rows, text, lineNumber) => {
      const row = jsonRow(text, { source, lineNumber });
      rows.add(Object.keys(row), (name) => (Object.hasOwn(row, name) ? row[name] : undefined), lineNumber);
    }),
};
