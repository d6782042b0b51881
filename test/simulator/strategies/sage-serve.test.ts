import assert from "node:assert/strict";
import { test } from "node:test";
import { deferUntil } from "../../../simulator/client/strategy.ts";
import { sageServe } from "../../../simulator/strategies/sage-serve.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b");
const none = uniforms();
const capacity = { a: 10, b: 10 };

function viewWith(a: number, b: number) {
  const view = viewOf(context);
  view.inFlight.set([a, b]);
  view.rttMs.set([5, 80]);
  return view;
}

test("the nearest that is not full, then the next, then the least used", () => {
  const strategy = sageServe.create({ capacity }, context);
  const choose = (a: number, b: number) => strategy.choose(requestOf(), viewWith(a, b), 0, none);
  assert.equal(choose(7, 2), 0);
  assert.equal(choose(8, 2), 1);
  assert.equal(choose(9, 8), 1);
  assert.equal(choose(8, 9), 0);
});

test("preference comes before distance where it is given, and a target without capacity is never full", () => {
  const strategy = sageServe.create({ capacity: { a: 10 }, targets: ["b", "a"] }, context);
  assert.equal(strategy.choose(requestOf(), viewWith(0, 500), 0, none), 1);
});

test("deferrable work waits for an idle region, and leaves in time for its deadline", () => {
  const strategy = sageServe.create({ capacity, deadline: 60_000, reserve: 10_000, poll: 20_000 }, context);
  const request = requestOf({ deferrable: true });
  const at = (nowMs: number, a: number, b: number) => strategy.choose(request, viewWith(a, b), nowMs, none);
  assert.equal(at(0, 8, 2), 1);
  assert.equal(at(0, 8, 6), deferUntil(20_000));
  assert.equal(at(40_000, 8, 6), deferUntil(50_000), "the deadline comes before the next poll");
  assert.equal(at(50_000, 8, 6), 1, "interactive from then on");
  assert.equal(strategy.choose({ ...request, attempt: 1, previousTarget: 1 }, viewWith(8, 6), 0, none), 0);
});
