import assert from "node:assert/strict";
import { test } from "node:test";
import { prefixAffinity } from "../../../simulator/strategies/prefix-affinity.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");
const none = uniforms();

test("a prefix goes back to where it was while the cache lives, and not a moment longer", () => {
  const strategy = prefixAffinity.create({ ttl: 60_000 }, context);
  const view = viewOf(context);
  view.inFlight.set([1, 0, 1]);
  const choose = (prefixId: number, nowMs: number) => strategy.choose(requestOf({ prefixId }), view, nowMs, none);
  assert.equal(choose(5, 0), 1);
  view.inFlight.set([0, 3, 1]);
  assert.equal(choose(5, 60_000), 1);
  assert.equal(choose(6, 60_000), 0, "another prefix goes to the least loaded");
  assert.equal(choose(5, 120_001), 0, "the cache of b has gone cold");
});

test("a crowded target is left: more than slack above the least loaded, and more than ratio times as much", () => {
  const strategy = prefixAffinity.create({ slack: 4, ratio: 2 }, context);
  const view = viewOf(context);
  const choose = () => strategy.choose(requestOf({ prefixId: 1 }), view, 0, none);
  assert.equal(choose(), 0);
  view.inFlight.set([9, 5, 5]);
  assert.equal(choose(), 0, "4 more is not above the slack");
  view.inFlight.set([10, 5, 5]);
  assert.equal(choose(), 0, "5 more, but not above twice as much");
  view.inFlight.set([11, 5, 5]);
  assert.equal(choose(), 1);
  view.inFlight.set([4, 5, 5]);
  assert.equal(choose(), 1, "from then on it is warm there");
});

test("a failed attempt moves its prefix; requests without one go by load or by price", () => {
  const view = viewOf(context);
  const strategy = prefixAffinity.create({}, context);
  assert.equal(strategy.choose(requestOf({ prefixId: 1 }), view, 0, none), 0);
  assert.equal(strategy.choose(requestOf({ prefixId: 1, attempt: 1, previousTarget: 0 }), view, 1, none), 1);
  assert.equal(strategy.choose(requestOf({ prefixId: 1 }), view, 2, none), 1);
  view.priceInUsdPerMTok.set([3, 3, 1]);
  view.priceOutUsdPerMTok.set([15, 15, 5]);
  const cheap = prefixAffinity.create({ otherwise: "cheapest" }, context);
  assert.equal(cheap.choose(requestOf(), view, 0, none), 2);
});

test("a session goes back to its target, apart from others that begin with the same prompt", () => {
  const strategy = prefixAffinity.create({}, context);
  const view = viewOf(context);
  const send = (sessionId: number) => {
    const target = strategy.choose(requestOf({ sessionId, prefixId: 3 }), view, 0, none);
    view.onSent(target);
    return target;
  };
  const first = [0, 1, 2].map(send);
  assert.equal(new Set(first).size, 3);
  assert.deepEqual([2, 0, 1].map(send), [first[2], first[0], first[1]]);
});
