import assert from "node:assert/strict";
import { test } from "node:test";
import { layerName } from "../../../reports/charts/chart.ts";

test("a layer's name begins with its strategy, so that 1 and 11 stay apart", () => {
  assert.equal(layerName(1, "line"), "strategy_1_line");
  assert.ok(!layerName(11, "line").startsWith("strategy_1_"));
});
