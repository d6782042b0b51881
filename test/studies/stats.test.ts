import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantile } from "../../studies/stats.ts";

describe("statistics of the studies", () => {
  it("interpolate quantiles between order statistics", () => {
    assert.equal(quantile([10, 20, 30, 40, 50], 0.95), 48);
    assert.equal(quantile([10], 0.99), 10);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });
});
