import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Statistics } from "../../../emulator/monitoring/statistics.ts";

function of(values: readonly number[]): Statistics {
  const statistics = new Statistics();
  for (const value of values) statistics.add(value);
  return statistics;
}

/** By sorting everything, with linear interpolation between the two nearest values. */
function exactQuantile(values: readonly number[], share: number): readonly [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  return [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
}

describe("statistics of a period", () => {
  it("are exact for few values", () => {
    const few = of([5, 1, 3]);
    assert.deepEqual([few.count, few.sum, few.min, few.max], [3, 9, 1, 5]);
    assert.deepEqual([few.quantile(0), few.quantile(0.5), few.quantile(0.75), few.quantile(1)], [1, 3, 4, 5]);
    assert.deepEqual([few.countUpTo(0), few.countUpTo(1), few.countUpTo(4.9)], [0, 1, 2]);
    assert.ok(Number.isNaN(of([]).quantile(0.5)));
  });
  it("have percentiles within 0.5 % for many values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ min: 0.01, max: 1e6, noNaN: true }), fc.constant(0)), {
          minLength: 257,
          maxLength: 900,
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const [low, high] = exactQuantile(values, share);
          const found = of(values).quantile(share);
          assert.ok(found >= low * 0.995 - 1e-9 && found <= high * 1.005 + 1e-9, `${found} not in ${low}..${high}`);
        },
      ),
      { numRuns: 50 },
    );
  });
  it("add up over periods as if they were one", () => {
    const all = Array.from({ length: 600 }, (_, index) => index + 1);
    const parts = of(all.slice(0, 100));
    parts.addAll(of(all.slice(100)));
    assert.deepEqual([parts.count, parts.sum, parts.max], [600, 180_300, 600]);
    for (const share of [0.5, 0.95, 0.99]) assert.ok(Math.abs(parts.quantile(share) / (1 + share * 599) - 1) < 0.01);
  });
});
