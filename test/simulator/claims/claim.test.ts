import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { assumptionsFrom, percent, smallestReaching } from "../../../simulator/claims/claim.ts";

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

describe("assumptions of the claims", () => {
  it("change by name", () => {
    const changed = assumptionsFrom(["swing=40%", "regions=eu-west-1, us-east-1", "inputTokens=5", "home=eu-west-1"]);
    assert.deepEqual([changed.swing, changed.regions, changed.inputTokens], [0.4, ["eu-west-1", "us-east-1"], 5]);
    assert.equal(changed.peakHour, 15);
  });

  it("are refused all at once", () => {
    const refused = (): unknown => assumptionsFrom(["swnig=1", "swing=x", "peakHour"]);
    assert.throws(refused, (error: MeridianError) => {
      assert.deepEqual(
        error.problems.map(({ code }) => code),
        ["CLAIMS_UNKNOWN_ASSUMPTION", "CLAIMS_ASSUMPTION", "CLAIMS_ASSUMPTION"],
      );
      assert.match(error.problems[0]!.fix!, /swing/);
      return true;
    });
  });

  it("hold together", () => {
    for (const change of ["home=eu-north-1", "regions=us-east-1", "swing=100%", "regions=us-east-1,atlantis"])
      assert.throws(() => assumptionsFrom([change]), MeridianError, change);
  });
});
