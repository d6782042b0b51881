/**
 * The cells of one line of a table: of CSV, and of the text form that Postgres writes (dumps of pg_dump, and what COPY and
 * \copy write without `csv`).
 */
import { parse } from "csv-parse/browser/esm/sync";
import { type RowPlace, rowError } from "./row-cells.ts";

const FIELDS_MAX = 256;

/**
 * The cells of one CSV line (RFC 4180). Most lines have no quotes and are simply split; csv-parse reads the others.
 *
 * @param text      a line; line breaks may stand inside quotes
 * @param delimiter between cells
 * @throws MeridianError TRACE_BAD_CSV
 */
export function csvCells(text: string, place: RowPlace, delimiter = ","): string[] {
  const cells = text.includes('"') ? quotedCells(text, place, delimiter) : text.split(delimiter);
  if (cells.length > FIELDS_MAX) {
    throw rowError(place, "TRACE_BAD_CSV", `${cells.length} fields in one line`, `at most ${FIELDS_MAX} are read`);
  }
  return cells;
}

/**
 * What stands between the cells of a table: a tab or a semicolon where its header has no comma, as databases and
 * spreadsheets of many countries write it.
 *
 * @example delimiterOf("time_s;input_tokens;output_tokens") // => ";"
 */
export function delimiterOf(header: string): string {
  if (header.includes(",")) return ",";
  return [";", "\t"].find((each) => header.includes(each)) ?? ",";
}

/**
 * Whether a quoted cell is still open at the end of a text.
 *
 * @example hasOpenQuote('1,"two') // => true
 */
export function hasOpenQuote(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

function quotedCells(text: string, place: RowPlace, delimiter: string): string[] {
  try {
    return parse(text, { delimiter, relax_column_count: true })[0] ?? [];
  } catch {
    throw rowError(
      place,
      "TRACE_BAD_CSV",
      "the quotes in this line do not match",
      "close every quoted cell, and write quotes inside it twice",
    );
  }
}

/** Of a dump, the table that holds requests. */
const TABLE = "LiteLLM_SpendLogs";
const COPY = /^COPY (?:\S+\.)?"?(\w+)"? \((.*)\) FROM stdin;\s*$/;
/** Ends the rows of a table. */
const END = "\\.";

/** A command that writes the table in a form that is read whatever its texts hold. */
export const COPY_COMMAND = String.raw`psql -c "\copy \"${TABLE}\" to 'spend.csv' csv header"`;

/** Whether a file with this first line is a dump of a database: those of pg_dump begin with a comment. */
export function isDump(firstLine: string): boolean {
  return /^(--$|-- PostgreSQL|COPY \S+ \()/.test(firstLine);
}

/** Finds the rows of spend logs in a dump. */
export class DumpLines {
  /** Columns of the table whose rows come, in the order of their cells. */
  columns: readonly string[] | undefined;
  private isOther = false;

  /** Cells of a row of the table; undefined for any other line. */
  take(line: string): readonly string[] | undefined {
    if (this.columns !== undefined || this.isOther) {
      if (line !== END) return this.isOther ? undefined : copyCells(line);
      this.columns = undefined;
      this.isOther = false;
      return undefined;
    }
    const match = COPY.exec(line);
    if (match === null) return undefined;
    if (match[1] === TABLE) this.columns = match[2]!.split(", ").map((name) => name.replace(/^"|"$/g, ""));
    else this.isOther = true;
    return undefined;
  }
}

/** Whether a line with tabs is a row as COPY writes it: nulls, or JSON without quotes around it. */
export function isCopyRow(line: string): boolean {
  return line.split("\t").some((cell) => cell === "\\N" || cell.startsWith('{"') || cell.startsWith('[{"'));
}

/**
 * The cells of a row in the text form of COPY; null is an empty cell.
 *
 * @example copyCells("a\\tb\t\\N\t1") // => ["a\tb", "", "1"]
 */
export function copyCells(line: string): string[] {
  return line
    .split("\t")
    .map((cell) => (cell === "\\N" ? "" : cell.includes("\\") ? cell.replace(/\\(.)/g, unescaped) : cell));
}

const SIGNS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescaped(_escape: string, sign: string): string {
  return SIGNS[sign] ?? sign;
}
