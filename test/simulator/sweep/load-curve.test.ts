import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CurvePoint, crossingOf, kneeOf } from "../../../simulator/sweep/load-curve.ts";

/** Mean time in an M/M/1 queue of rate 1: 1 / (1 - load), with an interval of 10 % either way. */
function queue(load: number): CurvePoint {
  const value = 1 / (1 - load);
  return { load, estimate: { value, low: 0.9 * value, high: 1.1 * value, n: 5 } };
}
const LOADS = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

describe("a curve over load", () => {
  it("crosses its objective where the closed form does, within its interval", () => {
    // 1 / (1 - load) = 4 at 0.75; the intervals cross where 1.1 or 0.9 times it is 4.
    const { load, low, high, side } = crossingOf(LOADS.map(queue), 4);
    assert.equal(side, "crosses");
    assert.ok(
      Math.abs(load! - 0.75) < 0.005 &&
        Math.abs(low! - (1 - 1.1 / 4)) < 0.005 &&
        Math.abs(high! - (1 - 0.9 / 4)) < 0.005,
    );
  });

  it("says when it lies within at all loads, or at none", () => {
    assert.deepEqual(crossingOf(LOADS.map(queue), 100), { load: null, low: null, high: null, side: "within" });
    assert.equal(crossingOf(LOADS.map(queue), 0.5).side, "beyond");
  });

  it("has its knee where a hyperbola turns", () => {
    // For 1 / (1 - x) on [0.05, 0.95] the distance to the chord is largest at x = 1 - sqrt(0.05 × 0.95).
    assert.ok(Math.abs(kneeOf(LOADS.map(queue))!.load - (1 - Math.sqrt(0.05 * 0.95))) < 0.05);
    assert.equal(kneeOf([queue(0.1), queue(0.2)]), null);
    assert.equal(kneeOf(LOADS.map((load) => ({ load, estimate: { value: 1, low: 1, high: 1, n: 2 } }))), null);
  });
});
