import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { StoreTable } from "../../../scripts/store/database.ts";
import { openStoreReader } from "../../../scripts/store/reader.ts";
import { openStoreWriter, tableFolder } from "../../../scripts/store/writer.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

const root = mkdtempSync(join(tmpdir(), "meridian-store-[x]-"));
after(() => rmSync(root, { recursive: true, force: true }));

const CALLS: StoreTable = {
  name: "calls",
  version: 1,
  keyColumn: "source",
  doc: "Calls",
  columns: [
    { name: "id", type: "integer", doc: "number" },
    { name: "at", type: "instant", doc: "when" },
    { name: "usd", type: "number", doc: "price" },
    { name: "ok", type: "boolean", doc: "served" },
    { name: "region", type: "text", doc: "region" },
    { name: "more", type: "json", doc: "the rest" },
  ],
};
const contents = {
  tables: [CALLS],
  views: [{ name: "dear", doc: "dear ones", sql: "SELECT * FROM calls WHERE usd > 1" }],
};
const row = (id: number, usd: number | null) => ({
  id,
  at: "2026-01-02T03:04:05.006Z",
  usd,
  ok: true,
  region: "it's",
  more: { a: [id] },
});

async function rows(sql: string) {
  const reader = await openStoreReader(root, contents);
  try {
    return (await reader.query(sql)).rows;
  } finally {
    reader.close();
  }
}

test("a table without rows can be queried, and rows come back as they were put in", async () => {
  assert.deepEqual(await rows("SELECT count(*) FROM calls"), [[0]]);
  const writer = openStoreWriter(root);
  async function* stream() {
    yield row(1, 0.5);
    yield row(2, null);
  }
  await writer.replace(CALLS, "file-a", stream());
  await writer.replace(CALLS, "file-b", [row(3, 2)]);
  writer.close();
  assert.deepEqual(await rows("SELECT * FROM calls ORDER BY id"), [
    ["file-a", 1, "2026-01-02 03:04:05.006", 0.5, true, "it's", '{"a":[1]}'],
    ["file-a", 2, "2026-01-02 03:04:05.006", null, true, "it's", '{"a":[2]}'],
    ["file-b", 3, "2026-01-02 03:04:05.006", 2, true, "it's", '{"a":[3]}'],
  ]);
  assert.deepEqual(await rows("SELECT id FROM dear"), [[3]]);
});

test("a key's rows are replaced at once; a failed write leaves the old ones and nothing else", async () => {
  const writer = openStoreWriter(root);
  function* failing() {
    yield row(9, 9);
    throw new Error("the source broke off");
  }
  await assert.rejects(writer.replace(CALLS, "file-b", failing()), /STORE_NOT_WRITTEN/);
  await assert.rejects(writer.replace(CALLS, "file-b", [{ id: 1.5 }]), /STORE_VALUE/);
  assert.deepEqual(await rows("SELECT id FROM calls WHERE source = 'file-b'"), [[3]]);
  await writer.replace(CALLS, "file-b", [row(4, 1), row(5, 1)]);
  assert.deepEqual(await rows("SELECT id FROM calls WHERE source = 'file-b' ORDER BY 1"), [[4], [5]]);
  assert.deepEqual([...(await writer.keys(CALLS)).keys()], ["file-a", "file-b"]);
  await writer.remove(CALLS, "file-b");
  await assert.rejects(writer.replace(CALLS, "../out", []), /STORE_KEY/);
  writer.close();
  assert.deepEqual(readdirSync(tableFolder(root, CALLS)), ["file-a.parquet"]);
});

test("what a killed writer left behind is not read", async () => {
  writeFileSync(join(tableFolder(root, CALLS), ".tmp-1-0.parquet"), "half a file");
  assert.deepEqual(await rows("SELECT count(*) FROM calls"), [[2]]);
});

test("only one SELECT on the store's own files is run", async () => {
  const reader = await openStoreReader(root, contents);
  const secret = join(root, "secret.csv");
  writeFileSync(secret, "a\n1\n");
  for (const sql of [
    "SELECT * FROM read_csv('/etc/passwd')",
    `SELECT * FROM '${secret}'`,
    "SELECT * FROM read_text('https://example.org/x')",
    "SELECT * FROM glob('/*')",
    "CREATE TABLE x (a INT)",
    `COPY calls TO '${join(tableFolder(root, CALLS), "x.parquet")}'`,
    `EXPLAIN ANALYZE COPY calls TO '${join(tableFolder(root, CALLS), "x.parquet")}'`,
    "SET enable_external_access = true",
    "INSTALL httpfs",
    "ATTACH 'x.db'",
    "SELECT 1; SELECT 2",
    "",
    "SELECT nothing FROM calls",
  ]) {
    const refusal = (error: unknown) => error instanceof MeridianError && error.problems[0]!.code === "STORE_QUERY";
    await assert.rejects(reader.query(sql), refusal, sql);
  }
  assert.deepEqual((await reader.query("SHOW TABLES")).rows, [["calls"], ["dear"]]);
  const stopping = new AbortController();
  const endless = reader.query(
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
    stopping.signal,
  );
  setImmediate(() => stopping.abort());
  await assert.rejects(endless, /INTERRUPTED/);
  reader.close();
  assert.deepEqual(readdirSync(tableFolder(root, CALLS)).sort(), [".tmp-1-0.parquet", "file-a.parquet"]);
});

test("more rows than stand in memory at a time are one file, in their order", async () => {
  const writer = openStoreWriter(root);
  function* many() {
    for (let id = 0; id < 60_001; id++) yield row(id, id / 2);
  }
  await writer.replace(CALLS, "file-large", many());
  writer.close();
  const where = "FROM calls WHERE source = 'file-large'";
  assert.deepEqual(await rows(`SELECT count(*), sum(usd), min("at"), max("at") ${where}`), [
    [60_001, (60_000 * 60_001) / 4, "2026-01-02 03:04:05.006", "2026-01-02 03:04:05.006"],
  ]);
  assert.deepEqual(
    await rows(`SELECT count(*) FROM (SELECT id, row_number() OVER () - 1 AS n ${where}) WHERE id <> n`),
    [[0]],
  );
  assert.deepEqual(
    readdirSync(tableFolder(root, CALLS)).filter((name) => name.includes(".part-")),
    [],
  );
});
