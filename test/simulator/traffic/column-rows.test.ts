import assert from "node:assert/strict";
import test from "node:test";
import { mergeRecordings, takeRows } from "../../../simulator/traffic/column-rows.ts";
import type { RecordedColumns } from "../../../simulator/traffic/recording.ts";

const day: RecordedColumns = {
  arrivalMs: Float64Array.of(0, 100),
  inputTokens: Int32Array.of(1, 2),
  outputTokens: Int32Array.of(3, 4),
  tenantIndex: Uint16Array.of(1, 0),
  tenantNames: ["a", "b"],
  sessionId: Int32Array.of(0, 1),
  e2eMs: Float64Array.of(7, 8),
  startEpochMs: 5000,
};
const night: RecordedColumns = {
  arrivalMs: Float64Array.of(0, 1000),
  inputTokens: Int32Array.of(10, 20),
  outputTokens: Int32Array.of(30, 40),
  tenantIndex: Uint16Array.of(0, 0),
  tenantNames: ["b"],
  sessionId: Int32Array.of(0, -1),
  startEpochMs: 5050,
};

test("recordings are put together by the clock; equal labels are one, sessions stay apart", () => {
  const both = mergeRecordings([day, night]);
  assert.deepEqual([...both.arrivalMs], [0, 50, 100, 1050]);
  assert.deepEqual([...both.inputTokens], [1, 10, 2, 20]);
  assert.deepEqual(
    [...both.tenantIndex!].map((i) => both.tenantNames![i]),
    ["b", "b", "a", "b"],
  );
  assert.deepEqual([...both.sessionId!], [0, 2, 1, -1]);
  assert.deepEqual([...both.e2eMs!], [7, Number.NaN, 8, Number.NaN]);
  assert.equal(both.startEpochMs, 5000);
});

test("where one tells no clock, each begins at the start, and what one lacks stands for none", () => {
  const { startEpochMs: _, tenantIndex: __, tenantNames: ___, ...bare } = night;
  const both = mergeRecordings([day, bare]);
  assert.deepEqual([...both.arrivalMs], [0, 0, 100, 1000]);
  assert.deepEqual(
    [...both.tenantIndex!].map((i) => both.tenantNames![i]),
    ["b", "", "a", ""],
  );
  assert.equal(both.startEpochMs, undefined);
  assert.equal(mergeRecordings([day]), day);
});

test("rows taken out keep all that they have", () => {
  const taken = takeRows(day, Int32Array.of(1, 1, 0), Float64Array.of(0, 5, 9));
  assert.deepEqual([...taken.outputTokens], [4, 4, 3]);
  assert.deepEqual([...taken.tenantIndex!], [0, 0, 1]);
  assert.deepEqual([...taken.arrivalMs], [0, 5, 9]);
});
