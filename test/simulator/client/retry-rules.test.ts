import assert from "node:assert/strict";
import { test } from "node:test";
import { LEGACY_RULES, STANDARD_RULES } from "../../../simulator/client/retry-rules.ts";
import type { OutcomeKind } from "../../../simulator/client/strategy.ts";

const FAILURES: readonly OutcomeKind[] = ["throttled", "unavailable", "timeout", "error"];

test("token costs by failure, as read in the sources", () => {
  const costs = (sdk: "js" | "python", generation: "2026" | "previous") =>
    FAILURES.map((kind) => STANDARD_RULES[sdk][generation].cost(kind));
  assert.deepEqual(costs("js", "2026"), [5, 14, 14, 14]);
  assert.deepEqual(costs("python", "2026"), [5, 14, 14, 14]);
  assert.deepEqual(costs("js", "previous"), [5, 10, 10, 10]);
  assert.deepEqual(costs("python", "previous"), [5, 5, 10, 5]);
  assert.deepEqual(
    FAILURES.map((kind) => LEGACY_RULES.cost(kind)),
    [0, 0, 0, 0],
  );
});

test("every failure that the simulator knows is retryable in all SDK modes", () => {
  for (const rules of [...Object.values(STANDARD_RULES.js), ...Object.values(STANDARD_RULES.python), LEGACY_RULES]) {
    assert.ok(FAILURES.every((kind) => rules.retries(kind)));
    assert.ok(!rules.retries("ok"));
  }
});
