import assert from "node:assert/strict";
import test from "node:test";
import { REQUESTS, requestRow } from "../../../../scripts/store/tables/requests.ts";
import { findColumns } from "../../../../simulator/traffic/column-map.ts";

test("a row has the table's columns, which trace readers know; what is not told is null", () => {
  const row = requestRow({ timeMs: 0, inputTokens: 100, outputTokens: -1, cacheReadTokens: 40, e2eMs: Number.NaN }, 5);
  assert.deepEqual(
    [row.time_ms, row.input_tokens, row.output_tokens, row.cache_read_tokens, row.e2e_ms],
    [5, 60, null, 40, null],
  );
  const names = REQUESTS.columns.map(({ name }) => name);
  assert.ok(Object.keys(row).every((name) => names.includes(name)));
  const found = Object.values(findColumns(names, null)).map(({ name }) => name);
  assert.deepEqual(new Set(found), new Set(names));
});
