import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FURTHER_ORACLES } from "../../scripts/oracles/further/index.ts";
import { referenceOracles } from "../../scripts/oracles/load.ts";
import { readQuantity } from "../../scripts/oracles/quantities.ts";
import { MeridianError } from "../../simulator/errors.ts";
import { testOracle } from "./reduced.ts";

describe("further rows of the same families", () => {
  for (const oracle of FURTHER_ORACLES) testOracle(oracle);
});

describe("the further rows themselves", () => {
  it("have names of their own", () => {
    const ids = [...referenceOracles(), ...FURTHER_ORACLES].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("a quantity that nobody can read is refused by name", () => {
    const problem = (error: unknown) => error instanceof MeridianError && /ORACLE_QUANTITY/.test(error.message);
    assert.throws(() => readQuantity({} as never, "mean_mood"), problem);
  });
});
