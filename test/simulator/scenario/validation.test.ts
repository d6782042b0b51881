import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { checkValidation } from "../../../simulator/scenario/run-length.ts";
import { planOf, problemsOf, scenarioInput, schemaProblems } from "./base.ts";

describe("the validation section", () => {
  it("has the margins of docs/validate.md unless a scenario has its own", () => {
    assert.deepEqual(planOf(scenarioInput()).validation, {
      margins: {
        p50: 0.05,
        p95: 0.05,
        p99: 0.1,
        throttled: 0.01,
        unavailable: 0.01,
        retries: 0.02,
        failed: 0.01,
        split: 0.01,
        cost: 0.005,
      },
    });
    const own = planOf(scenarioInput({ validation: { at: "14h", for: "3m", margins: { p99: "20%" } } }));
    assert.equal(own.validation.margins.p99, 0.2);
    assert.deepEqual([own.validation.at, own.validation.for], ["14h", "3m"]);
  });

  it("refuses margins of nothing, times without a unit, and strategies that are not there", () => {
    assert.equal(schemaProblems(scenarioInput({ validation: { margins: { p50: 0 } } })).length, 1);
    assert.equal(schemaProblems(scenarioInput({ validation: { for: "3" } })).length, 1);
    const [problem] = problemsOf(scenarioInput({ validation: { strategies: ["none-such"] } }));
    assert.match(`${problem!.where} ${problem!.what}`, /validation\.strategies\[0\].*none-such/);
  });

  it("checks labels where they stand", () => {
    const problems = new Problems();
    checkValidation({ strategies: ["one", "three", "two"] }, ["one", "two"], problems);
    assert.deepEqual(
      problems.list.map(({ code, where }) => [code, where]),
      [["STRATEGY_UNKNOWN", "validation.strategies[1]"]],
    );
    checkValidation({}, [], problems);
    assert.equal(problems.list.length, 1);
  });
});
