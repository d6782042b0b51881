/** The trace formats `csv`, `jsonl` and `parquet`: any table with named columns, Meridian's own among them. */
import { hasNamedColumns, namedReader } from "../named-columns.ts";
import type { TraceFormat } from "../trace-format.ts";

const COLUMNS =
  "time, input_tokens, output_tokens; optional max_tokens, class, origin, model and more, in any spelling";

/** Any CSV with a header that names the columns. */
export const csv: TraceFormat = {
  name: "csv",
  summary: `CSV with named columns: ${COLUMNS}`,
  matches: ({ kind, columns }) => kind === "csv" && hasNamedColumns(columns),
  reader: namedReader,
};

/** Any JSONL, or list of JSON objects, with the generic columns as fields. */
export const jsonl: TraceFormat = {
  name: "jsonl",
  summary: `JSON objects with named fields: ${COLUMNS}`,
  matches: ({ kind, record }) => kind === "json" && record !== undefined && hasNamedColumns(Object.keys(record)),
  reader: namedReader,
};

/** Any Parquet file with the generic columns. */
export const parquet: TraceFormat = {
  name: "parquet",
  summary: `Parquet with named columns: ${COLUMNS}`,
  matches: ({ kind, columns }) => kind === "parquet" && hasNamedColumns(columns),
  reader: namedReader,
};
