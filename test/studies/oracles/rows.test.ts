import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { readQuantity } from "../../../studies/oracles/ask.ts";
import { scenarioOf, toleranceOf } from "../../../studies/oracles/oracle.ts";
import { referenceOracles } from "../../../studies/oracles/reference.ts";
import { FURTHER_ORACLES } from "../../../studies/oracles/rows/index.ts";
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

describe("further rows of the same families", () => {
  for (const oracle of FURTHER_ORACLES) testOracle(oracle);
});

describe("the further rows themselves", () => {
  it("have names of their own", () => {
    const ids = [...referenceOracles(), ...FURTHER_ORACLES].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("a quantity that has no reader is refused by name", () => {
    const problem = (error: unknown) => error instanceof MeridianError && /ORACLE_QUANTITY/.test(error.message);
    assert.throws(() => readQuantity({} as never, "mean_mood"), problem);
  });
});
