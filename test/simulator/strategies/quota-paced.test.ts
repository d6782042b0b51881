import assert from "node:assert/strict";
import { test } from "node:test";
import { SHED } from "../../../simulator/client/strategy.ts";
import { quotaPaced } from "../../../simulator/strategies/quota-paced.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = { ...contextOf("a", "b"), classNames: ["chat", "digest"] };
const none = uniforms();
/** Each request reserves 1,000 + 1,000 tokens. */
const quota = { tokensPerMinute: { a: 10_000, b: 4_000 } };

function priced() {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([1, 2]);
  view.priceOutUsdPerMTok.set([5, 10]);
  return view;
}

/** Targets of requests at one instant; -1 for one that waits. */
function choices(strategy: ReturnType<typeof quotaPaced.create>, n: number, nowMs: number, classIndex = 0) {
  return Array.from({ length: n }, (_, i) => {
    const request = requestOf({ requestId: 1_000 * nowMs + i, arrivalMs: nowMs, classIndex });
    return Math.max(-1, strategy.choose(request, priced(), nowMs, none));
  });
}

test("the cheapest while it has room for input and max_tokens, then the next, then none; the window brings it back", () => {
  const strategy = quotaPaced.create(quota, context);
  assert.deepEqual(choices(strategy, 9, 0), [0, 0, 0, 0, 0, 1, 1, -1, -1]);
  assert.deepEqual(choices(strategy, 1, 59_999), [-1]);
  assert.deepEqual(choices(strategy, 1, 60_000), [0]);
});

test("a share of the quota is this router's part", () => {
  const strategy = quotaPaced.create({ ...quota, share: 0.5 }, context);
  assert.deepEqual(choices(strategy, 4, 0), [0, 0, 1, -1]);
});

test("an answer settles to what it used, a refusal to nothing", () => {
  const strategy = quotaPaced.create({ ...quota, burndown: 5 }, context);
  choices(strategy, 5, 0);
  // 1,000 + 5 × 100 of 2,000 reserved: 500 come back, and 2,000 of the refused one.
  strategy.observe!({ ...outcomeOf(0, "ok", 10, 10), requestId: 0 });
  assert.deepEqual(choices(strategy, 1, 11), [1]);
  strategy.observe!({ ...outcomeOf(0, "throttled", 12), requestId: 1, sentMs: 0 });
  assert.deepEqual(choices(strategy, 2, 13), [0, 1]);
});

test("pacing: a fifth at once, then 2,000 tokens every 12 s", () => {
  const strategy = quotaPaced.create({ tokensPerMinute: { a: 10_000, b: 1 }, burst: 0.2 }, context);
  const sent: number[] = [];
  for (let s = 0; s < 60; s++) if (choices(strategy, 1, 1_000 * s)[0] === 0) sent.push(s);
  assert.deepEqual(sent, [0, 12, 24, 36, 48]);
});

test("a class is admitted up to its share; the rest is kept for others", () => {
  const strategy = quotaPaced.create({ ...quota, admit: { digest: 0.6 } }, context);
  assert.deepEqual(choices(strategy, 5, 0, 1), [0, 0, 0, 1, -1]);
  assert.deepEqual(choices(strategy, 4, 1, 0), [0, 0, 1, -1]);
});

test("with every quota spent: wait for the patience, then send or shed; deferrable requests only wait", () => {
  const ask = (full: string, waitedMs: number, deferrable = false) => {
    const strategy = quotaPaced.create({ tokensPerMinute: { a: 1, b: 1 }, patience: 2_000, full }, context);
    return strategy.choose(requestOf({ arrivalMs: 0, deferrable }), priced(), waitedMs, none);
  };
  assert.equal(ask("send", 1_999), -1 - 2_499);
  assert.equal(ask("send", 2_000), 0);
  assert.equal(ask("shed", 2_000), SHED);
  assert.equal(ask("shed", 2_000, true), -1 - 12_000);
});

test("targets without a quota have room always", () => {
  const strategy = quotaPaced.create({ tokensPerMinute: { a: 2_000 } }, context);
  assert.deepEqual(choices(strategy, 4, 0), [0, 1, 1, 1]);
});
