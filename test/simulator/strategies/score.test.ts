import assert from "node:assert/strict";
import { test } from "node:test";
import { signalsOf } from "../../../simulator/client/strategy.ts";
import { score } from "../../../simulator/strategies/score.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

/** a is cheap and slow, c dear and fast, b between: prices 10, 11, 13; latencies 1500, 1200, 1000 ms. */
function world() {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([10, 11, 13]);
  view.priceOutUsdPerMTok.set([10, 11, 13]);
  view.e2eMsMean.set([1_400, 1_150, 980]);
  view.rttMs.set([100, 50, 20]);
  view.e2eMsP95.set([5_000, 4_000, 3_000]);
  view.quotaHeadroom.set([0.2, 0.9, 0.5]);
  return view;
}

const choose = (options: Record<string, unknown>, change = {}, view = world(), ...draws: number[]) =>
  score.create(options, context).choose(requestOf(change), view, 0, uniforms(...draws));

test("excess: one per cent of price is worth two of latency under { price: 2, latency: 1 }", () => {
  // Price excess 0, 0.1, 0.3; latency excess 0.5, 0.2, 0. Sums 0.5, 0.4, 0.6.
  assert.equal(choose({ score: { price: 2, latency: 1 } }), 1);
  assert.equal(choose({ score: { price: 4, latency: 1 } }), 0);
  assert.equal(choose({ score: { price: 1, latency: 2 } }), 2);
  assert.equal(choose({ score: { price: 1 } }), 0);
});

test("range: 0 for the best and 1 for the worst, however small the difference", () => {
  // Price 0, 1/3, 1; latency 1, 0.4, 0. Sums at 1:1 are 1, 0.733, 1; at 4:1 they are 1, 1.733, 4.
  assert.equal(choose({ score: { price: 1, latency: 1 }, normalise: "range" }), 1);
  assert.equal(choose({ score: { price: 4, latency: 1 }, normalise: "range" }), 0);
});

test("shares count as they are: 1 - headroom is 0.8, 0.1, 0.5", () => {
  assert.equal(choose({ score: { price: 1, headroom: 1 } }), 1);
  assert.equal(choose({ score: { price: 1, headroom: 0.1 } }), 0);
});

test("filters come first; where nothing passes they are left out", () => {
  assert.equal(choose({ score: { price: 1 }, p95: 4_100 }), 1);
  assert.equal(choose({ score: { price: 1 }, headroom: 0.3 }), 1);
  assert.equal(choose({ score: { price: 1 }, p95: 4_100, headroom: 0.95 }), 0);
  const view = world();
  view.inFlight.set([3, 0, 0]);
  view.failureShare.set([0, 0.3, 0]);
  assert.equal(choose({ score: { price: 1 }, inFlight: 3 }, {}, view), 1);
  assert.equal(choose({ score: { price: 1 }, inFlight: 3, failureCeiling: 0.2 }, {}, view), 2);
});

test("what is not known passes filters and scores as the best", () => {
  const view = world();
  view.e2eMsP95.set([Number.NaN, 4_000, 3_000]);
  view.e2eMsMean.set([Number.NaN, 1_150, 980]);
  assert.equal(choose({ score: { latency: 1 }, p95: 3_100 }, {}, view), 0);
});

test("without a price a target comes last", () => {
  const view = world();
  view.priceInUsdPerMTok[0] = Number.NaN;
  assert.equal(choose({ score: { price: 1 } }, {}, view), 1);
  assert.equal(choose({ score: { price: 0, latency: 1 } }, {}, view), 2, "unless price has no weight");
});

test("equal sums go to fewer in flight, and a retry goes elsewhere", () => {
  const view = world();
  view.inFlight.set([2, 1, 1]);
  assert.equal(choose({ score: { distance: 0 } }, {}, view), 1);
  assert.equal(choose({ score: { price: 1 } }, { attempt: 1, previousTarget: 0 }), 1);
});

test("pick: random weighs by e^(-sum / 0.1): sums 0, 0.1, 0.3 give 0.705, 0.259, 0.035", () => {
  const options = { score: { price: 1 }, pick: "random" };
  assert.deepEqual(
    [0.7, 0.71, 0.96, 0.97].map((u) => choose(options, {}, world(), u)),
    [0, 1, 1, 2],
  );
});

test("it keeps the signals that it reads and no others", () => {
  assert.deepEqual(signalsOf(score, { score: { price: 2, headroom: 0 }, p95: 4_000 }), [
    "inFlight",
    "price",
    "e2eP95",
    "rtt",
  ]);
  const all = signalsOf(score, {
    score: Object.fromEntries((score.options.score!.values ?? []).map((each) => [each, 1])),
  });
  assert.deepEqual([...all].sort(), [...score.signals].sort());
});

test("an unknown name is refused with those there are", () => {
  assert.throws(() => choose({ score: { pric: 1 } }), /no "pric"; names are price, latency/);
});
