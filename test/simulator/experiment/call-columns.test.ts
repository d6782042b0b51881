import assert from "node:assert/strict";
import { it } from "node:test";
import { CallColumns } from "../../../simulator/experiment/call-columns.ts";

const CALLS = 40_000;

it("hands calls over in the order in which they were written, whatever blocks they lie in", () => {
  const columns = new CallColumns();
  const places = Array.from({ length: CALLS }, (_, i) => {
    const block = columns.room;
    const row = block.length++;
    block.atMs[row] = i / 8;
    block.settledAtMs[row] = Number.NaN;
    block.inputTokens[row] = i;
    block.cacheReadTokens[row] = i % 7;
    block.maxTokens[row] = 3 * i;
    block.outputTokens[row] = 2 * i;
    block.classIndex[row] = i % 5;
    return { block, row };
  });
  const { block, row } = places[12_345]!;
  block.settledAtMs[row] = 99.5;
  const kept = columns.taken();
  assert.deepEqual(
    Object.values(kept).flatMap((column) => (ArrayBuffer.isView(column) ? [(column as Int32Array).length] : [])),
    Array(7).fill(CALLS),
  );
  for (const i of [0, 63, 64, 191, 192, 16_383, 12_345, CALLS - 1]) {
    const found = [kept.atMs, kept.inputTokens, kept.cacheReadTokens, kept.maxTokens, kept.outputTokens].map(
      (column) => column[i],
    );
    assert.deepEqual([...found, kept.classIndex[i]], [i / 8, i, i % 7, 3 * i, 2 * i, i % 5]);
  }
  assert.equal(kept.settledAtMs[12_345], 99.5);
  assert.equal(kept.settledAtMs.filter(Number.isNaN).length, CALLS - 1);
});

it("keeps nothing of what it has handed over", () => {
  const columns = new CallColumns();
  columns.room.length++;
  assert.equal(columns.taken().atMs.length, 1);
  assert.equal(columns.taken().atMs.length, 0);
  const { atMs } = columns.room;
  assert.ok(atMs.length > 0, "and takes others");
});
