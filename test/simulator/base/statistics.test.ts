import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantileSorted as reference } from "simple-statistics";
import {
  blockStandardError,
  criticalT,
  intervalRanks,
  meanNumber,
  median,
  medianInPlace,
  observationsForQuantile,
  orderStatistic,
  quantileSorted,
  ranksOf,
  sampleQuantile,
  sortedNumbers,
  tInterval,
  varianceOf,
  varianceRatio,
} from "../../../simulator/base/statistics.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";

describe("quantiles", () => {
  it("interpolate between neighbours", () => {
    assert.equal(quantileSorted([10, 20, 30, 40], 0.5), 25);
    assert.equal(quantileSorted([10, 20, 30, 40], 0.95), 38.5);
    assert.equal(quantileSorted([10, 20, 30, 40], 1), 40);
    assert.equal(reference([10, 20, 30], 0.5), median([30, 10, 20]));
    assert.ok(Number.isNaN(quantileSorted([], 0.5)));
    assert.equal(quantileSorted([10, 20, 30, 40, 50], 0.95), 48);
    assert.equal(quantileSorted(Float64Array.of(7), 0.99), 7);
    assert.equal(quantileSorted(Float64Array.of(0, 10), 0.5), 5);
    const ascending = Float64Array.from({ length: 101 }, (_, i) => i);
    assert.equal(quantileSorted(ascending, 0.95), 95);
  });

  it("as order statistics are values of the sample: of 20 values p95 is the 19th, in spite of binary fractions", () => {
    const values = Array.from({ length: 20 }, (_, i) => i + 1);
    assert.equal(orderStatistic(values, 0.95), 19);
    assert.equal(orderStatistic(values, 0), 1);
    assert.equal(orderStatistic(values, 1), 20);
    assert.ok(Number.isNaN(orderStatistic([], 0.5)));
  });

  it("a median is found without sorting", () => {
    for (let size = 1; size < 40; size++) {
      const values = Array.from({ length: size }, (_, i) => (i * 7919) % 13);
      const sorted = [...values].sort((a, b) => a - b);
      assert.equal(medianInPlace(Float64Array.from(values)), sorted[size >> 1]);
    }
  });

  it("ranks of equal values share the mean of theirs", () => {
    assert.deepEqual([...ranksOf([5, 1, 5, 9])], [1.5, 0, 1.5, 3]);
    assert.deepEqual([...ranksOf(Int32Array.of(2, 2, 2))], [1, 1, 1]);
    assert.deepEqual([...ranksOf([])], []);
  });

  it("leave out NaN", () => {
    assert.deepEqual([...sortedNumbers([3, Number.NaN, 1])], [1, 3]);
    assert.equal(meanNumber([1, Number.NaN, 3, 100], 0, 3), 2);
    assert.equal(meanNumber([1, 2, 6], 0, 3), 3);
    assert.equal(meanNumber([1, 2, 6]), 3);
  });

  it("the variance divides by n - 1", () => {
    assert.equal(varianceOf([2, 4, 9]), 13);
    assert.equal(varianceOf(Float64Array.of(5, 5)), 0);
  });

  it("the error of a mean allows for correlated neighbours", () => {
    const blocks = Array.from({ length: 20 }, (_, b) => (b % 2 === 0 ? 1 : -1));
    const correlated = blocks.flatMap((x) => new Array<number>(50).fill(x));
    // 20 independent values of deviation sqrt(20 / 19), not 1,000.
    assert.ok(Math.abs(blockStandardError(correlated) - Math.sqrt(1 / 19)) < 1e-12);
    assert.equal(blockStandardError([1, 2], 20), Number.POSITIVE_INFINITY);
  });
});

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

  it("missing values are left out; one value has no interval, none has no value", () => {
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

  it("keeps its level: about 95 of 100 intervals of normal samples contain the mean", () => {
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

it("needs enough observations for any interval of a quantile", () => {
  assert.equal(observationsForQuantile(0.99), 299);
  assert.equal(observationsForQuantile(0.95), 59);
  assert.equal(observationsForQuantile(0.5), 6);
});

it("what common random numbers gain: Var a + Var b over Var (a - b)", () => {
  const a = [1, 2, 3, 4];
  // Squared deviations 5 and 4.64, of the differences 0.04; the three shared degrees of freedom cancel.
  near(varianceRatio(a, [1.1, 1.9, 3.1, 3.9]), (5 + 4.64) / 0.04, 1e-6);
  assert.equal(varianceRatio(a, a), null, "nothing differs");
  assert.equal(varianceRatio([1], [2]), null);
  assert.equal(varianceRatio([1, 2], [1]), null);
});

describe("quantiles of small samples", () => {
  it("takes the ranks of the published example: n 1000, p95", () => {
    const { low, high, coverage } = intervalRanks(1000, 0.95)!;
    assert.deepEqual([low, high], [936, 964]);
    assert.ok(Math.abs(coverage - 0.9580952682226541) < 1e-9);
  });

  it("has an interval of the median from six observations on, as 1 - 2 / 2^6 says", () => {
    assert.equal(intervalRanks(5, 0.5), undefined);
    const { low, high, coverage } = intervalRanks(6, 0.5)!;
    assert.deepEqual([low, high], [1, 6]);
    assert.ok(Math.abs(coverage - (1 - 2 / 2 ** 6)) < 1e-12);
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
