import { parse } from "csv-parse/browser/esm/sync";
import { type RowPlace, rowError } from "./trace-format.ts";

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
