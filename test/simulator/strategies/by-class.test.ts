import assert from "node:assert/strict";
import { test } from "node:test";
import { byClass } from "../../../simulator/strategies/by-class.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = { ...contextOf("a@priority", "b@priority", "a@flex", "c"), classNames: ["chat", "digest", "other"] };
const none = uniforms();
const targets = { chat: ["a@priority", "b@priority"], digest: ["a@flex"] };

test("each class goes down its own list, past what failed lately", () => {
  const strategy = byClass.create({ targets, cooldown: 10_000 }, context);
  const view = viewOf(context);
  const choose = (classIndex: number, nowMs: number) => strategy.choose(requestOf({ classIndex }), view, nowMs, none);
  assert.deepEqual([choose(0, 0), choose(1, 0)], [0, 2]);
  strategy.observe!(outcomeOf(0, "throttled", 0));
  assert.equal(choose(0, 9_999), 1);
  assert.equal(choose(0, 10_000), 0);
  const retry = requestOf({ classIndex: 0, attempt: 1, previousTarget: 1 });
  assert.equal(strategy.choose(retry, view, 10_000, none), 0, "the list is walked round");
});

test("a class stays in its list while any of it is eligible, and leaves it only then", () => {
  const strategy = byClass.create({ targets }, context);
  strategy.observe!(outcomeOf(0, "error", 0));
  strategy.observe!(outcomeOf(1, "error", 5));
  assert.equal(strategy.choose(requestOf(), viewOf(context), 6, none), 0, "its cooldown ends first");
  assert.equal(strategy.choose(requestOf(), viewOf(context, [2, 3]), 6, none), 2);
  const only = requestOf({ classIndex: 1, attempt: 1, previousTarget: 2 });
  assert.equal(strategy.choose(only, viewOf(context), 6, none), 2, "a list of one is tried again");
});

test("spread takes the fewest in flight of the list; classes without a list of all", () => {
  const view = viewOf(context);
  view.inFlight.set([2, 1, 0, 0]);
  const strategy = byClass.create({ targets, spread: true }, context);
  assert.equal(strategy.choose(requestOf(), view, 0, none), 1);
  assert.equal(strategy.choose(requestOf({ classIndex: 2 }), view, 0, none), 2);
});

test("an unknown class or target is refused by name", () => {
  assert.throws(
    () => byClass.create({ targets: { chatt: ["c"] } }, context),
    /no class "chatt"; classes are chat, digest/,
  );
  assert.throws(() => byClass.create({ targets: { chat: ["z"] } }, context), /chat: there is no target "z"/);
});
