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
    // 1 / (1 - load) = 4 at 0.75; 1.1 times it is 4 at 0.725, 0.9 times it at 0.775: the points outside are 0.7 and 0.8.
    const { load, low, high, side } = crossingOf(LOADS.map(queue), 4)!;
    assert.equal(side, "rises");
    assert.ok(Math.abs(load! - 0.75) < 0.005);
    assert.deepEqual([low, high], [0.7, 0.8]);
  });

  it("says when it lies within at all loads, or at none", () => {
    assert.deepEqual(crossingOf(LOADS.map(queue), 100), { load: null, low: null, high: null, side: "within" });
    assert.equal(crossingOf(LOADS.map(queue), 0.5)?.side, "beyond");
  });

  it("that is within between two ends beyond is not beyond everywhere, and one without a value says nothing", () => {
    const at = (load: number, value: number | null): CurvePoint => ({
      load,
      estimate: { value, low: null, high: null, n: 1 },
    });
    assert.equal(crossingOf([at(1, 9), at(2, 3), at(3, 9)], 5)?.side, "between");
    assert.equal(crossingOf([at(1, null), at(2, 3), at(3, 9)], 5)?.side, "rises");
    assert.equal(crossingOf([at(1, null), at(2, null)], 5), null);
  });

  it("that falls, as over a quota, is within its objective from the crossing on", () => {
    const falling = LOADS.map((load) => ({ ...queue(1 - load), load }));
    // 1 / load = 4 at 0.25; with 10 % either way it is between 0.225 and 0.275.
    const { load, low, high, side } = crossingOf(falling, 4)!;
    assert.equal(side, "falls");
    assert.ok(Math.abs(load! - 0.25) < 0.005);
    assert.deepEqual([low, high], [0.2, 0.3]);
  });

  it("has its knee where the closed forms of queues have the most power", () => {
    const knee = (meanOf: (load: number) => number, loads = LOADS) =>
      kneeOf(loads.map((load) => ({ load, estimate: { value: meanOf(load), low: null, high: null, n: 1 } })));
    const fine = Array.from({ length: 199 }, (_, i) => (i + 1) / 200);
    // M/M/1: load (1 - load) is largest at 1/2. M/D/1: mean 1 + load / 2 (1 - load), largest power at 2 - √2.
    assert.equal(knee((load) => 1 / (1 - load), fine)!.load, 0.5);
    assert.ok(Math.abs(knee((load) => 1 + load / (2 * (1 - load)), fine)!.load - (2 - Math.SQRT2)) < 0.005);
    assert.equal(knee((load) => 1 / (1 - load), fine.slice(0, 150))!.load, 0.5, "whatever the range");
    // A cliff: flat up to 0.7, then nothing is served in time.
    assert.deepEqual(
      knee((load) => (load <= 0.7 ? 1 : Number.POSITIVE_INFINITY)),
      { load: 0.7, low: 0.65, high: 0.75 },
    );
    assert.equal(
      knee(() => 1),
      null,
      "it lies beyond the range",
    );
    assert.equal(
      knee((load) => 1 / (1 - load), LOADS.slice(9)),
      null,
      "it lies below the range",
    );
    const { low, high } = kneeOf(LOADS.map(queue))!;
    // Power within 10 % either way of the most: load (1 - load) >= 0.25 × 0.9 / 1.1.
    assert.ok(low <= 0.3 && high >= 0.7, "a flat top is told apart only so far");
  });
});
