import assert from "node:assert/strict";
import { test } from "node:test";
import { appendValue, columnList, openDatabase, quoted } from "../../../scripts/store/database.ts";
import { STORE_TABLES, STORE_VIEWS } from "../../../scripts/store/tables/index.ts";
import { RUN_LABELS } from "../../../scripts/store/tables/runs.ts";

test("texts are quoted, values keep their types, and what a column cannot hold is refused", async () => {
  const { connection, close } = await openDatabase();
  await connection.run(`CREATE TABLE t AS SELECT ${quoted("it's; DROP TABLE t")} AS a, 1::BIGINT AS b, true AS c`);
  const appender = await connection.createAppender("t");
  appendValue(appender, "text", null, "a");
  appendValue(appender, "integer", 2 ** 53 - 1, "b");
  appendValue(appender, "boolean", false, "c");
  appender.endRow();
  for (const [type, value] of [
    ["integer", 0.5],
    ["number", "1"],
    ["boolean", 1],
    ["text", 1],
  ] as const) {
    assert.throws(() => appendValue(appender, type, value, "x"), /STORE_VALUE/);
  }
  appender.closeSync();
  const rows = (await connection.runAndReadAll("SELECT * FROM t ORDER BY b")).getRowsJson();
  assert.deepEqual(rows, [
    ["it's; DROP TABLE t", "1", true],
    [null, "9007199254740991", false],
  ]);
  close();
});

test("registered tables and views have names and columns that SQL takes, each once, each explained", async () => {
  const names = [...STORE_TABLES, ...STORE_VIEWS, RUN_LABELS].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok([...STORE_TABLES, ...STORE_VIEWS].every(({ name, doc }) => /^[a-z_]+$/.test(name) && doc !== ""));
  const { connection, close } = await openDatabase();
  for (const table of [...STORE_TABLES, { ...RUN_LABELS, version: 1 }]) {
    assert.ok(table.columns.every(({ doc }) => doc !== ""));
    await connection.run(`CREATE TABLE ${table.name} (${columnList(table)})`);
  }
  for (const { name, sql } of STORE_VIEWS) await connection.run(`CREATE VIEW ${name} AS ${sql}`);
  close();
});
