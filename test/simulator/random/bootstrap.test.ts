import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { blockLength, createBlockBootstrap } from "../../../simulator/random/bootstrap.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { autoregressive } from "../validate/synthetic.ts";

describe("the circular block bootstrap", () => {
  it("draws as many as there are, in runs of neighbours, and repeats for the same seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(1000), (n, wanted, seed) => {
        const length = Math.min(n, wanted);
        const draw = () => Int32Array.from(createBlockBootstrap(n, length, purposeStream(seed, "test")).next());
        const weights = draw();
        assert.equal(
          weights.reduce((a, b) => a + b, 0),
          n,
        );
        assert.ok(weights.every((weight) => weight >= 0));
        assert.deepEqual(draw(), weights);
        // Each block adds one rise and one fall around the circle at most.
        const rises = weights.reduce((sum, w, i) => sum + Math.max(0, w - weights[(i + n - 1) % n]!), 0);
        assert.ok(rises <= Math.ceil(n / length));
      }),
    );
  });

  it("gives every position the same weight on average, the ends included", () => {
    const n = 10;
    const bootstrap = createBlockBootstrap(n, 4, purposeStream(1, "test"));
    const sums = new Float64Array(n);
    const times = 20_000;
    for (let i = 0; i < times; i++) {
      for (const [at, weight] of bootstrap.next().entries()) sums[at]! += weight;
    }
    for (const sum of sums) assert.ok(Math.abs(sum / times - 1) < 0.04, String(sums));
  });
});

/** The asymptotically best length for an AR(1): (2 G^2 / D)^(1/3) n^(1/3), G and D in closed form. */
function theory(n: number, rho: number): number {
  const spectrum = (1 + rho) / (1 - rho);
  const slope = (2 * rho) / (1 - rho) ** 2;
  return ((2 * slope ** 2) / ((4 / 3) * spectrum ** 2)) ** (1 / 3) * n ** (1 / 3);
}

describe("the length of blocks", () => {
  it("of an autoregressive series is near the best one", () => {
    for (const rho of [0.3, 0.6, 0.8]) {
      const n = 4000;
      const lengths = Array.from({ length: 20 }, (_, seed) => blockLength(autoregressive(n, rho, seed + 1)));
      const mean = lengths.reduce((a, b) => a + b, 0) / lengths.length;
      const best = theory(n, rho);
      assert.ok(mean > 0.7 * best && mean < 1.5 * best, `rho ${rho}: ${mean} for ${best}`);
    }
  });

  it("of an independent series is a few at most, of one that does not vary or is short 1", () => {
    const lengths = Array.from({ length: 20 }, (_, seed) => blockLength(autoregressive(3000, 0, seed + 50)));
    assert.ok(lengths.reduce((a, b) => a + b, 0) / lengths.length < 8, String(lengths));
    assert.equal(blockLength(new Float64Array(500)), 1);
    assert.equal(blockLength([1, 2, 3]), 1);
  });

  it("never exceeds three times the root of the series' length", () => {
    const trend = Float64Array.from({ length: 900 }, (_, i) => i);
    assert.ok(blockLength(trend) <= 90);
  });
});
