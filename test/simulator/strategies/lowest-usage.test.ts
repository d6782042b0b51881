import assert from "node:assert/strict";
import { test } from "node:test";
import { lowestUsage } from "../../../simulator/strategies/lowest-usage.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b");
const none = uniforms();

test("tokens over size decide: a target of three times the size takes three times the tokens", () => {
  const strategy = lowestUsage.create({ size: { a: 300_000, b: 100_000 } }, context);
  const view = viewOf(context);
  const counts = [0, 0];
  for (let i = 0; i < 400; i++) counts[strategy.choose(requestOf({ inputTokens: 500 }), view, i, none)]!++;
  assert.deepEqual(counts, [300, 100]);
});

test("answers count when they end, refusals give back what was sent", () => {
  const strategy = lowestUsage.create({}, context);
  const view = viewOf(context);
  assert.equal(strategy.choose(requestOf({ inputTokens: 100 }), view, 0, none), 0);
  assert.equal(strategy.choose(requestOf({ inputTokens: 150 }), view, 1, none), 1);
  strategy.observe!({ ...outcomeOf(0, "ok", 2, 1), inputTokens: 100, outputTokens: 80 });
  assert.equal(strategy.choose(requestOf({ inputTokens: 10 }), view, 3, none), 1);
  strategy.observe!({ ...outcomeOf(0, "throttled", 4), inputTokens: 100, sentMs: 0 });
  assert.equal(strategy.choose(requestOf({ inputTokens: 10 }), view, 5, none), 0);
});

test("a token counts for a window and no longer", () => {
  const strategy = lowestUsage.create({ window: 10_000 }, context);
  const view = viewOf(context);
  assert.equal(strategy.choose(requestOf({ inputTokens: 100 }), view, 0, none), 0);
  assert.equal(strategy.choose(requestOf({ inputTokens: 50 }), view, 5_000, none), 1);
  assert.equal(strategy.choose(requestOf({ inputTokens: 1 }), view, 9_000, none), 1);
  assert.equal(strategy.choose(requestOf({ inputTokens: 1 }), view, 11_000, none), 0);
});
