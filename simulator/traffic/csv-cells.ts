/** The cells of one CSV line. */
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
