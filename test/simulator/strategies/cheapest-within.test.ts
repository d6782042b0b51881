import assert from "node:assert/strict";
import { test } from "node:test";
import { cheapestWithin } from "../../../simulator/strategies/cheapest-within.ts";
import { contextOf, outcomeOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("cheap", "middle", "dear");
const none = uniforms();

/** All known at t = 0 with these p95s, prices rising by target. */
function known(p95: readonly number[], rttMs: readonly number[] = [0, 0, 0]) {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([1, 2, 3]);
  view.priceOutUsdPerMTok.set([5, 10, 15]);
  view.rttMs.set(rttMs);
  view.e2eMsP95.set(p95);
  view.lastOutcomeMs.fill(0);
  return view;
}

const create = (options: Record<string, unknown> = {}) => cheapestWithin.create({ p95: 4_000, ...options }, context);

test("the cheapest whose predicted p95 is at most the ceiling", () => {
  assert.equal(create().choose(requestOf(), known([3_000, 2_000, 1_000]), 0, none), 0);
  assert.equal(create().choose(requestOf(), known([4_001, 4_000, 1_000]), 0, none), 1);
});

test("the round trip of this caller counts", () => {
  assert.equal(create().choose(requestOf(), known([3_900, 3_900, 1_000], [150, 90, 10]), 0, none), 1);
});

test("equal prices: shorter round trip", () => {
  const view = known([1_000, 1_000, 1_000], [90, 50, 10]);
  view.priceInUsdPerMTok.fill(1);
  view.priceOutUsdPerMTok.fill(5);
  assert.equal(create().choose(requestOf(), view, 0, none), 2);
});

test("none qualifies: the lowest prediction", () => {
  assert.equal(create().choose(requestOf(), known([9_000, 7_000, 8_000]), 0, none), 1);
});

test("a target that fails too often does not qualify", () => {
  const view = known([1_000, 1_000, 1_000]);
  view.failureShare.set([0.11, 0.1, 0]);
  assert.equal(create().choose(requestOf(), view, 0, none), 1);
  assert.equal(create({ failureCeiling: 0.2 }).choose(requestOf(), view, 0, none), 0);
});

test("exploring is bounded: an unknown target gets `probes` requests, then the next one is tried", () => {
  const view = known([NaN, NaN, NaN]);
  view.lastOutcomeMs.fill(-Infinity);
  const strategy = create({ probes: 2 });
  const chosen: number[] = [];
  for (let i = 0; i < 8; i++) {
    const target = strategy.choose(requestOf({ requestId: i }), view, i, none);
    view.onSent(target);
    chosen.push(target);
  }
  // Six probes by price, then the least loaded of the unknown.
  assert.deepEqual(chosen, [0, 0, 1, 1, 2, 2, 0, 1]);
});

test("what is known beats more exploring", () => {
  const view = known([NaN, 2_000, NaN]);
  view.lastOutcomeMs.set([-Infinity, 0, -Infinity]);
  view.inFlight.set([2, 50, 2]);
  assert.equal(create().choose(requestOf(), view, 1, none), 1);
});

test("a target found slow is tried again after `forget`", () => {
  const view = known([9_000, 2_000, 1_000]);
  view.lastOutcomeMs.set([0, 60_000, 60_000]);
  assert.equal(create().choose(requestOf(), view, 60_000, none), 1);
  assert.equal(create().choose(requestOf(), view, 60_001, none), 0);
  view.inFlight[0] = 2;
  assert.equal(create().choose(requestOf(), view, 60_001, none), 1);
});

test("a retry goes elsewhere, unless there is nowhere else", () => {
  const retry = requestOf({ attempt: 1, previousTarget: 0 });
  assert.equal(create().choose(retry, known([1_000, 1_000, 1_000]), 0, none), 1);
  assert.equal(create().choose(retry, known([1_000, 9_000, 8_000]), 0, none), 2);
});

test("closed loop: a dead cheap region is left after its probes and found again when it recovers", () => {
  const view = known([NaN, NaN, NaN]);
  view.lastOutcomeMs.fill(-Infinity);
  const strategy = create();
  const toCheap: number[] = [];
  for (let second = 0; second < 600; second++) {
    const nowMs = second * 1_000;
    const target = strategy.choose(requestOf({ requestId: second }), view, nowMs, none);
    view.onSent(target);
    const dead = target === 0 && second >= 100 && second < 300;
    const outcome = outcomeOf(target, dead ? "error" : "ok", nowMs, 500);
    view.onOutcome({ ...outcome, rttMs: 0 });
    if (target === 0) toCheap.push(second);
  }
  const within = (from: number, to: number) => toCheap.filter((second) => second >= from && second < to).length;
  assert.equal(within(0, 100), 100);
  assert.ok(within(100, 300) < 25, `${within(100, 300)} requests to a dead region`);
  assert.ok(within(362, 600) > 230, `only ${within(362, 600)} after the recovery`);
});

test("the ceiling must be given", () => {
  assert.throws(() => cheapestWithin.create({}, context), /STRATEGY_MISSING_OPTION/);
});

test("history predicts by the hour of day, needs no probes, and leaves the failure share in charge", () => {
  const two = contextOf("a", "b");
  const hours = (fast: number) => Array.from({ length: 24 }, (_, hour) => (hour === fast ? 1_000 : 9_000));
  const history = { a: hours(3), b: new Array<number>(24).fill(2_000) };
  const strategy = cheapestWithin.create({ p95: 4_000, history }, { ...two, startMs: Date.UTC(2026, 4, 4, 2) });
  const view = viewOf(two);
  view.priceInUsdPerMTok.set([1, 2]);
  view.priceOutUsdPerMTok.set([1, 2]);
  view.inFlight.set([50, 50]);
  const choose = (nowMs: number) => strategy.choose(requestOf(), view, nowMs, uniforms());
  assert.equal(choose(0), 1, "02:00 UTC: a takes 9 s");
  assert.equal(choose(3_600_000), 0, "03:00 UTC: a takes 1 s and is cheaper");
  assert.equal(choose(2 * 3_600_000), 1);
  view.failureShare[0] = 0.5;
  assert.equal(choose(25 * 3_600_000), 1, "03:00 of the next day, but a fails");
  assert.throws(() => cheapestWithin.create({ p95: 1, history: { a: [1, 2] } }, two), /24 durations/);
});
