/** Writes tables of the store: the rows of a key are one Parquet file, which appears whole or not at all. */
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MeridianError } from "../../simulator/base/errors.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import { environmentProblem, makeFolder } from "../io/text-files.ts";
import {
  appendValue,
  type ColumnType,
  type Database,
  openDatabase,
  quoted,
  SQL_TYPE,
  type StoreRow,
  type StoreTable,
} from "./database.ts";

/** Folder of the tables inside the folder of runs. */
export const STORE_FOLDER = ".store";

const KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const SUFFIX = ".parquet";
const TEMP_PREFIX = ".tmp-";

export interface StoreWriter {
  /**
   * Puts rows in the place of all rows that the table has under a key. A kill at any moment leaves the old rows or the
   * new ones. Processes may write at the same time; of two that write one key the later one stays.
   *
   * @param key up to 64 of a-z 0-9 . _ -: the id of a run, the digest of an imported file
   * @throws MeridianError usage STORE_KEY, environment STORE_NOT_WRITTEN
   */
  replace(table: StoreTable, key: string, rows: Iterable<StoreRow> | AsyncIterable<StoreRow>): Promise<void>;
  /**
   * Puts a Parquet file that the caller writes, with the table's columns, in the place of all rows under a key.
   *
   * @param write makes the file at the path that it is given
   * @throws MeridianError as `replace`, and what `write` throws
   */
  put(table: StoreTable, key: string, write: (file: string) => Promise<void>): Promise<void>;
  /** Removes the rows of a key; nothing happens where there are none. */
  remove(table: StoreTable, key: string): Promise<void>;
  /** Keys of a table with the time of their last writing, ms since 1970. */
  keys(table: StoreTable): Promise<ReadonlyMap<string, number>>;
  close(): void;
}

/** @param root the folder of runs; created with the first rows */
export function openStoreWriter(root: string): StoreWriter {
  let database: Database | undefined;
  let staged = 0;
  const put: StoreWriter["put"] = async (table, key, write) => {
    const final = join(tableFolder(root, table), keyFile(key));
    const temp = join(tableFolder(root, table), `${TEMP_PREFIX}${process.pid}-${staged++}${SUFFIX}`);
    try {
      await makeFolder(tableFolder(root, table));
      await sweep(tableFolder(root, table));
      await write(temp);
      await syncFile(temp);
      await rename(temp, final);
    } catch (error) {
      await rm(temp, { force: true }).catch(() => undefined);
      if (error instanceof MeridianError) throw error;
      const fix = "free some space or check permissions of the folder of runs";
      throw new MeridianError("environment", environmentProblem("STORE_NOT_WRITTEN", error, final, fix), {
        cause: error,
      });
    }
  };
  return {
    put,
    replace: (table, key, rows) =>
      put(table, key, async (file) => {
        database ??= await openDatabase();
        await writeParquet(database, { table, key, rows, stage: `stage_${staged++}`, file });
      }),
    async remove(table, key) {
      await rm(join(tableFolder(root, table), keyFile(key)), { force: true });
    },
    async keys(table) {
      const folder = tableFolder(root, table);
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX));
      const found = new Map<string, number>();
      for (const name of names.sort()) {
        if (name.startsWith(TEMP_PREFIX)) continue;
        const stats = await stat(join(folder, name)).catch(() => undefined);
        if (stats !== undefined) found.set(name.slice(0, -SUFFIX.length), stats.mtimeMs);
      }
      return found;
    },
    close() {
      database?.close();
      database = undefined;
    },
  };
}

/** Folder of the files of a table, one a key. */
export function tableFolder(root: string, { name, version }: StoreTable): string {
  return join(resolve(root), STORE_FOLDER, `${name}.v${version}`);
}

function keyFile(key: string): string {
  if (KEY.test(key)) return `${key}${SUFFIX}`;
  throw new MeridianError("usage", {
    code: "STORE_KEY",
    what: `"${key.slice(0, 80)}" cannot be a key of the store`,
    fix: "a key has up to 64 of a-z 0-9 . _ - and begins with a letter or digit",
  });
}

interface Writing {
  readonly table: StoreTable;
  readonly key: string;
  readonly rows: Iterable<StoreRow> | AsyncIterable<StoreRow>;
  readonly stage: string;
  readonly file: string;
}

/** Rows that stand in memory at a time; more of them go through files of their own first. */
const BLOCK_ROWS = 25_000;

async function writeParquet({ connection }: Database, { table, key, rows, stage, file }: Writing): Promise<void> {
  const staged = table.columns.map(({ name, type }) => `"${name}" ${isCast(type) ? "VARCHAR" : SQL_TYPE[type]}`);
  const values = table.columns.map(({ name, type }) =>
    isCast(type) ? `"${name}"::${SQL_TYPE[type]} AS "${name}"` : `"${name}"`,
  );
  const select = `SELECT ${quoted(key)}::VARCHAR AS "${table.keyColumn}", ${values.join(", ")} FROM ${stage}`;
  const copy = (what: string, to: string) =>
    connection.run(`COPY (${what}) TO ${quoted(to)} (FORMAT parquet, USE_TMP_FILE false, ROW_GROUP_SIZE 51200)`);
  const create = () => connection.run(`CREATE OR REPLACE TEMP TABLE ${stage} (${staged.join(", ")})`);
  const parts: string[] = [];
  await create();
  let appender = await connection.createAppender(stage);
  try {
    let inBlock = 0;
    for await (const row of rows) {
      if (inBlock === BLOCK_ROWS) {
        appender.closeSync();
        const part = file.replace(/\.parquet$/, `.part-${parts.length}`);
        parts.push(part);
        await copy(select, part);
        await create();
        appender = await connection.createAppender(stage);
        inBlock = 0;
      }
      for (const { name, type } of table.columns) appendValue(appender, type, row[name], `${table.name}.${name}`);
      appender.endRow();
      inBlock++;
    }
    appender.closeSync();
    if (parts.length === 0) await copy(select, file);
    else {
      const before = `SELECT * FROM read_parquet([${parts.map(quoted).join(", ")}])`;
      await copy(`${before} UNION ALL ${select}`, file);
    }
  } finally {
    await connection.run(`DROP TABLE IF EXISTS ${stage}`);
    for (const part of parts) await rm(part, { force: true });
  }
}

/** Given as text, and cast when the file is written. */
function isCast(type: ColumnType): boolean {
  return type === "instant" || type === "decimal";
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes temporary files that a day has passed over: their writers were killed. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(TEMP_PREFIX)) continue;
    const stats = await stat(join(folder, name)).catch(() => undefined);
    if (stats !== undefined && Date.now() - stats.mtimeMs > DAY_MS) await rm(join(folder, name), { force: true });
  }
}
