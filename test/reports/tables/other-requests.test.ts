import assert from "node:assert/strict";
import { test } from "node:test";
import {
  costChangeOf,
  isLikeBaseline,
  markedSaving,
  otherRequestsText,
} from "../../../reports/tables/other-requests.ts";
import { fixture } from "../fixture.ts";

const result = fixture();
const comparison = {
  ...result.comparisons[0]!,
  verdict: "better" as const,
  relative: { value: -0.12, low: -0.13, high: -0.11, n: 10 },
};

test("a cost of other requests has its size and no judgement", () => {
  assert.deepEqual(costChangeOf(comparison, true), { text: "better, −12 %", tone: "better" });
  assert.deepEqual(costChangeOf(comparison, false), { text: "−12 % of other requests", tone: "warning" });
  const unshown = { ...comparison, verdict: "not shown" as const };
  assert.equal(costChangeOf(unshown, false)!.text, "~ not shown of other requests");
  const none = { ...comparison, verdict: "not comparable" as const };
  assert.equal(costChangeOf(none, false)!.text, "not comparable");
  assert.equal(costChangeOf(undefined, false), undefined);
});

test("a saving of other requests is marked, and the mark explained", () => {
  const cell = { text: "12", value: 0.12 };
  assert.equal(markedSaving(cell, true), cell);
  assert.equal(markedSaving(cell, false).change!.text, "of other requests");
  assert.match(otherRequestsText(result), /^; of other requests = /);
  assert.ok(isLikeBaseline(result, result.strategies[0]!) && !isLikeBaseline(result, result.strategies[1]!));
  const alone = { ...result, strategies: result.strategies.slice(0, 1) };
  assert.equal(otherRequestsText(alone), "");
});
