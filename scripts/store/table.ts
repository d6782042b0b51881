/** The contract of a table in the run store: its name, version and columns, and which values its rows may hold. */

/**
 * What a column holds. `instant` is an ISO text in UTC; `decimal` an exact decimal as text, of which sums are exact too;
 * `json` is any plain value, stored as text of JSON.
 */
export type ColumnType = "text" | "integer" | "number" | "decimal" | "boolean" | "instant" | "json";

export interface StoreColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** What it means, with its unit, for `meridian sql --help` and the documents. */
  readonly doc: string;
}

/**
 * A table that rows are stored under, by key: all rows of a key are replaced at once or not at all. The key is a column
 * of its own, the first one, under the name that `keyColumn` gives.
 */
export interface StoreTable {
  /** Lower case, words joined by `_`: the name in SQL. */
  readonly name: string;
  /** Raised when the columns change: files of other versions are not read, and are written anew from their source. */
  readonly version: number;
  readonly keyColumn: string;
  readonly doc: string;
  readonly columns: readonly StoreColumn[];
}

/** A named query over tables, for `meridian sql`. */
export interface StoreView {
  readonly name: string;
  readonly doc: string;
  /** A SELECT over registered tables and the views before it. */
  readonly sql: string;
}

/** One row: a value for each column that has one; null and left out are the same. */
export type StoreRow = Readonly<Record<string, unknown>>;

/** SQL type of a column. */
export const SQL_TYPE: Readonly<Record<ColumnType, string>> = {
  text: "VARCHAR",
  integer: "BIGINT",
  number: "DOUBLE",
  decimal: "DECIMAL(38,18)",
  boolean: "BOOLEAN",
  instant: "TIMESTAMP",
  json: "JSON",
};

/** The columns as SQL declares them, the key first. */
export function columnList(table: StoreTable): string {
  const columns = table.columns.map(({ name, type }) => `"${name}" ${SQL_TYPE[type]}`);
  return [`"${table.keyColumn}" VARCHAR`, ...columns].join(", ");
}
