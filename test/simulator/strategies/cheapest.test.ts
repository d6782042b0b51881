import assert from "node:assert/strict";
import { test } from "node:test";
import { cheapest } from "../../../simulator/strategies/cheapest.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

function viewWith(priceIn: readonly number[], priceOut: readonly number[], rttMs: readonly number[] = [0, 0, 0]) {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set(priceIn);
  view.priceOutUsdPerMTok.set(priceOut);
  view.rttMs.set(rttMs);
  return view;
}

test("the blend is the request's own: long prompts and long answers go to different places", () => {
  const view = viewWith([3, 2, 9], [15, 20, 90]);
  const strategy = cheapest.create({}, context);
  // 10,000 in, 100 out: a = 31,500 micro-USD, b = 22,000. 100 in, 10,000 out: a = 150,300, b = 200,200.
  assert.equal(strategy.choose(requestOf({ inputTokens: 10_000, maxTokens: 100 }), view, 0, uniforms()), 1);
  assert.equal(strategy.choose(requestOf({ inputTokens: 100, maxTokens: 10_000 }), view, 0, uniforms()), 0);
});

test("an expected answer replaces max_tokens, but never exceeds it", () => {
  const view = viewWith([3, 2, 9], [15, 20, 90]);
  const strategy = cheapest.create({ outputTokens: 50 }, context);
  assert.equal(strategy.choose(requestOf({ inputTokens: 1_000, maxTokens: 10_000 }), view, 0, uniforms()), 1);
  const capped = cheapest.create({ outputTokens: 10_000 }, context);
  assert.equal(capped.choose(requestOf({ inputTokens: 1_000, maxTokens: 50 }), view, 0, uniforms()), 1);
});

test("equal prices: shorter round trip, then target order", () => {
  const strategy = cheapest.create({}, context);
  assert.equal(strategy.choose(requestOf(), viewWith([3, 3, 3], [15, 15, 15], [80, 20, 20]), 0, uniforms()), 1);
  assert.equal(strategy.choose(requestOf(), viewWith([3, 3, 3], [15, 15, 15]), 0, uniforms()), 0);
});

test("blind to load and failure", () => {
  const view = viewWith([3, 2, 9], [15, 10, 90]);
  for (let i = 0; i < 1_000; i++) view.onSent(1);
  view.failureShare[1] = 1;
  assert.equal(cheapest.create({}, context).choose(requestOf({ previousTarget: 1 }), view, 0, uniforms()), 1);
});

test("a target without a known price comes last", () => {
  const strategy = cheapest.create({}, context);
  assert.equal(strategy.choose(requestOf(), viewWith([NaN, 5, NaN], [1, 50, 1]), 0, uniforms()), 1);
});
