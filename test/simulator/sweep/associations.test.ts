import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { rankCorrelation } from "../../../simulator/sweep/associations.ts";

describe("rank correlation", () => {
  it("is 1 - 6 sum of d^2 / (n (n^2 - 1)) without ties", () => {
    const { value, n } = rankCorrelation([1, 2, 3, 4, 5, 6], [30, 1, 2, 600, 40, 50]);
    const ranks = [3, 1, 2, 6, 4, 5];
    const squares = ranks.reduce((sum, rank, i) => sum + (rank - (i + 1)) ** 2, 0);
    assert.ok(Math.abs(value! - (1 - (6 * squares) / (6 * 35))) < 1e-12);
    assert.equal(n, 6);
  });

  it("gives ties the mean of their ranks", () => {
    // Pearson's correlation of ranks 1, 2.5, 2.5, 4, 5, 6 and 1, 3, 2, 5, 4, 6: Sxy 16, Sxx 17, Syy 17.5.
    const { value } = rankCorrelation([1, 2, 2, 3, 4, 5], [1, 3, 2, 5, 4, 6]);
    assert.ok(Math.abs(value! - 16 / Math.sqrt(17 * 17.5)) < 1e-12, String(value));
  });

  it("holds 0 in 95 % of its intervals where nothing goes with anything", () => {
    const random = new KeyedRandom(7, "rank correlation");
    let held = 0;
    for (let experiment = 0; experiment < 1000; experiment++) {
      random.seek(experiment, 0);
      const draw = () => Array.from({ length: 30 }, () => random.next());
      const { low, high } = rankCorrelation(draw(), draw());
      if (low! <= 0 && high! >= 0) held++;
    }
    assert.ok(held >= 930 && held <= 972, `${held} of 1000`);
  });

  it("says nothing of few points, or of what does not vary", () => {
    assert.equal(rankCorrelation([1, 2, 3], [1, 2, 3]).value, null);
    assert.equal(rankCorrelation([1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6]).value, null);
    assert.deepEqual(rankCorrelation([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]), { value: 1, low: 1, high: 1, n: 6 });
  });
});
