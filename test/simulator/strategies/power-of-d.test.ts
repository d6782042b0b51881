import assert from "node:assert/strict";
import { test } from "node:test";
import { signalsOf } from "../../../simulator/client/strategy.ts";
import { powerOfD } from "../../../simulator/strategies/power-of-d.ts";
import { powerOfTwo } from "../../../simulator/strategies/power-of-two.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

/** Both a and b are drawn: position 0 of three, then position 0 of the rest. */
function ofAB(by: string): number {
  const view = viewOf(context);
  view.inFlight.set([4, 1, 0]);
  view.e2eMsMean.set([300, 900, 100]);
  view.rttMs.set([50, 10, 0]);
  view.priceInUsdPerMTok.set([1, 2, 0]);
  view.priceOutUsdPerMTok.set([5, 10, 0]);
  view.failureShare.set([0.2, 0.1, 0]);
  return powerOfD.create({ by }, context).choose(requestOf(), view, 0, uniforms(0, 0));
}

test("each score has its own winner: 5 × 350 ms of work against 2 × 910 ms, 350 against 910 ms, and so on", () => {
  assert.deepEqual(["load", "latency", "work", "price", "failures"].map(ofAB), [1, 0, 0, 0, 1]);
});

test("a target that is not known is tried; equal scores go to fewer in flight, then to the first drawn", () => {
  const view = viewOf(context);
  view.e2eMsMean.set([300, Number.NaN, Number.NaN]);
  const strategy = powerOfD.create({ by: "latency" }, context);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0, 0)), 1);
  view.inFlight.set([0, 3, 2]);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.5, 0.9)), 2);
  view.inFlight.set([0, 2, 2]);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms(0.5, 0.9)), 1);
});

test("by load with d of all it is the shortest queue, as power-of-two with the same d", () => {
  const view = viewOf(context);
  for (const loads of [
    [3, 1, 2],
    [0, 0, 5],
    [7, 8, 6],
  ]) {
    view.inFlight.set(loads);
    const draws = () => uniforms(0.2, 0.7, 0.4);
    const chosen = powerOfD.create({ d: 3, by: "load" }, context).choose(requestOf(), view, 0, draws());
    const other = powerOfTwo.create({ d: 3 }, context).choose(requestOf(), view, 0, draws());
    assert.equal(view.inFlight[chosen], Math.min(...loads));
    assert.equal(view.inFlight[other], view.inFlight[chosen]);
  }
});

test("only the signals of its score are kept", () => {
  assert.deepEqual(signalsOf(powerOfD, { by: "price" }), ["inFlight", "price"]);
  assert.deepEqual(signalsOf(powerOfD, {}), ["inFlight", "e2e", "rtt"]);
});
