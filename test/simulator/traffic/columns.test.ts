import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import fc from "fast-check";
import { Growing, mergeRecordings, ordered, takeRows, timeOrder } from "../../../simulator/traffic/columns.ts";
import type { RecordedColumns } from "../../../simulator/traffic/traffic.ts";

describe("growing columns", () => {
  it("keep every value over many blocks, and begin anew", () => {
    for (const rows of [0, 1, 1024, 1025, 200_000]) {
      const column = new Growing(Int32Array);
      for (let i = 0; i < rows; i++) column.push(i * 3);
      assert.equal(column.length, rows);
      const expected = Int32Array.from({ length: rows }, (_, i) => i * 3);
      assert.deepEqual(column.release(undefined), expected);
      column.push(7);
      assert.deepEqual(column.release(undefined), Int32Array.of(7));
    }
    const column = new Growing(Float64Array);
    for (const value of [0.5, 1.5, 2.5]) column.push(value);
    assert.deepEqual(column.release(Uint32Array.of(2, 0, 1)), Float64Array.of(2.5, 0.5, 1.5));
  });

  it("are ordered as a stable sort orders them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (values) => {
        const times = Float64Array.from(values);
        const expected = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
        const order = timeOrder(times) ?? Uint32Array.from(values.keys());
        assert.deepEqual([...ordered(Int32Array.from(values.keys()), order)], expected);
      }),
    );
    assert.equal(timeOrder(Float64Array.of(0, 1, 1, 2)), undefined);
  });
});

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
