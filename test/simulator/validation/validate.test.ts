import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StrategyValidation } from "../../../simulator/validation/result.ts";
import { openQuestions, useOfMargin, validationResult } from "../../../simulator/validation/validate.ts";
import { planOf } from "../scenario/base.ts";
import { oneQuantity, strategyOf } from "./results.ts";
import { tightScenario } from "./two-sides.ts";

const plan = planOf(tightScenario());
const result = (strategies: readonly StrategyValidation[], invalid: readonly string[] = []) =>
  validationResult(plan, {
    strategies,
    harness: null,
    requests: 100,
    lengthMs: 1000,
    place: "a test",
    resamples: 10,
    invalid,
    notes: [],
    scenarioSha256: "0",
    meridianVersion: "0",
  });

describe("a validation's verdict", () => {
  it("names what comes closest to its margin when all is well", () => {
    const near = oneQuantity({ name: "p95 E2E", difference: 0.01, low: -0.03, high: 0.04 });
    const { outcome, verdict } = result([strategyOf("one", "equivalent", [oneQuantity({}), near])]);
    assert.equal(outcome, "equivalent");
    assert.match(
      verdict,
      /right within its margins on one: each of 2 .* p95 E2E of one, \+1\.00 % \(−3\.00 to \+4\.00\)/,
    );
    assert.ok(Math.abs(useOfMargin(near) - 0.8) < 1e-9);
  });

  it("names the gravest difference, then what is open and what would decide it", () => {
    const open = oneQuantity({ name: "p99 TTFT", outcome: "undecided", low: -0.2, requestsNeeded: 4000 });
    const wrong = oneQuantity({ name: "cost", outcome: "different", difference: 0.2, low: 0.15, high: 0.25 });
    const different = strategyOf("two", "different", [open, wrong]);
    assert.match(
      result([different]).verdict,
      /wrong by more than its margins: cost of two is \+20\.00 % .*, and 1 more\./,
    );
    assert.deepEqual(
      openQuestions(different).map(({ quantity }) => quantity.name),
      ["cost", "p99 TTFT"],
    );
    const undecided = strategyOf("three", "undecided", [open]);
    assert.match(result([undecided]).verdict, /Not shown: p99 TTFT of three .*about 4000 requests would decide it\./);
    assert.equal(result([undecided, different]).outcome, "different");
  });

  it("of an invalid run concludes nothing", () => {
    const { outcome, verdict } = result([strategyOf("one", "equivalent", [oneQuantity({})])], ["it was late"]);
    assert.equal(outcome, "invalid");
    assert.match(verdict, /nothing can be concluded: it was late/);
  });
});
