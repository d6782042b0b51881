import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { curveFactor, curvePoints } from "../../../simulator/calibration/variant.ts";

describe("slowdown curves", () => {
  it("are 1 alone and never fall", () => {
    const power = fc.tuple(
      fc.double({ min: 1e-4, max: 1, noNaN: true }),
      fc.double({ min: 0.5, max: 2.2, noNaN: true }),
    );
    fc.assert(
      fc.property(power, fc.double({ min: 1, max: 200, noNaN: true }), (numbers, calls) => {
        assert.equal(curveFactor("power", numbers, 1), 1);
        assert.ok(curveFactor("power", numbers, calls + 1) >= curveFactor("power", numbers, calls));
      }),
    );
  });

  it("bend upward only as long as more inside means that more is done", () => {
    const [a, g] = [0.01, 2];
    const doneBy = (calls: number) => calls / curveFactor("power", [a, g], calls);
    // n / (1 + a (n - 1)^2) is greatest at n = sqrt(1 + 1 / a).
    const best = Math.sqrt(1 + 1 / a);
    assert.ok(Math.abs(curveFactor("power", [a, g], best) - (1 + a * (best - 1) ** 2)) < 1e-6);
    for (const calls of [11, 15, 40, 400]) assert.ok(Math.abs(doneBy(calls) - doneBy(best)) < 1e-6 * doneBy(best));
    assert.ok(doneBy(5) < doneBy(best));
  });

  it("are drawn with points that lie on them, and go on as they end", () => {
    const points = curvePoints("power", [0.01, 2], 20);
    for (const [calls, factor] of points) assert.equal(factor, curveFactor("power", [0.01, 2], calls));
    const [[n1, f1], [n2, f2]] = [points.at(-2)!, points.at(-1)!];
    const beyond = f2 + ((f2 - f1) / (n2 - n1)) * 100;
    assert.ok(Math.abs(beyond - curveFactor("power", [0.01, 2], n2 + 100)) < 1e-6 * beyond);
  });
});
