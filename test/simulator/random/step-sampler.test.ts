import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { cumulativeShares, stepSampler } from "../../../simulator/random/step-sampler.ts";

test("agrees with a search from the start, for any weights", () => {
  const weights = fc.array(fc.nat(20), { minLength: 1, maxLength: 50 }).filter((list) => list.some((w) => w > 0));
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }), (list, u) => {
      const upTo = cumulativeShares(list);
      const values = Float64Array.from(list, (_, i) => i);
      const found = stepSampler(values, upTo)(u);
      assert.equal(
        found,
        upTo.findIndex((share) => share > u),
      );
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("cumulative shares end at exactly 1", () => {
  assert.deepEqual([...cumulativeShares([1, 1, 2])], [0.25, 0.5, 1]);
  assert.equal(cumulativeShares([0.1, 0.2, 0.3]).at(-1), 1);
});
