import assert from "node:assert/strict";
import { it } from "node:test";
import { KeptCalls } from "../../../simulator/experiment/kept-calls.ts";
import { needOf, quotaDetail, THROTTLED_SHARE_MAX } from "../../../simulator/experiment/quota-figures.ts";
import type { MeterLaw } from "../../../simulator/service/quota/meter.ts";
import { QuotaReplay } from "../../../simulator/service/quota/quota-need.ts";
import { NOVA, worldPlan } from "../advice/worlds.ts";

/** A call a second for two hours from 23:00, 100 tokens reserved for each, 40 used, none on its way for long. */
const n = 7200;
const plan = { ...worldPlan(NOVA, ["eu-west-1"], [{}]), startMs: Date.UTC(2026, 8, 1, 23), durationMs: 1000 * n };
const column = (value: number) => new Float64Array(n).fill(value);
const atMs = Float64Array.from({ length: n }, (_, i) => 1000 * i);
const calls = {
  demand: {
    atMs,
    settledAtMs: atMs.map((ms) => ms + 1),
    reserve: column(100),
    settle: column(40),
    calls: Int32Array.from(atMs.keys()),
    ends: Int32Array.from(atMs.keys()),
  },
  maxTokens: new Int32Array(n).fill(60),
  cappedAt: () => 50,
  spec: null,
  model: 0,
};

it("calls of the busiest minute, tokens of the busiest day with the part of it that the run covers", () => {
  const { busiestCalls, busiestDay } = quotaDetail(plan, calls, 0.01);
  assert.equal(busiestCalls, 60);
  // Each of the two days has an hour of it; the first of equals is told.
  assert.deepEqual(busiestDay, { settled: 3600 * 40, coveredShare: 1 / 24 });
});

it("the part of the day that is covered is without the warm-up", () => {
  // The last hour, of which the first half is left out.
  const first = n - 1800;
  const counted = calls.demand.calls.subarray(0, 1800);
  const demand = { ...calls.demand, atMs: atMs.subarray(first), calls: counted, ends: counted };
  for (const warmup of [
    { kind: "duration", amount: 1000 * first },
    { kind: "requests", amount: first },
  ] as const) {
    const { busiestDay } = quotaDetail({ ...plan, warmup }, { ...calls, demand }, 0.01);
    assert.deepEqual(busiestDay, { settled: 1800 * 40, coveredShare: 1 / 48 });
  }
});

it("a day is covered to the last call that is kept, where later ones are not", () => {
  // Kept are the hour of the first day and a minute of the next, which has as many calls an hour.
  const kept = calls.demand.calls.subarray(0, 3660);
  const demand = { ...calls.demand, calls: kept, ends: kept };
  const ofDay = (isCut: boolean) => {
    const { settled, coveredShare } = quotaDetail(
      { ...plan, startMs: plan.startMs + 1000 * 3500 },
      { ...calls, demand },
      0.01,
      isCut,
    ).busiestDay;
    return settled / coveredShare;
  };
  const anHour = 3560 * 40;
  assert.ok(Math.abs(ofDay(true) / ((anHour * 24 * 3600) / 3559) - 1) < 1e-9, `${ofDay(true)}`);
  assert.ok(ofDay(false) < ofDay(true));
});

it("a day after the last arrival is covered to the last call: turns and retries go on into it", () => {
  // Arrivals end after a minute, with the day; calls follow to 1:58:59 of the next.
  const ended = { ...plan, startMs: plan.startMs + 1000 * 3540, durationMs: 1000 * 60 };
  const { busiestDay } = quotaDetail(ended, calls, 0.01);
  assert.deepEqual(busiestDay, { settled: (n - 60) * 40, coveredShare: (n - 61) / 86_400 });
});

it("max_tokens unset reserves the model's largest answer, explicit ones what was given", () => {
  const { unset, explicit } = quotaDetail(plan, calls, 0);
  assert.equal(unset.busiestReserved, 60 * (100 + 10_000 - 60));
  assert.equal(explicit.busiestReserved, 60 * 50);
  // A call is settled before the next comes: 59 settled ones and the reservation of the last must fit.
  assert.ok(Math.abs(explicit.smallestLimit - (59 * 40 + 50)) <= 0.01 * (59 * 40 + 50), String(explicit.smallestLimit));
});

it("a reservation that weighs max_tokens weighs the missing ones too", () => {
  const spec = { ...weighted(), burndown: 5, reservesWeightedOutput: true };
  assert.equal(quotaDetail(plan, { ...calls, spec }, 0).unset.busiestReserved, 60 * (100 + 5 * (10_000 - 60)));
});

function weighted() {
  const limits = { tokensPerMinute: null, tokensPerDay: null, requests: null };
  return { id: "q", region: 0, model: 0, ...limits, reservesCacheReads: false, retryAfterMs: Number.NaN };
}

it("the limit of each law is what its own replay finds, though the clock window's tells where to look", () => {
  // Bursts of three seconds in ten, some of them astride whole minutes; each call takes 4 s.
  const bursts = Float64Array.from(
    { length: n },
    (_, i) => 10_000 * Math.floor(i / 30) + 100 * (i % 30) + 7 * (i % 13),
  );
  bursts.sort();
  const demand = { ...calls.demand, atMs: bursts, settledAtMs: bursts.map((ms) => ms + 4000) };
  const kept = KeptCalls.take();
  kept.classIndex.fill(0, 0, n);
  kept.maxTokens.fill(60, 0, n);
  const { laws } = needOf(
    plan,
    { id: "x", spec: null, model: 0, demand, kept, caps: plan.classes.map(() => 50) },
    { left: 0, isDetailed: false },
  );
  kept.giveBack();
  const replay = new QuotaReplay(demand, plan.startMs);
  for (const { law, smallestLimit } of laws) {
    assert.equal(smallestLimit, Math.ceil(replay.smallestLimit(law as MeterLaw, THROTTLED_SHARE_MAX)), law);
  }
  assert.equal(new Set(laws.map(({ smallestLimit }) => smallestLimit)).size, 3);
});
