import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MeridianError } from "../../simulator/base/errors.ts";
import { readOptions, usageError, wholeNumber } from "../../studies/arguments.ts";

const OPTIONS = { rounds: { type: "string", default: "5" }, json: { type: "boolean", default: false } } as const;
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof MeridianError && error.exitCode === 2 && pattern.test(error.message);

describe("arguments of the studies", () => {
  it("are read, with what stands for those that are not given", () => {
    assert.deepEqual({ ...readOptions(["--json"], "A_USAGE", OPTIONS) }, { rounds: "5", json: true });
  });

  it("are refused by name, with the options that there are", () => {
    const answer = refused(/A_USAGE.*--fast[\s\S]*options are --rounds --json/);
    assert.throws(() => readOptions(["--fast"], "A_USAGE", OPTIONS), answer);
  });

  it("whole numbers keep to their limits", () => {
    assert.equal(wholeNumber("A_USAGE", "noise", "0", 0, 10), 0);
    for (const text of ["", "1.5", "many", "-1", "11"]) {
      assert.throws(() => wholeNumber("A_USAGE", "noise", text, 0, 10), refused(/--noise .*from 0 to 10/));
    }
    assert.throws(() => wholeNumber("A_USAGE", "rounds", "0"), refused(/of 1 or more/));
  });

  it("a refusal says what is wrong and what to do", () => {
    assert.match(
      usageError("A_USAGE", "no such world", "worlds are fifo").message,
      /no such world[\s\S]*worlds are fifo/,
    );
  });
});
