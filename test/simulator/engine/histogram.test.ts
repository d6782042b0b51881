import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  BUCKETS,
  bucketFloorMs,
  bucketOf,
  HistogramSet,
  histogramQuantile,
} from "../../../simulator/engine/histogram.ts";
import { createLaw, type LawSpec } from "../../../simulator/random/laws/index.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";

/** Linear between order statistics at p (n - 1): what k6 and `quantile_cont` print. */
function exactQuantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = p * (sorted.length - 1);
  const low = Math.floor(rank);
  return sorted[low]! + (rank - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!);
}

function quantileOf(values: readonly number[], p: number): number {
  const set = new HistogramSet(1);
  for (const ms of values) set.record(0, ms, bucketOf(ms));
  return histogramQuantile(set.merged([0]), 0, values.length, p);
}

describe("buckets", () => {
  it("every value lies between its bucket's edges, which are at most 1/128 apart, or 1/32 ms below 4 ms", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 67_000_000, noNaN: true }), (ms) => {
        const bucket = bucketOf(ms);
        const [low, high] = [bucketFloorMs(bucket), bucketFloorMs(bucket + 1)];
        assert.ok(low <= ms && ms < high, `${ms} in [${low}, ${high})`);
        assert.ok(high - low <= Math.max(1 / 32, low / 128) * (1 + 1e-12));
      }),
      { numRuns: 2000 },
    );
  });

  it("edges ascend without gaps and name their own bucket; what is later than the last edge is in the last", () => {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      assert.ok(bucketFloorMs(bucket) < bucketFloorMs(bucket + 1));
      assert.equal(bucketOf(bucketFloorMs(bucket)), bucket);
    }
    assert.equal(bucketOf(0), 0);
    assert.equal(bucketOf(1e12), BUCKETS - 1);
    assert.equal(bucketOf(Number.POSITIVE_INFINITY), BUCKETS - 1);
    assert.ok(bucketFloorMs(BUCKETS) > 18 * 3_600_000);
  });
});

describe("quantiles", () => {
  it("within 0.4 % of the exact quantile of the sample, for laws of all shapes", () => {
    const laws: readonly LawSpec[] = [
      { kind: "exponential", mean: 800 },
      { kind: "lognormal", mean: 3000, cv: 2 },
      { kind: "uniform", min: 200, max: 250 },
      { kind: "pareto", alpha: 2.5, min: 900, max: 1e7 },
    ];
    const stream = purposeStream(4, "quantiles");
    for (const spec of laws) {
      const { quantile } = createLaw(spec);
      const values = Array.from({ length: 30_000 }, () => quantile(Math.max(1e-12, stream.next())));
      for (const p of [0.5, 0.95, 0.99]) {
        const exact = exactQuantile(values, p);
        const found = quantileOf(values, p);
        assert.ok(Math.abs(found / exact - 1) < 0.004, `${spec.kind} p${p}: ${found}, exactly ${exact}`);
      }
    }
  });

  it("a sample of any size stays within a bucket of the order statistics around its rank", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 5, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.constantFrom(0.5, 0.9, 0.95, 1, 0),
        (values, p) => {
          const sorted = [...values].sort((a, b) => a - b);
          const rank = p * (values.length - 1);
          const found = quantileOf(values, p);
          const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
          assert.ok(found >= low * (1 - 1 / 128) && found <= high * (1 + 1 / 128), `${found} around ${low}, ${high}`);
        },
      ),
    );
  });

  it("is 0 where most waits are 0, not a part of the first bucket", () => {
    const set = new HistogramSet(1);
    for (let i = 0; i < 30; i++) set.record(0, 100, bucketOf(100));
    set.fillZeros(0, 100);
    const at = (p: number) => histogramQuantile(set.merged([0]), 0, 100, p);
    assert.deepEqual([at(0), at(0.5), at(0.69)], [0, 0, 0]);
    assert.ok(Math.abs(at(0.9) - 100) < 1);
  });

  it("nothing counted: NaN", () => {
    assert.ok(Number.isNaN(histogramQuantile(new Uint32Array(BUCKETS), 0, 0, 0.5)));
  });
});

it("a set keeps histograms apart, adds them up, and knows sums and largest values exactly", () => {
  const set = new HistogramSet(3);
  for (const ms of [10, 20, 30]) set.record(0, ms, bucketOf(ms));
  set.record(2, 500.5, bucketOf(500.5));
  set.fillZeros(2, 2);
  assert.deepEqual(
    [0, 1, 2].map((i) => set.samples(i)),
    [3, 0, 2],
  );
  assert.deepEqual(
    [0, 1, 2].map((i) => set.sumMs(i)),
    [60, 0, 500.5],
  );
  assert.deepEqual(
    [0, 1, 2].map((i) => set.maxMs(i)),
    [30, 0, 500.5],
  );
  const merged = set.merged([0, 2]);
  assert.equal(
    merged.reduce((sum, count) => sum + count, 0),
    5,
  );
  assert.deepEqual([merged[0], merged[bucketOf(20)], merged[bucketOf(500.5)]], [1, 1, 1]);
});
