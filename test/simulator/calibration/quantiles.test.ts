import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantileSorted as reference } from "simple-statistics";
import {
  blockStandardError,
  meanNumber,
  median,
  medianInPlace,
  quantileSorted,
  sortedNumbers,
} from "../../../simulator/calibration/quantiles.ts";

describe("quantiles", () => {
  it("lie straight between neighbours", () => {
    assert.equal(quantileSorted([10, 20, 30, 40], 0.5), 25);
    assert.equal(quantileSorted([10, 20, 30, 40], 0.95), 38.5);
    assert.equal(quantileSorted([10, 20, 30, 40], 1), 40);
    assert.equal(reference([10, 20, 30], 0.5), median([30, 10, 20]));
    assert.ok(Number.isNaN(quantileSorted([], 0.5)));
  });

  it("the middle one is found without sorting", () => {
    for (let size = 1; size < 40; size++) {
      const values = Array.from({ length: size }, (_, i) => (i * 7919) % 13);
      const sorted = [...values].sort((a, b) => a - b);
      assert.equal(medianInPlace(Float64Array.from(values)), sorted[size >> 1]);
    }
  });

  it("leave out what is no number", () => {
    assert.deepEqual([...sortedNumbers([3, Number.NaN, 1])], [1, 3]);
    assert.equal(meanNumber([1, Number.NaN, 3, 100], 0, 3), 2);
    assert.equal(meanNumber([1, 2, 6], 0, 3), 3);
  });

  it("the error of a mean counts neighbours that are alike once", () => {
    const blocks = Array.from({ length: 20 }, (_, b) => (b % 2 === 0 ? 1 : -1));
    const alike = blocks.flatMap((x) => new Array<number>(50).fill(x));
    // 20 independent values of deviation sqrt(20 / 19), not 1,000.
    assert.ok(Math.abs(blockStandardError(alike) - Math.sqrt(1 / 19)) < 1e-12);
    assert.equal(blockStandardError([1, 2], 20), Number.POSITIVE_INFINITY);
  });
});
