import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { priceWeighted } from "../../../simulator/strategies/price-weighted.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

/** The example of OpenRouter's page: 1, 2 and 3 USD per million tokens. */
function priced(prices = [1, 2, 3]) {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set(prices);
  view.priceOutUsdPerMTok.set(prices);
  return view;
}

test("a is nine times as likely as c: weights 1, 1/4, 1/9", () => {
  const strategy = priceWeighted.create({}, context);
  const random = new KeyedRandom(1, "strategy");
  const counts = [0, 0, 0];
  const n = 20_000;
  for (let i = 0; i < n; i++) {
    random.seek(i, 0);
    counts[strategy.choose(requestOf(), priced(), 0, random)]!++;
  }
  const total = 1 + 1 / 4 + 1 / 9;
  [1, 1 / 4, 1 / 9].forEach((weight, target) => {
    const p = weight / total;
    assert.ok(Math.abs(counts[target]! / n - p) < 4 * Math.sqrt((p * (1 - p)) / n), counts.join());
  });
});

test("a target that failed within 30 s is left out, unless all have", () => {
  const strategy = priceWeighted.create({}, context);
  strategy.observe!(outcomeOf(0, "error", 0));
  const at = (u: number, nowMs: number) => strategy.choose(requestOf(), priced(), nowMs, uniforms(u));
  // 1/4 : 1/9 is 9 : 4.
  assert.deepEqual([at(0, 29_999), at(0.69, 29_999), at(0.7, 29_999)], [1, 1, 2]);
  assert.equal(at(0, 30_000), 0);
  strategy.observe!(outcomeOf(1, "throttled", 29_000));
  strategy.observe!(outcomeOf(2, "timeout", 29_000));
  assert.equal(at(0, 29_999), 0, "all are unstable: all count");
});

test("a retry goes elsewhere; what costs nothing takes all; what has no price comes last", () => {
  const strategy = priceWeighted.create({}, context);
  const retry = requestOf({ attempt: 1, previousTarget: 0 });
  assert.equal(strategy.choose(retry, priced(), 0, uniforms(0)), 1);
  for (const u of [0, 0.5, 0.99]) assert.equal(strategy.choose(requestOf(), priced([3, 0, 3]), 0, uniforms(u)), 1);
  for (const u of [0, 0.99]) assert.equal(strategy.choose(requestOf(), priced([NaN, 2, NaN]), 0, uniforms(u)), 1);
});

test("power 0 ignores prices", () => {
  const strategy = priceWeighted.create({ power: 0 }, context);
  assert.deepEqual(
    [0.3, 0.6, 0.9].map((u) => strategy.choose(requestOf(), priced(), 0, uniforms(u))),
    [0, 1, 2],
  );
});
