/**
 * A table apart from its looks: the page, the summary and the CSV downloads are made from the same rows. `text` is for
 * people, `value` is the full number for other tools.
 */
export interface Table {
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  /** Header with its unit, e.g. `p95 E2E (s)`. */
  readonly label: string;
  /** Header in CSV files: the field's name with its unit, e.g. `e2e_p95_ms`. */
  readonly key: string;
  readonly align: "left" | "right";
}

export interface Row {
  /** Index of the strategy that the row is about, where it is about one. */
  readonly strategyIndex?: number;
  readonly cells: readonly Cell[];
}

export type Tone = "better" | "worse" | "neutral" | "warning";

export interface Cell {
  readonly text: string;
  readonly value: string | number | null;
  /** Second line: an interval, a count. */
  readonly detail?: string;
  /** Third line: the change against the baseline, in words. */
  readonly change?: { readonly text: string; readonly tone: Tone };
}

/** A plain text cell. */
export function textCell(text: string): Cell {
  return { text, value: text };
}

export function leftColumn(label: string, key: string): Column {
  return { label, key, align: "left" };
}

export function rightColumn(label: string, key: string): Column {
  return { label, key, align: "right" };
}

/** Header and full values, for `toCsv`. */
export function csvRows(table: Table): (string | number | null)[][] {
  return [table.columns.map((column) => column.key), ...table.rows.map((row) => row.cells.map((cell) => cell.value))];
}
