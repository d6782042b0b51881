import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { readQuantity } from "../../../studies/oracles/ask.ts";
import { scenarioOf } from "../../../studies/oracles/oracle.ts";
import { referenceOracles } from "../../../studies/oracles/reference.ts";
import { FEATURES } from "../../../studies/oracles/rows/features.ts";
import { allOracles, FURTHER_ORACLES } from "../../../studies/oracles/rows/index.ts";
import { ROUTED } from "../../../studies/oracles/rows/networks.ts";
import { QUEUES } from "../../../studies/oracles/rows/queues.ts";
import { LIMITS, MONEY } from "../../../studies/oracles/rows/quotas-and-money.ts";
import { reducedBudget, reducedTolerance, testOracle } from "./reduced.ts";

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
    // A bound has an interval in place of a tolerance.
    const wide = ORACLES.filter((oracle) => oracle.compare === "two-sided" && reducedTolerance(oracle) > 0.105);
    assert.deepEqual(
      wide.map(({ id }) => id),
      ["mmc-f"],
    );
  });
});

const FAMILIES = {
  "one station": QUEUES,
  "several stations": ROUTED,
  "quotas and retries": LIMITS,
  "the bill by the hour": MONEY,
  "Meridian's own features": FEATURES,
};
for (const [family, oracles] of Object.entries(FAMILIES)) {
  describe(`further rows: ${family}`, () => {
    for (const oracle of oracles) testOracle(oracle);
  });
}

describe("the further rows themselves", () => {
  it("have names of their own", () => {
    const ids = allOracles().map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("are all asked here", () => assert.deepEqual(new Set(Object.values(FAMILIES).flat()), new Set(FURTHER_ORACLES)));

  it("a quantity that has no reader is refused by name", () => {
    const problem = (error: unknown) => error instanceof MeridianError && /ORACLE_QUANTITY/.test(error.message);
    assert.throws(() => readQuantity({} as never, "mean_mood"), problem);
  });
});
