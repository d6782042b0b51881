import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  batch,
  caching,
  doubledQuota,
  euOnly,
  farLatency,
  routingFee,
} from "../../../simulator/claims/other-levers.ts";
import { caseOf, casesOf } from "./cases.ts";

describe("claims about fee, batch and caching", () => {
  it("the fee is 25 USD for 50 million decisions, where there is one", () => {
    assert.deepEqual(
      casesOf(routingFee).map(({ billing, found, verdict }) => [billing, found, verdict]),
      [
        ["source", "USD 0.00", "fails"],
        ["destination", "USD 0.00", "fails"],
        ["lowest-cost", "USD 25.00", "holds"],
      ],
    );
    assert.equal(caseOf(casesOf(routingFee, "feeUsdPer1kDecisions=0.001"), "lowest-cost", "").verdict, "holds if");
  });

  it("60 % with batch needs routing to save a fifth, or global batch to be cheaper than it is", () => {
    const cases = casesOf(batch);
    assert.deepEqual(
      [caseOf(cases, "destination", "peak").verdict, caseOf(cases, "destination", "peak").condition],
      ["holds if", "routing alone saves 20.0 %"],
    );
    // 1 - 0.5 / 1.1
    assert.match(caseOf(cases, "source", "list prices, batch").found, /^54\.5 % saved/);
    assert.equal(caseOf(casesOf(batch, "batchShare=50%"), "destination", "mean plus or minus").verdict, "holds if");
  });

  it("caching beats routing with many hits, and not with few", () => {
    const many = caseOf(casesOf(caching), "destination", "mean plus or minus");
    // Sonnet 4.5: of 1,000 input at 3.3 and 200 output at 16.5, 800 at 0.9 x 0.33 + 0.1 x 4.125.
    assert.match(many.found, /^31\.4 % by caching, 27\.5 % by routing$/);
    assert.equal(many.verdict, "holds");
    assert.equal(caseOf(casesOf(caching, "cacheHits=60%"), "destination", "mean plus or minus").verdict, "holds if");
  });
});

describe("claims about inference profiles", () => {
  it("staying in the EU costs what the global profile would save", () => {
    const cases = casesOf(euOnly);
    assert.equal(caseOf(cases, "source", "EU profile against the same").verdict, "holds");
    assert.match(caseOf(cases, "source", "EU profile against the global").found, /at most 10\.0 %/);
  });

  it("profiles have twice the quota of a region by default, and a far region is far", () => {
    assert.match(casesOf(doubledQuota)[0]!.found, /2\.0 times/);
    assert.match(casesOf(farLatency, "home=eu-west-1")[0]!.reading, /eu-west-1/);
    assert.match(casesOf(farLatency)[0]!.found, /219 ms to ap-southeast-1/);
  });
});
