import assert from "node:assert/strict";
import { it, test } from "node:test";
import {
  completeOutcome,
  nextPictureMs,
  requestPriceMicroUsd,
  TargetViewState,
  takePicture,
} from "../../../simulator/client/target-view.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";
import { contextOf, outcomeOf, requestOf, viewOf } from "../strategies/fixtures.ts";

it("pictures are taken at multiples of the age", () => {
  const cases = [
    [0, 1_000, 1_000],
    [2_300, 1_000, 3_000],
    [3_000, 1_000, 4_000],
    [0.5, 0.25, 0.75],
  ] as const;
  for (const [nowMs, ageMs, nextMs] of cases) assert.equal(nextPictureMs(nowMs, ageMs), nextMs);
});

it("a picture of signals stays as it was taken; attempts in flight are no part of it", () => {
  const views = () => [new TargetViewState(["a", "b"], ["e2e"]), new TargetViewState(["a", "b"], ["e2e"])];
  const [learnt, shown] = [views(), views()];
  const outcome = { target: 0, kind: "ok", sentMs: 0, nowMs: 100, ttftMs: 50, e2eMs: 100, rttMs: 0 } as const;
  learnt[1]!.onOutcome(outcome);
  takePicture(learnt, shown);
  learnt[1]!.onOutcome({ ...outcome, nowMs: 400, e2eMs: 300 });
  learnt[1]!.onSent(1);
  assert.equal(shown[1]!.e2eMsMean[0], 100);
  assert.equal(shown[1]!.lastOutcomeMs[0], 100);
  assert.equal(shown[1]!.inFlight[1], 0);
  assert.ok(Number.isNaN(shown[0]!.e2eMsMean[0]!), "each model has its own");
});

it("a router learns latencies and output tokens of served attempts alone", () => {
  for (const kind of ["ok", "throttled", "unavailable", "timeout", "error"] as const) {
    const outcome = { ...outcomeOf(0, kind, 1_500), sentMs: 400, ttftMs: 90, outputTokens: 7, rttMs: 20 };
    completeOutcome(outcome);
    const learnt = [outcome.e2eMs, outcome.ttftMs, outcome.outputTokens];
    assert.deepEqual(learnt, kind === "ok" ? [1_100, 90, 7] : [NaN, NaN, 0], kind);
    assert.deepEqual([outcome.sentMs, outcome.nowMs, outcome.rttMs, outcome.inputTokens], [400, 1_500, 20, 1_000]);
  }
});

test("tokens times USD per million tokens is millionths of a USD", () => {
  const view = viewOf(contextOf("a"));
  view.priceInUsdPerMTok[0] = 3;
  view.priceOutUsdPerMTok[0] = 15;
  const request = requestOf({ inputTokens: 2_000, maxTokens: 500 });
  assert.equal(requestPriceMicroUsd(request, view, 0, Infinity), 2_000 * 3 + 500 * 15);
  assert.equal(requestPriceMicroUsd(request, view, 0, 100), 2_000 * 3 + 100 * 15);
  view.priceOutUsdPerMTok[0] = NaN;
  assert.equal(requestPriceMicroUsd(request, view, 0, 100), Infinity);
});

const MEMORY = { timeConstantMs: 10_000, observationsMin: 50, silenceMs: 30_000 };
const ids = ["a", "b"];

function ok(target: number, nowMs: number, e2eMs: number, rttMs = 0) {
  return { ...outcomeOf(target, "ok", nowMs, e2eMs), rttMs };
}

test("starts with everything eligible and nothing known", () => {
  const view = new TargetViewState(ids, ["e2e", "ttft", "e2eP95", "throttleShare"]);
  assert.deepEqual([...view.eligible.subarray(0, view.eligibleCount)], [0, 1]);
  assert.deepEqual([...view.e2eMsMean, ...view.ttftMsMean, ...view.e2eMsP95], [NaN, NaN, NaN, NaN, NaN, NaN]);
  assert.deepEqual([...view.throttleShare, ...view.failureShare, ...view.quotaHeadroom], [0, 0, 0, 0, 1, 1]);
  assert.deepEqual([...view.lastOutcomeMs], [-Infinity, -Infinity]);
});

test("in-flight counts go up at sending and down at the end, learnt or not", () => {
  const view = new TargetViewState(ids, []);
  view.onSent(1);
  view.onSent(1);
  view.onSent(1);
  view.onOutcome(ok(1, 5, 5));
  view.onEnded(1);
  assert.deepEqual([...view.inFlight], [0, 1]);
});

