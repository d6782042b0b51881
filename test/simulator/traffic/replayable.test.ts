import assert from "node:assert/strict";
import test from "node:test";
import { replayable } from "../../../simulator/traffic/replayable.ts";

const base = { arrivalMs: Float64Array.of(0, 1, 2, 3) };

test("failed calls get the output of an answered call of their model; the others keep theirs", () => {
  const { columns, notes } = replayable({
    ...base,
    inputTokens: Int32Array.of(10, 20, 30, 40),
    outputTokens: Int32Array.of(7, -1, 0, 9),
    outcome: Uint16Array.of(0, 1, 3, 0),
    modelIndex: Uint16Array.of(0, 0, 1, 1),
    modelNames: ["a", "b"],
  });
  assert.deepEqual([...columns.outputTokens], [7, 7, 9, 9]);
  assert.match(notes[0]!, /^2 of 4 calls tell no output/);
  // A gateway logs a call that failed with no tokens at all; no prompt is empty.
  const gateway = { inputTokens: Int32Array.of(10, 0, 30, 40), outputTokens: Int32Array.of(7, 0, 1, 9) };
  const filled = replayable({ ...base, ...gateway, outcome: Uint16Array.of(0, 1, 0, 0) });
  assert.ok([10, 30, 40].includes(filled.columns.inputTokens[1]!));
  assert.match(filled.notes[0]!, /^1 of 4 calls tell no input/);
  const whole = { ...base, inputTokens: Int32Array.of(1, 1, 1, 1), outputTokens: Int32Array.of(0, 1, 1, 1) };
  assert.deepEqual(replayable(whole), { columns: whole, notes: [] });
});

test("cached tokens become a prefix of the tenant and model; without any tokens, classes bring them", () => {
  const { columns } = replayable({
    ...base,
    inputTokens: Int32Array.of(100, 100, 100, 100),
    outputTokens: Int32Array.of(1, 1, 1, 1),
    cacheReadTokens: Int32Array.of(50, 0, 60, 0),
    cacheWriteTokens: Int32Array.of(0, 40, 0, 0),
    tenantIndex: Uint16Array.of(0, 0, 1, 1),
    tenantNames: ["a", "b"],
  });
  assert.deepEqual(
    [[...columns.prefixTokens!], [...columns.prefixId!]],
    [
      [50, 40, 60, 0],
      [0, 0, 1, -1],
    ],
  );
  const none = Int32Array.of(-1, -1, -1, -1);
  assert.equal(replayable({ ...base, inputTokens: none, outputTokens: none }).columns.isWithoutTokens, true);
});
