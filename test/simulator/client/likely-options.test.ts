import assert from "node:assert/strict";
import { test } from "node:test";
import { likelyOptions } from "../../../simulator/client/likely-options.ts";
import type { StrategyDefinition } from "../../../simulator/client/strategy.ts";
import { contextOf } from "../strategies/fixtures.ts";

test("options that are needed get likely values of their type", () => {
  const definition: StrategyDefinition = {
    name: "own",
    summary: "A strategy of the test's own.",
    signals: [],
    create: () => ({ choose: () => 0 }),
    options: {
      where: { type: "target", doc: "where", required: true },
      ceiling: { type: "durationMs", doc: "ceiling", required: true, min: 5_000 },
      share: { type: "share", doc: "share" },
      weights: { type: "amounts", doc: "weights", required: true, values: ["price"] },
    },
  };
  const expected = { where: "b", ceiling: 5_000, weights: { price: 1 } };
  assert.deepEqual(likelyOptions(definition, contextOf("a", "b")), expected);
});