test("the mean is the plain mean of the first values when nothing has faded, net of the network", () => {
  const view = new TargetViewState(ids, ["e2e", "ttft"], { ...MEMORY, timeConstantMs: 1e12 });
  for (const [i, e2eMs] of [1_000, 3_000, 2_000, 6_000].entries()) view.learn(ok(0, i, e2eMs + 40, 40));
  assert.ok(Math.abs(view.e2eMsMean[0]! - 3_000) < 1e-6);
  assert.ok(Math.abs(view.ttftMsMean[0]! - (3_040 / 4 - 40)) < 1e-6);
  assert.equal(view.lastOutcomeMs[0], 3);
  assert.ok(Number.isNaN(view.e2eMsMean[1]!));
});

test("fades with time: an observation one time constant old weighs 1/e", () => {
  const view = new TargetViewState(ids, ["e2e"], { ...MEMORY, observationsMin: 1e-9 });
  view.learn(ok(0, 0, 1_000));
  view.learn(ok(0, 10_000, 2_000));
  const expected = (1_000 * Math.exp(-1) + 2_000) / (Math.exp(-1) + 1);
  assert.ok(Math.abs(view.e2eMsMean[0]! - expected) < 1e-9);
});

test("slow traffic keeps about the last observationsMin values: the weight of old ones falls by 1/50 a step", () => {
  const view = new TargetViewState(ids, ["e2e"], MEMORY);
  view.learn(ok(0, 0, 1_000));
  view.learn(ok(0, 20_000, 2_000));
  const keep = Math.exp(-1 / 50);
  assert.ok(Math.abs(view.e2eMsMean[0]! - (1_000 * keep + 2_000) / (keep + 1)) < 1e-9);
});

test("after a silence what was known is dropped", () => {
  const view = new TargetViewState(ids, ["e2e", "e2eP95", "failureShare"], MEMORY);
  for (let i = 0; i < 100; i++) view.learn(ok(0, i * 100, 9_000));
  view.learn({ ...outcomeOf(0, "error", 10_000), rttMs: 0 });
  view.learn(ok(0, 40_001, 500));
  assert.equal(view.e2eMsMean[0], 500);
  assert.ok(Math.abs(view.e2eMsP95[0]! / 500 - 1) < 0.045);
  assert.equal(view.failureShare[0], 0);
});

test("p95 of an exponential latency within 5 %, and its mean within 3 %, at 100 outcomes a second", () => {
  const view = new TargetViewState(ids, ["e2e", "e2eP95"]);
  const random = new KeyedRandom(3, "latency");
  random.seek(0, 0);
  for (let i = 0; i < 40_000; i++) view.learn(ok(1, i * 10, -4_000 * Math.log1p(-random.next()) + 80, 80));
  assert.ok(Math.abs(view.e2eMsP95[1]! / (4_000 * Math.log(20)) - 1) < 0.05, `${view.e2eMsP95[1]}`);
  assert.ok(Math.abs(view.e2eMsMean[1]! / 4_000 - 1) < 0.03, `${view.e2eMsMean[1]}`);
});

test("throttle share counts 429 and 503; failure share counts errors and timeouts too", () => {
  const view = new TargetViewState(ids, ["throttleShare"], { ...MEMORY, timeConstantMs: 1e12 });
  for (const kind of ["throttled", "unavailable", "error", "timeout", "ok", "ok", "ok", "ok"] as const) {
    view.learn({ ...outcomeOf(0, kind, 1, kind === "ok" ? 10 : NaN), rttMs: 0 });
  }
  assert.ok(Math.abs(view.throttleShare[0]! - 0.25) < 1e-9);
  assert.ok(Math.abs(view.failureShare[0]! - 0.5) < 1e-9);
});

test("a timeout counts as a latency of the time waited; a refusal does not count as a fast answer", () => {
  const view = new TargetViewState(ids, ["e2e", "e2eP95"]);
  view.learn({ ...outcomeOf(0, "timeout", 60_000), sentMs: 0, rttMs: 0 });
  assert.equal(view.e2eMsMean[0], 60_000);
  view.learn({ ...outcomeOf(1, "throttled", 10), rttMs: 0 });
  assert.ok(Number.isNaN(view.e2eMsMean[1]!));
  assert.equal(view.lastOutcomeMs[1], 10);
});

test("an outcome without a first-token time leaves the other columns whole", () => {
  const view = new TargetViewState(ids, ["e2e", "ttft"]);
  view.learn({ ...ok(0, 10, 800), ttftMs: NaN });
  assert.equal(view.e2eMsMean[0], 800);
  assert.ok(Number.isNaN(view.ttftMsMean[0]!));
  view.learn({ ...ok(0, 20, 800), e2eMs: NaN });
  assert.equal(view.e2eMsMean[0], 800);
});

test("what no strategy asked for is not kept", () => {
  const view = new TargetViewState(ids, ["price", "rtt", "inFlight"]);
  view.onSent(0);
  view.onOutcome(ok(0, 10, 800));
  assert.deepEqual(
    [view.e2eMsMean[0], view.e2eMsP95[0], view.failureShare[0], view.lastOutcomeMs[0]],
    [NaN, NaN, 0, -Infinity],
  );
});
