import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { assumptionsFrom } from "../../../simulator/claims/assumptions.ts";

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
