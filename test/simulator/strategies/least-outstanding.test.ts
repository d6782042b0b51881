import assert from "node:assert/strict";
import { test } from "node:test";
import { leastOutstanding } from "../../../simulator/strategies/least-outstanding.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c", "d");

function viewWith(...inFlight: readonly number[]) {
  const view = viewOf(context);
  view.inFlight.set(inFlight);
  return view;
}

test("fewest in flight; ties go to the first, without a draw", () => {
  const strategy = leastOutstanding.create({}, context);
  assert.equal(strategy.choose(requestOf(), viewWith(3, 1, 2, 1), 0, uniforms()), 1);
  assert.equal(strategy.choose(requestOf(), viewWith(0, 0, 0, 0), 0, uniforms()), 0);
});

test("random ties: one uniform picks evenly among the tied", () => {
  const strategy = leastOutstanding.create({ ties: "random" }, context);
  const view = viewWith(1, 5, 1, 1);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.3333)), 0);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.3334)), 2);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.6667)), 3);
  assert.equal(strategy.choose(requestOf(), viewWith(2, 1, 2, 2), 0, uniforms()), 1);
});

test("only the eligible are compared", () => {
  const view = viewWith(0, 4, 0, 3);
  view.eligible.set([1, 3]);
  view.eligibleCount = 2;
  assert.equal(leastOutstanding.create({}, context).choose(requestOf(), view, 0, uniforms()), 3);
});
