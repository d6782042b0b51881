/**
 * Numbers of a spreadsheet of another language, column by column: `1.234,56` is `1234.56`. A file may have numbers of both
 * kinds, as where one column was pasted in, and `1,234` alone tells nothing.
 */

/** Any number with a decimal comma, with or without groups of three. */
const DECIMAL_COMMA = /^[($+-]*(\d{1,3}([. \u00a0\u202f]\d{3})+|\d+),\d+[)$ ]*$/;
const THOUSANDS = /^[($+-]*[1-9]\d{0,2}([. \u00a0\u202f]\d{3})+[)$ ]*$/;
/** `1,234` is a thousand or one and a bit. */
const COMMA_UNSURE = /^[($+-]*[1-9]\d{0,2},\d{3}[)$ ]*$/;
const DECIMAL_POINT = /^[($+-]*\d*\.\d+[)$ ]*$/;

type Mark = "comma" | "point" | "unsure";

/**
 * The rows with decimal points in the columns that have decimal commas; every other text as it is. A column that has both
 * surely is left as it is, so that its reader refuses it.
 *
 * @example withPoints([["1.234,50", "1.235"]]) // => [["1234.50", "1235"]]
 */
export function withPoints(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const marks = marksOf(rows);
  const sure = marks.filter((mark) => mark === "comma" || mark === "point");
  // What a column does not tell, the others do; where none does, a comma is taken for a decimal one.
  const isComma = marks.map((mark) =>
    mark === "unsure" ? sure.length === 0 || sure.includes("comma") : mark === "comma",
  );
  if (!isComma.includes(true)) return rows;
  return rows.map((row) => row.map((cell, at) => (isComma[at] === true ? withPoint(cell) : cell)));
}

function withPoint(cell: string): string {
  const text = cell.trim();
  if (!DECIMAL_COMMA.test(text) && !THOUSANDS.test(text)) return cell;
  return cell.replace(/[. \u00a0\u202f]/g, "").replace(",", ".");
}

/** By column; "both" for one that surely has both, undefined for one without such numbers. */
function marksOf(rows: readonly (readonly string[])[]): readonly (Mark | "both" | undefined)[] {
  const marks: (Mark | "both" | undefined)[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) {
      const known = marks[at];
      if (known === "both") continue;
      const mark = markOf(cell.trim());
      if (mark === undefined) continue;
      if (known === undefined || known === "unsure") marks[at] = mark;
      else if (mark !== "unsure" && mark !== known) marks[at] = "both";
    }
  return Array.from(marks);
}

function markOf(text: string): Mark | undefined {
  if (COMMA_UNSURE.test(text) || THOUSANDS.test(text)) return "unsure";
  if (DECIMAL_COMMA.test(text)) return "comma";
  return DECIMAL_POINT.test(text) ? "point" : undefined;
}
