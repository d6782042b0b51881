import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { defineStrategy } from "../../../simulator/client/define-strategy.ts";
import type { StrategyDefinition } from "../../../simulator/client/strategy.ts";

const right: StrategyDefinition = {
  name: "own",
  summary: "One of the test's own.",
  options: {},
  signals: ["price"],
  create: () => ({ choose: () => 0 }),
};

test("a right definition comes back as it is", () => {
  assert.equal(defineStrategy(right), right);
});

test("everything that is wrong is named at once", () => {
  const wrong = {
    ...right,
    name: "Own Rule",
    summary: " ",
    signals: ["prices"],
    options: { a: { type: "amounts", doc: "a" }, b: { type: "share", doc: "b", required: true, default: 1 } },
  };
  assert.throws(
    () => defineStrategy(wrong as never),
    (error) => error instanceof MeridianError && error.problems.length === 5,
  );
});
