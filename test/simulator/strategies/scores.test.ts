import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { strategyFromSource } from "../../../simulator/client/own-strategy.ts";
import type { Strategy } from "../../../simulator/client/strategy.ts";
import { findStrategy } from "../../../simulator/strategies/index.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = { ...contextOf("a", "b", "c"), classNames: ["all"] };
const amounts = { a: 100_000, b: 50_000, c: 80_000 };

/** Options of the strategies that compare targets by a number. */
const SCORING: Readonly<Record<string, object>> = {
  cheapest: {},
  "cheapest-within": { p95: 5_000, probes: 10 },
  "cheapest-hour": {},
  "best-value": { quality: { a: 1, b: 0.5, c: 0.9 } },
  "least-latency": { explore: 0 },
  "least-outstanding": {},
  "lowest-usage": {},
  "most-headroom": { below: 0.3 },
  "power-of-two": {},
  "power-of-d": { d: 2, by: "price" },
  "quota-paced": { tokensPerMinute: amounts },
  score: { score: { price: 1, load: 1 } },
  "sage-serve": { capacity: { a: 10, b: 10, c: 10 }, busy: 0 },
  bandit: {},
  "drift-plus-penalty": {},
};
const LITELLM = ["least-busy", "usage-based-routing-v2", "latency-based-routing", "cost-based-routing"];

/** The choice, and the scores of a, b and c right after it. */
function decide(strategy: Strategy, change: object = {}) {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([3, 1, 2]);
  view.priceOutUsdPerMTok.set([15, 5, 10]);
  view.rttMs.set([10, 20, 30]);
  view.quotaHeadroom.set([0.2, 0.1, 0.25]);
  view.inFlight.set([4, 2, 1]);
  const request = requestOf({ inputTokens: 1_000, maxTokens: 100, ...change });
  const choice = strategy.choose(
    request,
    view,
    5_000,
    uniforms(...Array.from({ length: 40 }, (_, i) => ((7 * i + 1) % 40) / 40)),
  );
  return { choice, scores: [0, 1, 2].map((target) => strategy.scoreOf!(target, request, view, 5_000)) };
}

function learnt(name: string, options: object): Strategy {
  const strategy = findStrategy(name).create(options as never, context);
  for (const [target, ms] of [
    [0, 900],
    [1, 400],
    [2, 600],
  ] as const)
    strategy.observe?.(outcomeOf(target, "ok", 1_000, 1_000 + ms));
  return strategy;
}

describe("the score that a strategy says", () => {
  for (const [name, options] of Object.entries(SCORING)) {
    it(`${name}: what it chose has the least of what it considered`, () => {
      const { choice, scores } = decide(learnt(name, options));
      const known = scores.filter((score) => !Number.isNaN(score));
      assert.ok(known.length >= 2, `${scores}`);
      assert.ok(scores[choice]! <= Math.min(...known) + 1e-12, `${choice}: ${scores}`);
    });
  }

  for (const routing of LITELLM) {
    it(`litellm ${routing}: likewise, and none for what is cooling down`, () => {
      const strategy = learnt("litellm", { routing });
      const before = decide(strategy);
      assert.ok(before.scores[before.choice]! <= Math.min(...before.scores));
      strategy.observe!(outcomeOf(before.choice, "throttled", 4_000, 4_500));
      const after = decide(strategy);
      assert.ok(Number.isNaN(after.scores[before.choice]!));
      assert.notEqual(after.choice, before.choice);
    });
  }

  it("by hand: prices in millionths of a USD, shares of a quota, requests in flight", () => {
    assert.deepEqual(decide(learnt("cheapest", {})).scores, [4_500, 1_500, 3_000]);
    assert.deepEqual(decide(learnt("least-outstanding", {})).scores, [4, 2, 1]);
    assert.deepEqual(
      decide(learnt("quota-paced", { tokensPerMinute: { ...amounts, b: 1_000 } })).scores,
      [4_500, Number.NaN, 3_000],
      "1,100 tokens have no room at b",
    );
    assert.deepEqual(decide(learnt("price-weighted", {}), { attempt: 1, previousTarget: 1 }).scores, [
      4_500,
      Number.NaN,
      3_000,
    ]);
  });

  it("one of the user's own is passed on", () => {
    const source = `var exported = { strategy: { name: "own", summary: "s", options: {}, signals: [], create: () => ({
      choose: () => 2, scoreOf: (target, request) => target * request.inputTokens }) } };`;
    assert.deepEqual(decide(strategyFromSource(source, "own.js").create({}, context)).scores, [0, 1_000, 2_000]);
  });
});
