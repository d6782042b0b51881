import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sensitivity, sobolIndices } from "../../../../simulator/sweep/designs/sensitivity.ts";
import type { RangeFactor } from "../../../../simulator/sweep/job.ts";

const angle = (path: string): RangeFactor => ({
  kind: "range",
  path,
  from: -Math.PI,
  to: Math.PI,
  steps: 2,
  scale: "linear",
  unit: "",
});

describe("Sobol indices", () => {
  it("of Ishigami's function are the closed form's within 0.02", () => {
    const points = sensitivity.points({ factors: ["x1", "x2", "x3"].map(angle), points: 8192, seed: 1 });
    assert.equal(points.length, 8192 * 5);
    const values = (points as readonly (readonly number[])[]).map(
      ([x1, x2, x3]) => Math.sin(x1!) + 7 * Math.sin(x2!) ** 2 + 0.1 * x3! ** 4 * Math.sin(x1!),
    );
    const indices = sobolIndices(values, 3)!;
    // Ishigami and Homma (1990), a = 7, b = 0.1.
    const first = [0.31390519114781146, 0.4424111447900409, 0];
    const total = [0.5575888552099592, 0.4424111447900409, 0.2436836640621477];
    indices.forEach((index, i) => {
      assert.ok(Math.abs(index.first.value - first[i]!) < 0.02, `S${i + 1} ${index.first.value}`);
      assert.ok(Math.abs(index.total.value - total[i]!) < 0.02, `ST${i + 1} ${index.total.value}`);
      assert.ok(index.total.low <= total[i]! && total[i]! <= index.total.high);
    });
  });

  it("need a result that varies, and leave out rows with a missing value", () => {
    assert.equal(sobolIndices(new Array(20).fill(3), 2), undefined);
    assert.equal(sobolIndices([1, 2, null, 4, 1, 2, 3, 4], 2), undefined);
  });
});
