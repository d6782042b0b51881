import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Growing, ordered, timeOrder } from "../../../simulator/traffic/growing-columns.ts";

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
