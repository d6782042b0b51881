import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { joinedCases, renderClaimsText, summaryOf } from "../../../reports/claims/text.ts";
import type { ClaimCase } from "../../../simulator/claims/claim.ts";

const caseOf = (billing: string, reading: string, found: string): ClaimCase => ({
  billing,
  reading,
  found,
  verdict: found === "0" ? "fails" : "holds if",
  condition: found === "0" ? "nothing" : "more",
});
const CASES = [caseOf("a", "x", "0"), caseOf("a", "y", "1"), caseOf("b", "x", "0"), caseOf("b", "y", "1")];

describe("claims as text", () => {
  it("joins what came out alike, and loses no case", () => {
    assert.deepEqual(
      joinedCases(CASES).map(({ billings, readings, found }) => [billings, readings, found]),
      [
        [["a", "b"], ["x"], "0"],
        [["a", "b"], ["y"], "1"],
      ],
    );
    assert.equal(joinedCases([caseOf("a", "x", "0"), caseOf("b", "y", "0")]).length, 2);
  });

  it("sums verdicts up", () => {
    assert.equal(summaryOf(CASES), "holds only if 2, fails 2");
    assert.equal(summaryOf(CASES.slice(0, 1)), "fails");
  });

  it("shows one claim with its conditions, and keeps control characters out", () => {
    const claims = [{ id: "c", says: "It saves.", cases: [caseOf("a", "x\u001b[31m", "1")] }];
    const text = renderClaimsText(claims, 0.31, { colour: false, width: 80, only: true });
    assert.match(text, /HOLDS ONLY IF: 1\n {2}billing: a\n {2}reading: x·\[31m\n {2}only if: more/);
    assert.match(text, /peak above trough +0\.1342 +8\.5 % +11\.1 % +12\.6 %/);
    assert.ok(text.split("\n").every((line) => line.length <= 80));
  });
});
