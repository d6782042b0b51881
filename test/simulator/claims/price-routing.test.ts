import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  effectivePrice,
  savedByRouting,
  sixFigures,
  weightedProfiles,
} from "../../../simulator/claims/price-routing.ts";
import { caseOf, casesOf } from "./cases.ts";

describe("claims about price routing", () => {
  it("18 to 23 %: the verdict changes with the assumed swing, at the value that the condition names", () => {
    const cases = casesOf(savedByRouting);
    const first = caseOf(cases, "destination", "peak above trough");
    assert.deepEqual([first.verdict, first.found], ["holds if", "11.9 % saved"]);
    // The saving is proportional to a, and 11.88 % came of a = 0.31 / 2.31.
    const a = (0.18 / 0.11877) * (0.31 / 2.31);
    assert.ok(first.condition.includes(`swing by ${((1 + a) / (1 - a)).toFixed(2)} peak to trough`), first.condition);
    assert.equal(caseOf(casesOf(savedByRouting, "swing=52%"), "destination", "peak above trough").verdict, "holds");
    assert.equal(caseOf(casesOf(savedByRouting, "swing=50%"), "destination", "peak above trough").verdict, "holds if");
  });

  it("18 to 23 %: fails wherever home's price is paid, and at list prices of Claude", () => {
    const cases = casesOf(savedByRouting);
    for (const one of cases.filter(({ billing }) => billing.includes("profile"))) assert.equal(one.verdict, "fails");
    assert.equal(caseOf(cases, "destination", "list prices").verdict, "fails");
    assert.equal(caseOf(cases, "destination", "mean plus or minus").verdict, "holds");
    assert.equal(
      caseOf(casesOf(savedByRouting, "movableShare=50%"), "destination", "mean plus or minus").verdict,
      "holds if",
    );
  });

  it("2.43/12.15 is 19 % off, and is reached where 19 % is", () => {
    assert.equal(caseOf(casesOf(effectivePrice), "destination", "list prices").found, "USD 3.00/15.00");
    assert.equal(caseOf(casesOf(effectivePrice), "destination", "trough below").verdict, "holds if");
    const large = caseOf(casesOf(effectivePrice, "swing=37%"), "destination", "trough below");
    assert.equal(large.verdict, "holds");
  });

  it("six figures depend on what a call costs and on what 100 million are a part of", () => {
    // 0.15 x 100 million x USD 0.006
    assert.deepEqual(
      casesOf(sixFigures).map(({ found, verdict }) => [found, verdict]),
      [
        ["USD 90,000 a year", "holds if"],
        ["USD 1,080,000 a year", "holds"],
      ],
    );
    assert.equal(casesOf(sixFigures, "inputTokens=1300")[0]!.verdict, "holds");
  });

  it("weights of 40 % need a region that is 37.5 % cheaper", () => {
    const destination = caseOf(casesOf(weightedProfiles), "destination", "between regions, home the dearest");
    assert.deepEqual([destination.found, destination.verdict], ["9.5 % saved", "holds if"]);
    assert.match(destination.condition, /37\.5 % cheaper/);
    const heavy = caseOf(
      casesOf(weightedProfiles, "profileWeight=70%"),
      "destination",
      "between regions, home the dearest",
    );
    assert.equal(heavy.verdict, "holds");
  });
});
