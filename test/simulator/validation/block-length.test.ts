import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blockLength } from "../../../simulator/validation/block-length.ts";
import { autoregressive } from "./synthetic.ts";

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

  it("never passes three times the root of the series", () => {
    const trend = Float64Array.from({ length: 900 }, (_, i) => i);
    assert.ok(blockLength(trend) <= 90);
  });
});
