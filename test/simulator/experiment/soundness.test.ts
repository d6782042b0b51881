import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comparison } from "../../../simulator/experiment/result.ts";
import { failsMore } from "../../../simulator/experiment/soundness.ts";

function failed(verdict: Comparison["verdict"], value: number | null): readonly Comparison[] {
  const difference = { value, low: null, high: null, n: 2 };
  const base = { strategy: "s", baselineValue: 0.01, value: 0.01, relative: difference, varianceRatio: null };
  return [
    { ...base, metric: "e2eMsP95", difference: { ...difference, value: 99 }, verdict: "worse" },
    { ...base, metric: "failedShare", difference, verdict },
  ];
}

test("what the interval shows, however small, and what is beyond a point, shown or not", () => {
  assert.equal(failsMore(failed("worse", 0.0001), "s"), true);
  assert.equal(failsMore(failed("not shown", 0.17), "s"), true);
  assert.equal(failsMore(failed("not shown", 0.009), "s"), false);
  assert.equal(failsMore(failed("not shown", -0.5), "s"), false);
  assert.equal(failsMore(failed("better", -0.01), "s"), false);
  assert.equal(failsMore(failed("not comparable", null), "s"), false);
  assert.equal(failsMore(failed("worse", 0.2), "the baseline"), false);
});
