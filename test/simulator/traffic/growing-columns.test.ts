import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Growing, ordered, timeOrder } from "../../../simulator/traffic/growing-columns.ts";

describe("growing columns", () => {
  it("keep every value over many doublings", () => {
    const column = new Growing(Int32Array);
    for (let i = 0; i < 10_000; i++) column.push(i * 3);
    assert.equal(column.length, 10_000);
    assert.deepEqual(
      column.whole(),
      Int32Array.from({ length: 10_000 }, (_, i) => i * 3),
    );
  });

  it("are ordered as a stable sort orders them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (values) => {
        const times = Float64Array.from(values);
        const expected = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
        assert.deepEqual([...ordered(Int32Array.from(values.keys()), timeOrder(times))], expected);
      }),
    );
    assert.equal(timeOrder(Float64Array.of(0, 1, 1, 2)), undefined);
  });
});
