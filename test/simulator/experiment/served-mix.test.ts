import assert from "node:assert/strict";
import { test } from "node:test";
import type { StrategyResult } from "../../../simulator/experiment/result.ts";
import { servesAlike } from "../../../simulator/experiment/served-mix.ts";

const failing = (value: number | null) => ({ failedShare: { value, low: null, high: null, n: 1 } });
const strategy = (total: number | null, classes: Readonly<Record<string, number>>) =>
  ({
    total: failing(total),
    byClass: Object.entries(classes).map(([name, share]) => ({ name, ...failing(share) })),
  }) as unknown as StrategyResult;

test("strategies serve alike where no class fails a point more", () => {
  const baseline = strategy(0.02, { a: 0.02, b: 0.02 });
  assert.ok(servesAlike(strategy(0.028, { a: 0.028, b: 0.028 }), baseline));
  assert.ok(!servesAlike(strategy(0.04, { a: 0.04, b: 0.04 }), baseline));
  assert.ok(!servesAlike(strategy(0, { a: 0, b: 0 }), baseline));
  // As many in all, and others: the dear class fails in place of the cheap one.
  assert.ok(!servesAlike(strategy(0.02, { a: 0.04, b: 0 }), baseline));
  assert.ok(servesAlike(strategy(null, {}), strategy(0.005, {})));
});
