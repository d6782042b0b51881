/** Reads the store by SQL: only SELECT, only the store's own files, and no network. */

import { readdir } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import type { Json } from "@duckdb/node-api";
import { MeridianError } from "../../simulator/base/errors.ts";
import { interrupted } from "../io/worker-pool.ts";
import {
  columnList,
  loadDuckDb,
  openDatabase,
  quoted,
  type StoreRow,
  type StoreTable,
  type StoreView,
} from "./database.ts";
import { STORE_FOLDER, tableFolder } from "./writer.ts";

const INTERRUPT_EVERY_MS = 20;

/** The rows of a query, values as JSON has them: numbers, texts, booleans, null; instants as text. */
export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

export interface StoreReader {
  /**
   * Runs one SELECT.
   *
   * @param signal its abort stops the query, which may have no end of its own
   * @throws MeridianError usage STORE_QUERY for anything else, and for what the database says about the query;
   *   interrupted INTERRUPTED
   */
  query(sql: string, signal?: AbortSignal): Promise<QueryResult>;
  close(): void;
}

export interface ReaderContents {
  readonly tables: readonly StoreTable[];
  readonly views: readonly StoreView[];
  /** Rows that are not in the store's files, by table: what changes without a new run. */
  readonly live?: readonly { readonly table: Omit<StoreTable, "version">; readonly rows: readonly StoreRow[] }[];
}

/**
 * Opens what the store holds for reading. Tables are views over their files, so nothing is loaded before a query asks
 * for it; one without files is empty. The database then gives up every file but the store's, and locks that choice.
 *
 * @param root the folder of runs
 */
export async function openStoreReader(root: string, contents: ReaderContents): Promise<StoreReader> {
  const { connection, close } = await openDatabase();
  const run = async (sql: string): Promise<void> => void (await connection.run(sql));
  try {
    for (const table of contents.tables) await run(await tableSql(root, table));
    for (const { table, rows } of contents.live ?? []) {
      await run(`CREATE TABLE "${table.name}" (${columnList({ ...table, version: 0 })})`);
      const names = [table.keyColumn, ...table.columns.map(({ name }) => name)];
      for (const row of rows)
        await run(`INSERT INTO "${table.name}" VALUES (${names.map((name) => literal(row[name])).join(", ")})`);
    }
    for (const { name, sql } of contents.views) await run(`CREATE VIEW "${name}" AS ${sql}`);
    // As it is, for files, and as a pattern writes it, for the views.
    const folder = join(resolve(root), STORE_FOLDER) + sep;
    await run(`SET allowed_directories = [${quoted(folder)}, ${quoted(asPattern(folder))}]`);
    await run("SET enable_external_access = false");
    await run("SET lock_configuration = true");
  } catch (error) {
    close();
    throw error;
  }
  return {
    async query(sql, signal) {
      const { StatementType } = await loadDuckDb();
      let again: NodeJS.Timeout | undefined;
      const stop = () => {
        // Again and again: an interrupt before the query has begun is lost.
        again = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
      };
      signal?.addEventListener("abort", stop, { once: true });
      try {
        const statements = await connection.extractStatements(sql);
        if (statements.count !== 1) throw refused(`there are ${statements.count} statements`);
        const prepared = await statements.prepare(0);
        if (prepared.statementType !== StatementType.SELECT) {
          throw refused(`this is a ${StatementType[prepared.statementType] ?? "different"} statement`);
        }
        const reader = await prepared.runAndReadAll();
        return {
          columns: reader.columnNames(),
          rows: reader.getRowsJson().map((row) => row.map(plain(reader.columnTypes().map(String)))),
        };
      } catch (error) {
        if (signal?.aborted === true) throw interrupted();
        throw error instanceof MeridianError ? error : queryProblem(error);
      } finally {
        signal?.removeEventListener("abort", stop);
        clearInterval(again);
      }
    },
    close,
  };
}

async function tableSql(root: string, table: StoreTable): Promise<string> {
  const folder = tableFolder(root, table);
  const files = (await readdir(folder).catch(() => [])).filter(
    (name) => name.endsWith(".parquet") && !name.startsWith("."),
  );
  if (files.length === 0) return `CREATE TABLE "${table.name}" (${columnList(table)})`;
  const glob = quoted(join(asPattern(folder), "[a-z0-9]*.parquet"));
  return `CREATE VIEW "${table.name}" AS SELECT * FROM read_parquet(${glob}, union_by_name = true)`;
}

/** A path in which no character stands for others. */
function asPattern(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return quoted(typeof value === "string" ? value : JSON.stringify(value));
}

/** Whole numbers come as text, since they may be too large for JSON; those that are not too large become numbers. */
function plain(types: readonly string[]): (value: Json, column: number) => Json {
  const isWhole = types.map((type) => /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/.test(type));
  return (value, column) =>
    isWhole[column] === true && typeof value === "string" && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value;
}

function refused(what: string): MeridianError {
  return new MeridianError("usage", {
    code: "STORE_QUERY",
    what: `only one SELECT is run; ${what}`,
    fix: "the store is read with SELECT (or DESCRIBE, SHOW TABLES); runs are changed with meridian runs",
  });
}

function queryProblem(error: unknown): MeridianError {
  const text = error instanceof Error ? error.message : String(error);
  const [what = text, ...rest] = text.split("\n").filter((line) => line.trim() !== "");
  const hint = rest.find((line) => /did you mean|candidate/i.test(line))?.trim();
  const isFile = /disabled by configuration|Permission Error/.test(text);
  const fix = isFile
    ? "a query reads the store's tables and nothing else; SHOW TABLES lists them"
    : (hint ?? "SHOW TABLES lists the tables, DESCRIBE <table> their columns");
  return new MeridianError("usage", { code: "STORE_QUERY", what, fix }, { cause: error });
}
