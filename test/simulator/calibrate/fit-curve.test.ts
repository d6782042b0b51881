import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { minimise } from "../../../simulator/calibrate/fit-curve.ts";

describe("minimise", () => {
  it("finds the bottom of Rosenbrock's valley", () => {
    const valley = ([x = 0, y = 0]: readonly number[]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
    const { at } = minimise(valley, [-1.2, 1], { steps: [0.5, 0.5], evaluationsMax: 500, tolerance: 1e-14 });
    assert.ok(Math.abs(at[0]! - 1) < 1e-4 && Math.abs(at[1]! - 1) < 1e-4, `${at}`);
  });

  it("keeps to its evaluations, and is never worse than its start", () => {
    let calls = 0;
    const noisy = () => (calls++ === 0 ? 1 : 5 + (calls % 3));
    const found = minimise(noisy, [0, 0, 0], { steps: [1, 1, 1], evaluationsMax: 20 });
    assert.deepEqual([found.value, found.at], [1, [0, 0, 0]]);
    assert.ok(calls <= 20 + 4, `${calls}`);
  });

  it("takes a value that is not a number for the worst", () => {
    const { at } = minimise(([x = 0]) => (x < 0 ? Number.NaN : (x - 2) ** 2), [0.5], {
      steps: [1],
      evaluationsMax: 80,
    });
    assert.ok(Math.abs(at[0]! - 2) < 1e-2);
  });
});
