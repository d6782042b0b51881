import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command, InvalidArgumentError } from "commander";
import { addScenarioOptions, overridesOf, wholeNumber } from "../../../scripts/commands/options.ts";

function overrides(...argv: readonly string[]) {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  addScenarioOptions(command);
  return overridesOf(command.parse(argv, { from: "user" }).opts());
}

describe("scenario options", () => {
  it("become overrides, the short ones last", () => {
    assert.deepEqual(overrides("--seed", "7", "--set", "seed=3", "a.b=[1, 2]", "--replications", "5"), [
      { path: ["seed"], value: 3, origin: "--set seed=3" },
      { path: ["a", "b"], value: [1, 2], origin: "--set a.b=[1, 2]" },
      { path: ["seed"], value: 7, origin: "--seed 7" },
      { path: ["replications"], value: 5, origin: "--replications 5" },
    ]);
    assert.deepEqual(overrides(), []);
  });

  it("take whole numbers only", () => {
    assert.equal(wholeNumber(0)("42"), 42);
    for (const text of ["", "-1", "1.5", "x", "1e3", "99999999999999999999"]) {
      assert.throws(() => wholeNumber(0)(text), InvalidArgumentError, text);
    }
    assert.throws(() => wholeNumber(1)("0"), InvalidArgumentError);
    assert.equal(wholeNumber(0, 65_535)("65535"), 65_535);
    assert.throws(() => wholeNumber(0, 65_535)("65536"), /whole number from 0 to 65535/);
  });
});
