import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { percent, smallestReaching } from "../../../simulator/claims/claim.ts";

describe("the smallest value that reaches a target", () => {
  it("is found, or there is none", () => {
    const square = (value: number): number => value ** 2;
    assert.ok(Math.abs(smallestReaching(square, 0.3, { low: 0, high: 1 })! - Math.sqrt(0.3)) < 2e-6);
    assert.equal(smallestReaching(square, 1.01, { low: 0, high: 1 }), undefined);
    assert.equal(smallestReaching(square, 0.1, { low: 0.5, high: 1 }), 0.5);
  });
});

describe("a percentage", () => {
  it("has one decimal, and no minus before a zero", () => {
    assert.deepEqual([0.1188, -0.0000001, 1].map(percent), ["11.9 %", "0.0 %", "100.0 %"]);
  });
});
