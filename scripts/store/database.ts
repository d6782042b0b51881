/**
 * DuckDB in this process, loaded when first asked for, always in memory, without extensions from elsewhere; and the contract of a
 * table in the run store: name, version, columns, and which values its rows may hold.
 */
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { MeridianError } from "../../simulator/base/errors.ts";

export interface Database {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  close(): void;
}

/**
 * Opens an empty database in memory; the store's files are its only lasting part.
 *
 * @throws MeridianError environment STORE_ENGINE where the database's native library does not load on this machine
 */
export async function openDatabase(): Promise<Database> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    threads: "2",
  });
  const connection = await instance.connect();
  return {
    instance,
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The database's module, loaded when a command first needs it. */
export async function loadDuckDb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (error) {
    throw new MeridianError(
      "environment",
      {
        code: "STORE_ENGINE",
        what: `DuckDB cannot be loaded: ${error instanceof Error ? error.message.split("\n", 1)[0] : String(error)}`,
        fix: "install Meridian again on this machine: npm installs DuckDB's library for its platform; runs and reports work without it",
      },
      { cause: error },
    );
  }
}

/** A text as SQL writes it. @example quoted("it's") // => "'it''s'" */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Appends one value as its column's type has it.
 *
 * @throws MeridianError internal STORE_VALUE for a value that the column cannot hold
 */
export function appendValue(appender: DuckDBAppender, type: ColumnType, value: unknown, column: string): void {
  if (value === null || value === undefined) appender.appendNull();
  else if (type === "json") appender.appendVarchar(JSON.stringify(value));
  // Instants and decimals are cast when the table is written.
  else if ((type === "text" || type === "instant" || type === "decimal") && typeof value === "string")
    appender.appendVarchar(value);
  else if (type === "boolean" && typeof value === "boolean") appender.appendBoolean(value);
  else if (type === "number" && typeof value === "number") appender.appendDouble(value);
  else if (type === "integer" && typeof value === "bigint") appender.appendBigInt(value);
  else if (type === "integer" && Number.isSafeInteger(value)) appender.appendBigInt(BigInt(value as number));
  else {
    const what = `column ${column} (${type}) got ${String(value)}`;
    throw new MeridianError("internal", { code: "STORE_VALUE", what });
  }
}

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
