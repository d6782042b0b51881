import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutcomeKind } from "../../../simulator/client/strategy.ts";
import { priority } from "../../../simulator/strategies/priority.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");
const none = uniforms();

test("the primary while all is well", () => {
  const strategy = priority.create({ targets: ["b", "a"] }, context);
  assert.equal(strategy.choose(requestOf(), viewOf(context), 0, none), 1);
});

for (const kind of ["throttled", "unavailable", "timeout", "error"] satisfies OutcomeKind[]) {
  test(`a target that answered ${kind} is skipped for exactly the cooldown`, () => {
    const strategy = priority.create({ cooldown: 5_000 }, context);
    const view = viewOf(context);
    strategy.observe!(outcomeOf(0, kind, 1_000));
    assert.equal(strategy.choose(requestOf(), view, 1_000, none), 1);
    assert.equal(strategy.choose(requestOf(), view, 5_999.999, none), 1);
    assert.equal(strategy.choose(requestOf(), view, 6_000, none), 0);
  });
}

test("a success changes nothing and does not end a cooldown", () => {
  const strategy = priority.create({}, context);
  const view = viewOf(context);
  strategy.observe!(outcomeOf(0, "ok", 500, 400));
  assert.equal(strategy.choose(requestOf(), view, 501, none), 0);
  strategy.observe!(outcomeOf(0, "throttled", 1_000));
  strategy.observe!(outcomeOf(0, "ok", 1_001, 800));
  assert.equal(strategy.choose(requestOf(), view, 30_999, none), 1);
  assert.equal(strategy.choose(requestOf(), view, 31_000, none), 0);
});

test("cooldown 0 is exact ordered failover: first, second, third, and new requests start at the first", () => {
  const strategy = priority.create({ targets: ["c", "a", "b"], cooldown: 0 }, context);
  const view = viewOf(context);
  const order: number[] = [];
  let previousTarget = -1;
  for (let attempt = 0; attempt < 3; attempt++) {
    previousTarget = strategy.choose(requestOf({ attempt, previousTarget }), view, 7, none);
    strategy.observe!(outcomeOf(previousTarget, "unavailable", 7));
    order.push(previousTarget);
  }
  assert.deepEqual(order, [2, 0, 1]);
  assert.equal(strategy.choose(requestOf({ requestId: 2 }), view, 7, none), 2);
});

test("a retry moves on even before the failure is learnt, and from the last target back to the top", () => {
  const strategy = priority.create({ targets: ["a", "b"] }, context);
  const view = viewOf(context);
  assert.equal(strategy.choose(requestOf({ attempt: 1, previousTarget: 0 }), view, 0, none), 1);
  assert.equal(strategy.choose(requestOf({ attempt: 2, previousTarget: 1 }), view, 0, none), 0);
});

test("a retry skips cooling fallbacks", () => {
  const strategy = priority.create({}, context);
  strategy.observe!(outcomeOf(1, "throttled", 0));
  assert.equal(strategy.choose(requestOf({ attempt: 1, previousTarget: 0 }), viewOf(context), 1, none), 2);
});

test("all cooling: the one whose cooldown ends first, but not the one that just failed this request", () => {
  const strategy = priority.create({}, context);
  const view = viewOf(context);
  for (const [target, at] of [
    [1, 10],
    [0, 20],
    [2, 30],
  ] as const) {
    strategy.observe!(outcomeOf(target, "throttled", at));
  }
  assert.equal(strategy.choose(requestOf(), view, 40, none), 1);
  assert.equal(strategy.choose(requestOf({ attempt: 1, previousTarget: 1 }), view, 40, none), 0);
});

test("targets outside the list only when residency leaves nothing else", () => {
  const strategy = priority.create({ targets: ["a"] }, context);
  assert.equal(strategy.choose(requestOf(), viewOf(context, [2, 0]), 0, none), 0);
  assert.equal(strategy.choose(requestOf(), viewOf(context, [2]), 0, none), 2);
});
