import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { doubledQuota, euOnly, farLatency } from "../../../simulator/claims/profiles.ts";
import { caseOf, casesOf } from "./cases.ts";

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
