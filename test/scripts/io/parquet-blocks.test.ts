import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { createParquet } from "../../../scripts/io/parquet-blocks.ts";
import { openParquet } from "../../../scripts/io/parquet-rows.ts";

test("blocks come back as they were written, with and without values", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "meridian-blocks-")), "b.parquet");
  const target = createParquet(file, [
    { name: "at", type: "number" },
    { name: "tokens", type: "whole", isOptional: true },
    { name: "label", type: "text", isOptional: true },
  ]);
  target.write([Float64Array.of(0.5, 1e12), [7, null], ["a", "ü"]]);
  target.write([[], [], []]);
  target.write([Float64Array.of(3), [null], [null]]);
  target.close();
  const table = await openParquet(file, "b.parquet");
  const rows: unknown[] = [];
  for await (const block of table.blocks(table.columns)) rows.push(...block);
  assert.deepEqual(rows, [
    { at: 0.5, tokens: 7, label: "a" },
    { at: 1e12, tokens: null, label: "ü" },
    { at: 3, tokens: null, label: null },
  ]);
});
