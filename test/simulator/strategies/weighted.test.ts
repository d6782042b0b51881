import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { weighted } from "../../../simulator/strategies/weighted.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

test("one uniform maps to targets by cumulative weight", () => {
  const strategy = weighted.create({ weights: { a: 60, b: 30, c: 10 } }, context);
  const view = viewOf(context);
  const cases: readonly [number, number][] = [
    [0, 0],
    [0.5999, 0],
    [0.6, 1],
    [0.8999, 1],
    [0.9, 2],
    [1 - 2 ** -53, 2],
  ];
  for (const [u, target] of cases) assert.equal(strategy.choose(requestOf(), view, 0, uniforms(u)), target, `u = ${u}`);
});

test("weights renormalise over the eligible", () => {
  const strategy = weighted.create({ weights: { a: 60, b: 30, c: 10 } }, context);
  const view = viewOf(context, [1, 2]);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.7499)), 1);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.7501)), 2);
});

test("60/40 over 20,000 requests is binomial: within 4 standard errors", () => {
  const strategy = weighted.create({ weights: { a: 60, b: 40 } }, context);
  const view = viewOf(context);
  const random = new KeyedRandom(1, "strategy");
  let first = 0;
  for (let i = 0; i < 20_000; i++) {
    random.seek(i, 0);
    if (strategy.choose(requestOf({ requestId: i }), view, 0, random) === 0) first++;
  }
  assert.ok(Math.abs(first / 20_000 - 0.6) < 4 * Math.sqrt((0.6 * 0.4) / 20_000), `share ${first / 20_000}`);
});

test("no weight among the eligible: all equally likely", () => {
  const strategy = weighted.create({ weights: { a: 1 } }, context);
  const view = viewOf(context, [1, 2]);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.49)), 1);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.51)), 2);
});

test("a retry draws afresh by default and elsewhere where the option says so", () => {
  const view = viewOf(context);
  const retry = requestOf({ attempt: 1, previousTarget: 0 });
  const weights = { a: 60, b: 30, c: 10 };
  assert.equal(weighted.create({ weights }, context).choose(retry, view, 0, uniforms(0.1)), 0);
  const elsewhere = weighted.create({ weights, retryElsewhere: true }, context);
  assert.equal(elsewhere.choose(retry, view, 0, uniforms(0.7499)), 1);
  assert.equal(elsewhere.choose(retry, view, 0, uniforms(0.7501)), 2);
});

test("a retry stays when no other eligible target has weight", () => {
  const strategy = weighted.create({ weights: { a: 1 }, retryElsewhere: true }, context);
  const retry = requestOf({ attempt: 1, previousTarget: 0 });
  assert.equal(strategy.choose(retry, viewOf(context), 0, uniforms(0.9)), 0);
});
