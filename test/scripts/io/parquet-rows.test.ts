import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { openParquet } from "../../../scripts/io/parquet-rows.ts";
import { readTraceFile } from "../../../scripts/io/trace-file.ts";

const folder = mkdtempSync(join(tmpdir(), "parquet-"));

test("a file that another program wrote: integers of any width, instants to the microsecond, zstd", async () => {
  const path = join(folder, "a.parquet");
  const db = await (await DuckDBInstance.create(":memory:")).connect();
  await db.run(
    `COPY (SELECT TIMESTAMP '2026-05-04 10:00:00' + to_microseconds(i * 1500000 + 7 * (i % 2)) AS timestamp,
       (100 + i)::BIGINT AS input_tokens, i::USMALLINT AS output_tokens, 'team' || (i % 3) AS team
     FROM range(3000) t(i)) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  const table = await openParquet(path, "a.parquet");
  assert.deepEqual([table.rows, table.columns], [3000, ["timestamp", "input_tokens", "output_tokens", "team"]]);
  const { columns, format } = await readTraceFile(path, "a.parquet");
  assert.equal(format, "parquet");
  assert.deepEqual([...columns.arrivalMs.slice(0, 3)], [0, 1500.007, 3000]);
  assert.deepEqual([columns.inputTokens[2999], columns.outputTokens[2999]], [3099, 2999]);
  assert.deepEqual(columns.tenantNames, ["team0", "team1", "team2"]);
});

test("times and counts of any type: instants of every unit, texts, days, decimals, big integers", async () => {
  const db = await (await DuckDBInstance.create(":memory:")).connect();
  const at = "(TIMESTAMP '2026-05-04 10:00:00' + to_microseconds((i * 1000000)::BIGINT))";
  const read = async (time: string, tokens: string) => {
    const path = join(folder, "types.parquet");
    await db.run(
      `COPY (SELECT ${time} AS time, ${tokens} AS input_tokens, 1 AS output_tokens FROM range(5) t(i)) TO '${path}'
       (FORMAT parquet)`,
    );
    return (await readTraceFile(path, "types.parquet")).columns;
  };
  for (const time of [`${at}::TIMESTAMP_NS`, `${at}::TIMESTAMP_MS`, `strftime(${at}, '%Y-%m-%dT%H:%M:%S.%fZ')`]) {
    const { arrivalMs, startEpochMs } = await read(time, "i");
    assert.deepEqual([...arrivalMs, startEpochMs], [0, 1000, 2000, 3000, 4000, Date.UTC(2026, 4, 4, 10)], time);
  }
  for (const tokens of ["i::DECIMAL(12,2)", "i::HUGEINT", "i::DOUBLE", "i::VARCHAR"]) {
    assert.deepEqual([...(await read(at, tokens)).inputTokens], [0, 1, 2, 3, 4], tokens);
  }
  const days = await read("DATE '2026-05-04' + i::INTEGER", "i");
  assert.equal(days.arrivalMs[4], 4 * 86_400_000);
  await assert.rejects(read(at, "i + 0.5"), /TRACE_BAD_NUMBER.*input_tokens is 0\.5/);
});

test("a table of something else is told by its columns: a bill by the command that reads it", async () => {
  const db = await (await DuckDBInstance.create(":memory:")).connect();
  const path = join(folder, "bill.parquet");
  await db.run(`COPY (SELECT 'Tax' AS ChargeCategory, 1.5 AS BilledCost) TO '${path}' (FORMAT parquet)`);
  await assert.rejects(
    readTraceFile(path, "bill.parquet"),
    /TRACE_UNKNOWN_FORMAT .*begins with ChargeCategory, BilledCost\n.*meridian bill reads it/,
  );
});

test("what is no Parquet is refused", async () => {
  const path = join(folder, "b.parquet");
  writeFileSync(path, "hello");
  await assert.rejects(readTraceFile(path, "b.parquet"), /TRACE_BAD_PARQUET {2}b\.parquet/);
});
