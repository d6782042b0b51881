import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { openParquet } from "../../../../scripts/io/parquet-rows.ts";
import { REQUESTS, requestsFile } from "../../../../scripts/store/tables/requests.ts";
import { findColumns } from "../../../../simulator/traffic/column-map.ts";
import type { JsonObject } from "../../../../simulator/traffic/row-cells.ts";

test("rows have the table's columns, which trace readers know; what is not told is null", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "meridian-requests-")), "r.parquet");
  const target = requestsFile(file, "mine.0");
  const row = { timeMs: 0, inputTokens: 100, outputTokens: -1, cacheReadTokens: 40, e2eMs: Number.NaN, session: "s" };
  for (let i = 0; i < 5000; i++) target.add({ ...row, requestId: `r${i}` }, 5 + i);
  target.close();
  const names = REQUESTS.columns.map(({ name }) => name);
  const table = await openParquet(file, "r.parquet");
  assert.deepEqual(table.columns, ["import_key", ...names]);
  const rows: JsonObject[] = [];
  for await (const block of table.blocks(table.columns)) rows.push(...block);
  assert.equal(rows.length, 5000);
  const { time_ms, input_tokens, output_tokens, cache_read_tokens, e2e_ms, session_id, request_id } = rows[4096]!;
  assert.deepEqual(
    [time_ms, input_tokens, output_tokens, cache_read_tokens, e2e_ms, session_id, request_id],
    [4101, 60, null, 40, null, "s", "r4096"],
  );
  const found = Object.values(findColumns(names, null)).map(({ name }) => name);
  assert.deepEqual(new Set(found), new Set(names));
});
