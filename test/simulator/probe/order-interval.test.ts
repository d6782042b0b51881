import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { intervalRanks, sampleQuantile } from "../../../simulator/probe/order-interval.ts";
import { purposeStream } from "../../../simulator/random/streams.ts";

describe("quantiles of small samples", () => {
  it("takes the ranks of the published example: n 1000, p95", () => {
    assert.deepEqual(intervalRanks(1000, 0.95), { low: 936, high: 964 });
  });

  it("has an interval of the median from six observations on, as 1 - 2 / 2^6 says", () => {
    assert.equal(intervalRanks(5, 0.5), undefined);
    assert.deepEqual(intervalRanks(6, 0.5), { low: 1, high: 6 });
  });

  it("gives no p95 below 20 observations and no interval of it below 72", () => {
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
    assert.equal(sampleQuantile(upTo(19), 0.95).value, null);
    assert.deepEqual(sampleQuantile(upTo(20), 0.95), { value: 19, low: null, high: null, n: 20 });
    // 0.95^72 = 2.49 %: the largest of 72 is above the quantile with 97.5 %.
    assert.equal(sampleQuantile(upTo(71), 0.95).high, null);
    assert.equal(sampleQuantile(upTo(72), 0.95).high, 72);
    assert.deepEqual(sampleQuantile([], 0.5), { value: null, low: null, high: null, n: 0 });
    assert.equal(sampleQuantile([7], 0.5).value, null);
    assert.equal(sampleQuantile([7, 9], 0.5).value, 7);
  });

  it("covers the true quantile at least 95 times in 100, whatever the law", () => {
    const random = purposeStream(5, "test/coverage");
    for (const [n, p] of [
      [12, 0.5],
      [40, 0.5],
      [100, 0.95],
    ] as const) {
      let covered = 0;
      const rounds = 4000;
      for (let round = 0; round < rounds; round++) {
        // Of an exponential law: the quantile is -ln(1 - p).
        const sample = Array.from({ length: n }, () => -Math.log(1 - random.next())).sort((a, b) => a - b);
        const { low, high } = sampleQuantile(sample, p);
        const truth = -Math.log(1 - p);
        if (low! <= truth && truth <= high!) covered++;
      }
      // Four standard errors below 95 %.
      assert.ok(covered / rounds > 0.95 - 4 * Math.sqrt((0.95 * 0.05) / rounds), `${n} ${p}: ${covered / rounds}`);
    }
  });
});
