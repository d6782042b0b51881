/** The trace formats `csv`, `jsonl` and `parquet`: any table with named columns, Meridian's own among them. */

import { toMs } from "../../base/instants.ts";
import { suggest } from "../../base/near-names.ts";
import {
  COLUMN_ROLES,
  type ColumnMap,
  type ColumnRole,
  type FoundColumn,
  type FoundColumns,
  findColumns,
  spelling,
} from "../column-map.ts";
import { PrefixNames } from "../prefix-ids.ts";
import { type RecordedRow, UNKNOWN_TOKENS } from "../recorded-rows.ts";
import type { TimeColumn } from "../recorded-times.ts";
import {
  type JsonObject,
  lengthOfTime,
  outcomeOfCell,
  type RowPlace,
  rowError,
  tokenCount,
  tokenCountOr,
} from "../row-cells.ts";
import type { RecordReader, RequestSink, TraceFormat } from "../trace-format.ts";

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

/** Whether these column names are enough for a recording of requests. */
export function hasNamedColumns(names: readonly string[]): boolean {
  const { time, input, output } = findColumns(names, null);
  return time !== undefined && input !== undefined && output !== undefined;
}

/** Reads rows given as cells by column name. The columns are those of the first row. */
function namedReader(sink: RequestSink): RecordReader {
  let known: Row | undefined;
  let knownNames = "";
  const prefixes = new PrefixNames();
  return {
    take(record, place) {
      const names = Object.keys(record);
      // JSON objects may leave fields out; a table's rows all have the same.
      const joined = names.join(",");
      if (known === undefined || joined !== knownNames) {
        known = rowOf(names, sink.columns, prefixes, place);
        knownNames = joined;
      }
      sink.add(read(record, known, sink, place), place);
    },
  };
}

interface Row {
  readonly found: FoundColumns;
  readonly time: TimeColumn;
  readonly roles: readonly ColumnRole[];
  readonly prefixes: PrefixNames;
}

function rowOf(names: readonly string[], map: ColumnMap | null, prefixes: PrefixNames, place: RowPlace): Row {
  const found = findColumns(names, map);
  for (const [role, column] of Object.entries(map ?? {})) {
    const isNeeded = role === "time" || role === "input" || role === "output";
    if (!isNeeded || names.includes(column.name)) continue;
    const what = `there is no column "${column.name}", which columns.${role} names`;
    throw rowError(place, "TRACE_MISSING_COLUMN", what, suggest(column.name, names));
  }
  if (found.time === undefined || found.input === undefined || found.output === undefined) {
    throw missingColumn(names, found, place);
  }
  refuseTwoNames(names, found, map, place);
  const roles = COLUMN_ROLES.filter((role) => found[role] !== undefined);
  return { found, time: found.time, roles, prefixes };
}

/** Two columns of one name, but for its spelling: only the user can say which is meant. */
function refuseTwoNames(names: readonly string[], found: FoundColumns, map: ColumnMap | null, place: RowPlace): void {
  for (const [role, { name }] of Object.entries(found)) {
    const other = names.find((each) => each !== name && spelling(each) === spelling(name));
    if (other === undefined || map?.[role as ColumnRole] !== undefined) continue;
    const what = `the columns ${name} and ${other} have one name`;
    throw rowError(place, "TRACE_BAD_CSV", what, `say which one is meant: columns: { ${role}: "${name}" }`);
  }
}

function read(record: JsonObject, { found, time, prefixes }: Row, sink: RequestSink, place: RowPlace): RecordedRow {
  const cell = (role: ColumnRole): unknown => {
    const name = found[role]?.name;
    return name !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
  };
  const count = <T>(role: ColumnRole, otherwise: T) =>
    found[role] === undefined ? undefined : tokenCountOr(otherwise, cell(role), found[role].name, place);
  const label = (role: ColumnRole) => (found[role] === undefined ? undefined : textOf(cell(role)));
  const outcome = found.status === undefined ? undefined : (outcomeOfCell(cell("status")) ?? "served");
  const isFailed = outcome !== undefined && outcome !== "served";
  const tokens = (role: "input" | "output") =>
    cell(role) === null
      ? UNKNOWN_TOKENS
      : isFailed
        ? count(role, UNKNOWN_TOKENS)!
        : tokenCount(cell(role), found[role]!.name, place);
  const cacheReadTokens = count("cacheRead", 0);
  const cacheWriteTokens = count("cacheWrite", 0);
  const input = tokens("input");
  const cost = found.cost === undefined ? undefined : Number(cell("cost") ?? 0);
  const row = {
    timeMs: sink.times.read(record[time.name], time, place),
    inputTokens: input < 0 ? input : input + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0),
    outputTokens: tokens("output"),
    cacheReadTokens,
    cacheWriteTokens,
    maxTokens: count("maxTokens", 0),
    prefixTokens: count("prefixTokens", 0),
    prefixId: found.prefixId === undefined ? undefined : prefixes.idOf(cell("prefixId")),
    className: sink.tag === null ? label("class") : textOf(Object.hasOwn(record, sink.tag) ? record[sink.tag] : ""),
    originName: label(found.origin === undefined ? "region" : "origin"),
    region: label("region"),
    processingRegion: label("processingRegion"),
    model: label("model"),
    tenant: label("tenant"),
    session: label("session"),
    requestId: label("requestId"),
    outcome,
    e2eMs: durationOf(found.latency, cell("latency"), place),
    ttftMs: durationOf(found.ttft, cell("ttft"), place),
    roundTripMs: durationOf(found.roundTrip, cell("roundTrip"), place),
    costUsd: cost,
  };
  if (row.ttftMs !== undefined && row.e2eMs !== undefined && row.ttftMs > row.e2eMs) {
    const what = `${found.ttft!.name} is ${row.ttftMs} ms, after the end, ${found.latency!.name} ${row.e2eMs} ms`;
    throw rowError(place, "TRACE_BAD_NUMBER", what, "the first token comes before the last one");
  }
  return row;
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}

function durationOf(column: FoundColumn | undefined, value: unknown, place: RowPlace): number | undefined {
  if (column === undefined) return undefined;
  const number = lengthOfTime(value, column.name, place);
  return column.unit === null || column.unit === "ms" ? number : toMs(number, column.unit);
}

function missingColumn(names: readonly string[], found: FoundColumns, place: RowPlace) {
  const wanted = [
    ...(found.time === undefined ? ["a time (time_ms, time_s, or time with date and time)"] : []),
    ...(found.input === undefined ? ["input_tokens"] : []),
    ...(found.output === undefined ? ["output_tokens"] : []),
  ].join(", ");
  const what = `the columns are ${names.slice(0, 20).join(", ")}`;
  const fix = `a trace needs ${wanted}; name columns of yours beside it: columns: { time: ts, input: prompt_tok }`;
  return rowError(place, "TRACE_MISSING_COLUMN", what, fix);
}
