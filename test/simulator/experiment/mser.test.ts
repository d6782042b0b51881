import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { mserCut } from "../../../simulator/experiment/mser.ts";
import { purposeStream } from "../../../simulator/random/streams.ts";

/** The definition, step by step. */
function byDefinition(means: readonly number[]): number | null {
  const m = means.length;
  let least = Number.POSITIVE_INFINITY;
  let cut = 0;
  for (let d = 0; d < m - 5; d++) {
    const rest = means.slice(d);
    const mean = rest.reduce((sum, z) => sum + z, 0) / rest.length;
    const statistic = rest.reduce((sum, z) => sum + (z - mean) ** 2, 0) / rest.length ** 2;
    if (statistic < least) {
      least = statistic;
      cut = d;
    }
  }
  return cut > m / 2 ? null : cut;
}

describe("MSER-5", () => {
  it("is its definition", () => {
    const values = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(values, (means) => {
        // Values apart from one another: two statistics that differ in their last digit only have no order.
        const series = means.map((value, i) => Math.round(value) + i / 97);
        assert.equal(mserCut(series), byDefinition(series));
      }),
    );
  });

  it("cuts a step where it is", () => {
    const series = Array.from({ length: 200 }, (_, i) => (i < 37 ? 1 : 10) + (i % 2) / 10);
    assert.equal(mserCut(series), 37);
  });

  it("removes nothing from a series that has settled from the start, however large its values", () => {
    assert.equal(mserCut(new Array(100).fill(5)), 0);
    assert.equal(mserCut(Array.from({ length: 100 }, (_, i) => 1e9 + (i % 2))), 0);
  });

  it("refuses a series that is still under way in its last half, or too short", () => {
    assert.equal(mserCut(Array.from({ length: 100 }, (_, i) => i)), null, "a backlog that grows for ever");
    assert.equal(mserCut(Array.from({ length: 100 }, (_, i) => (i < 60 ? 1 : 10))), null);
    assert.equal(mserCut(new Array(19).fill(5)), null);
  });

  it("takes most of the bias off a start that fades away", () => {
    // z_i = 10 - 8 exp(-i / 40) + noise of standard deviation 1: the bias of the mean of 1000 is -8 x 40 / 1000.
    const random = purposeStream(3, "test/mser");
    const noise = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    let bias = 0;
    const rounds = 50;
    for (let round = 0; round < rounds; round++) {
      const cut = mserCut(Array.from({ length: 1000 }, (_, i) => 10 - 8 * Math.exp(-i / 40) + noise()))!;
      bias += (-8 * 40 * Math.exp(-cut / 40)) / (1000 - cut) / rounds;
    }
    assert.ok(bias > -0.064, `${bias}: less than a fifth of -0.32 is left`);
  });
});
