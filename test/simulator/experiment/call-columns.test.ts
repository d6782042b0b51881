import assert from "node:assert/strict";
import { it } from "node:test";
import { CallColumns } from "../../../simulator/experiment/call-columns.ts";

const CALLS = 40_000;

const NAMES = [
  "atMs",
  "settledAtMs",
  "inputTokens",
  "cacheReadTokens",
  "maxTokens",
  "outputTokens",
  "classIndex",
] as const;

function written() {
  const columns = new CallColumns();
  const calls = Array.from({ length: CALLS }, (_, i) => {
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
  const { block, row } = calls[12_345]!;
  block.settledAtMs[row] = 99.5;
  return columns;
}

const valuesOf = (i: number) => [i / 8, i === 12_345 ? 99.5 : Number.NaN, i, i % 7, 3 * i, 2 * i, i % 5];
const SOME = [0, 63, 64, 191, 192, 16_383, 12_345, CALLS - 1];

it("has calls in the order in which they were written, whatever blocks they lie in", () => {
  const columns = written();
  const all = NAMES.map((name) => columns.parts(name).flatMap((part) => [...part]));
  assert.deepEqual(
    all.map(({ length }) => length),
    Array(7).fill(CALLS),
  );
  for (const i of SOME)
    assert.deepEqual(
      all.map((column) => column[i]),
      valuesOf(i),
    );
});

it("and with each call where it is told to stand", () => {
  const columns = written();
  const places = Int32Array.from({ length: CALLS }, (_, i) => CALLS - 1 - i);
  const all = NAMES.map((name) => columns.inOrder(name, places));
  for (const i of SOME)
    assert.deepEqual(
      all.map((column) => column[CALLS - 1 - i]),
      valuesOf(i),
    );
});

it("keeps nothing of a column that was dropped", () => {
  const columns = written();
  columns.drop("maxTokens", "classIndex");
  const lengths = (name: (typeof NAMES)[number]) => columns.blocks.reduce((sum, block) => sum + block[name].length, 0);
  assert.deepEqual([lengths("maxTokens"), lengths("classIndex")], [0, 0]);
  assert.ok(lengths("atMs") >= CALLS);
});
