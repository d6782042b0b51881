import assert from "node:assert/strict";
import { test } from "node:test";
import { spillOver } from "../../../simulator/strategies/spill-over.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a/provisioned", "a", "b");
const none = uniforms();
const options = { targets: ["a/provisioned", "a", "b"], limits: { "a/provisioned": 2, a: 3 } };

test("fills each target up to its limit, in order; the last has none", () => {
  const strategy = spillOver.create(options, context);
  const view = viewOf(context);
  const chosen = Array.from({ length: 8 }, (_, i) => {
    const target = strategy.choose(requestOf({ requestId: i }), view, 0, none);
    view.onSent(target);
    return target;
  });
  assert.deepEqual(chosen, [0, 0, 1, 1, 1, 2, 2, 2]);
  view.onEnded(0);
  assert.equal(strategy.choose(requestOf(), view, 0, none), 0, "room comes back with the first answer");
});

test("a target that says it is full is passed over for the cooldown", () => {
  const strategy = spillOver.create({ ...options, cooldown: 1_000 }, context);
  const view = viewOf(context);
  strategy.observe!(outcomeOf(0, "unavailable", 0));
  assert.equal(strategy.choose(requestOf({ attempt: 1, previousTarget: 0 }), view, 0, none), 1);
  assert.equal(strategy.choose(requestOf(), view, 999, none), 1);
  assert.equal(strategy.choose(requestOf(), view, 1_000, none), 0);
});

test("with all full the fewest in flight", () => {
  const strategy = spillOver.create({ limits: { "a/provisioned": 1, a: 1, b: 1 } }, context);
  const view = viewOf(context);
  view.inFlight.set([3, 2, 4]);
  assert.equal(strategy.choose(requestOf(), view, 0, none), 1);
});
