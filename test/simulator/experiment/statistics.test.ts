import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  criticalT,
  observationsForQuantile,
  tInterval,
  varianceRatio,
} from "../../../simulator/experiment/statistics.ts";

const near = (actual: number | null, expected: number, tolerance = 1e-9) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);

describe("intervals", () => {
  it("Student's t over ten replications", () => {
    // 12.17 ± t(.975, 9) s / sqrt(10) = 0.29018773230529477, computed elsewhere.
    const { value, low, high, n } = tInterval([12.1, 11.8, 12.6, 12.0, 11.5, 12.9, 12.2, 11.9, 12.4, 12.3]);
    near(value, 12.17);
    near(high! - value!, 0.29018773230529477);
    near(value! - low!, 0.29018773230529477);
    assert.equal(n, 10);
  });

  it("all 45 pairs of ten strategies over 30 replications: Bonferroni's critical value", () => {
    near(criticalT(30, 45), 3.619752192323164, 1e-7);
    near(criticalT(10), 2.2621571627409915, 1e-7);
  });

  it("more comparisons, wider intervals", () => {
    const widths = [1, 2, 9].map((m) => {
      const { low, high } = tInterval([1, 2, 3, 4, 5], m);
      return high! - low!;
    });
    assert.ok(widths[0]! < widths[1]! && widths[1]! < widths[2]!);
  });

  it("what is not to be had is left out; one value has no interval, none has no value", () => {
    assert.deepEqual(tInterval([]), { value: null, low: null, high: null, n: 0 });
    assert.deepEqual(tInterval([null, Number.NaN, Number.POSITIVE_INFINITY]), {
      value: null,
      low: null,
      high: null,
      n: 0,
    });
    assert.deepEqual(tInterval([null, 4]), { value: 4, low: null, high: null, n: 1 });
    assert.deepEqual(tInterval([3, 3, null, 3]), { value: 3, low: 3, high: 3, n: 3 });
  });

  it("holds its level: about 95 of 100 intervals of normal samples hold the mean", () => {
    let state = 12345;
    const uniform = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
    const normal = () => Array.from({ length: 12 }, uniform).reduce((sum, u) => sum + u, -6);
    let holds = 0;
    for (let i = 0; i < 2000; i++) {
      const { low, high } = tInterval(Array.from({ length: 6 }, normal));
      if (low! <= 0 && high! >= 0) holds++;
    }
    assert.ok(Math.abs(holds / 2000 - 0.95) < 4 * Math.sqrt((0.95 * 0.05) / 2000), `${holds} of 2000`);
  });
});

it("fewest observations for any interval of a quantile", () => {
  assert.equal(observationsForQuantile(0.99), 299);
  assert.equal(observationsForQuantile(0.95), 59);
  assert.equal(observationsForQuantile(0.5), 6);
});

it("what common random numbers bought: Var a + Var b over Var (a - b)", () => {
  const a = [1, 2, 3, 4];
  // Squared deviations 5 and 4.64, of the differences 0.04; the three shared degrees of freedom cancel.
  near(varianceRatio(a, [1.1, 1.9, 3.1, 3.9]), (5 + 4.64) / 0.04, 1e-6);
  assert.equal(varianceRatio(a, a), null, "nothing differs");
  assert.equal(varianceRatio([1], [2]), null);
  assert.equal(varianceRatio([1, 2], [1]), null);
});
