/** DuckDB in this process: loaded when first asked for, always in memory, without extensions from elsewhere. */
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { ColumnType } from "./table.ts";

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
