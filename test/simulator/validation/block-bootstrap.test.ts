import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { purposeStream } from "../../../simulator/random/streams.ts";
import { createBlockBootstrap } from "../../../simulator/validation/block-bootstrap.ts";

describe("the circular block bootstrap", () => {
  it("draws as many as there are, in runs of neighbours, and comes again for the same seed", () => {
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

  it("gives every position the same weight on average, the ends too", () => {
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
