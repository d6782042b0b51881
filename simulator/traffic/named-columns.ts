/** Rows with named columns, as CSV and JSONL traces share them, and the cells of a line of either. */
import { parse } from "csv-parse/browser/esm/sync";
import type { TimeUnit } from "../base/instants.ts";
import { RecordedTimes, type TimeColumn } from "./recorded-times.ts";
import type { RecordedColumns } from "./recording.ts";
import { RowBuffer, type RowPlace, rowError, type TraceReader, tokenCount } from "./trace-format.ts";

/** Columns of the generic formats, with their other names. */
const TIMES: readonly TimeColumn[] = [
  ...(["ms", "s", "us", "ns"] as const).flatMap((unit) =>
    ["time", "timestamp", "arrival"].map((name) => ({ name: `${name}_${unit}`, unit })),
  ),
  { name: "time", unit: null },
  { name: "timestamp", unit: null },
];
const INPUT = "input_tokens";
const OUTPUT = "output_tokens";
const MAX = "max_tokens";
const CLASS = "class";
const ORIGINS = ["origin", "region"];

/** Whether these column names are enough for a trace. */
export function hasNamedColumns(names: readonly string[]): boolean {
  return timeColumn(names) !== undefined && names.includes(INPUT) && names.includes(OUTPUT);
}

/** Collects rows given as cells by column name. */
export class NamedRows {
  private readonly rows: RowBuffer;
  private readonly times: RecordedTimes;
  private readonly source: string;

  constructor(source: string, unit: TimeUnit | null = null) {
    this.source = source;
    this.rows = new RowBuffer(source);
    this.times = new RecordedTimes(unit);
  }

  /** @param cell the value of a column, undefined where the row has none */
  add(names: readonly string[], cell: (name: string) => unknown, lineNumber: number): void {
    const place = { source: this.source, lineNumber };
    const time = timeColumn(names);
    if (time === undefined || !hasNamedColumns(names)) throw missingColumn(names, place);
    const label = (name: string | undefined) => {
      const value = name === undefined ? undefined : cell(name);
      return value === undefined || value === null || value === "" ? "" : String(value);
    };
    const origin = ORIGINS.find((name) => names.includes(name));
    this.rows.add(
      {
        timeMs: this.times.read(cell(time.name), time, place),
        inputTokens: tokenCount(cell(INPUT), INPUT, place),
        outputTokens: tokenCount(cell(OUTPUT), OUTPUT, place),
        maxTokens: isBlank(cell(MAX)) ? 0 : tokenCount(cell(MAX), MAX, place),
        className: label(names.includes(CLASS) ? CLASS : undefined),
        originName: label(origin),
      },
      place,
    );
  }

  finish(): RecordedColumns {
    return this.rows.finish(this.times);
  }
}

/** A reader that skips empty lines and passes the rest to `take`. */
export function namedReader(
  source: string,
  unit: TimeUnit | null,
  take: (rows: NamedRows, text: string, lineNumber: number) => void,
): TraceReader {
  const rows = new NamedRows(source, unit);
  return {
    line(text, lineNumber) {
      if (text !== "") take(rows, text, lineNumber);
    },
    finish: () => rows.finish(),
  };
}

function timeColumn(names: readonly string[]): TimeColumn | undefined {
  return TIMES.find(({ name }) => names.includes(name));
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function missingColumn(names: readonly string[], place: RowPlace) {
  const wanted = ["a time column (time_ms, time_s, or time with date and time)", INPUT, OUTPUT].join(", ");
  const found = names.slice(0, 20).join(", ");
  return rowError(place, "TRACE_MISSING_COLUMN", `the columns are ${found}`, `a trace needs ${wanted}`);
}

const FIELDS_MAX = 256;

/**
 * The cells of one CSV line (RFC 4180 without line breaks inside quotes). Most lines have no quotes and are simply
 * split; csv-parse reads the others.
 *
 * @throws MeridianError TRACE_BAD_CSV
 */
export function csvCells(text: string, place: RowPlace): string[] {
  const cells = text.includes('"') ? quotedCells(text, place) : text.split(",");
  if (cells.length > FIELDS_MAX) {
    throw rowError(place, "TRACE_BAD_CSV", `${cells.length} fields in one line`, `at most ${FIELDS_MAX} are read`);
  }
  return cells;
}

/** The names in a file's first line, quoted or not; none where it is no CSV. */
export function headerCells(firstLine: string): readonly string[] {
  try {
    return csvCells(firstLine, { source: "", lineNumber: 1 }).map((cell) => cell.trim());
  } catch {
    return [];
  }
}

function quotedCells(text: string, place: RowPlace): string[] {
  try {
    return parse(text, { relax_column_count: true })[0] ?? [];
  } catch {
    throw rowError(
      place,
      "TRACE_BAD_CSV",
      "the quotes in this line do not match",
      "close every quoted cell on its line, and write quotes inside it twice",
    );
  }
}

/**
 * One JSON object of a JSONL file.
 *
 * @throws MeridianError TRACE_BAD_JSON
 */
export function jsonRow(text: string, place: RowPlace): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw rowError(place, "TRACE_BAD_JSON", "the line is not JSON", "each line holds one JSON object");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw rowError(place, "TRACE_BAD_JSON", "the line is not a JSON object", "each line holds one JSON object");
  }
  return value as Record<string, unknown>;
}
