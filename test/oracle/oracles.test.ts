import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { referenceOracles } from "../../scripts/oracles/load.ts";
import { scenarioOf, toleranceOf } from "../../scripts/oracles/oracle.ts";
import { reducedBudget, testOracle } from "./reduced.ts";

const ORACLES = referenceOracles();

describe("rows of the reference file, through public scenario files", () => {
  for (const oracle of ORACLES) testOracle(oracle);
});

describe("the rows themselves", () => {
  it("are all of the reference file", () => assert.equal(ORACLES.length, 40));

  it("have seeds of their own", () => {
    const seeds = ORACLES.map((oracle) => scenarioOf(oracle, reducedBudget(oracle)).seed);
    assert.equal(new Set(seeds).size, ORACLES.length);
  });

  it("keep a tolerance that means something, but for the one that is known to be noisy", () => {
    const wide = ORACLES.filter((oracle) => toleranceOf(oracle, reducedBudget(oracle)) > 0.08);
    assert.deepEqual(
      wide.map(({ id }) => id),
      ["mmc-f"],
    );
  });
});
