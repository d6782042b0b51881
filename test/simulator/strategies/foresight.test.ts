import assert from "node:assert/strict";
import { test } from "node:test";
import { foresight } from "../../../simulator/strategies/foresight.ts";
import { definitionOf, STRATEGIES } from "../../../simulator/strategies/index.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = { ...contextOf("a", "b", "c"), classNames: ["all"] };
const plan = {
  epochStartMs: [0, 1000, 2000],
  cells: [
    [
      { target: 0, epoch: 0, share: 0.25 },
      { target: 1, epoch: 2, share: 0.75 },
    ],
    [],
    [{ target: 2, epoch: 2, share: 1 }],
  ],
};
const strategy = foresight.create({ plan }, context);

test("a request goes by its draw where the plan says; what may not wait is sent at once", () => {
  const view = viewOf(context);
  assert.equal(strategy.choose(requestOf({ arrivalMs: 500 }), view, 500, uniforms(0.2, 0)), 0);
  assert.equal(strategy.choose(requestOf({ arrivalMs: 500 }), view, 500, uniforms(0.3, 0)), 1);
  assert.equal(strategy.choose(requestOf({ arrivalMs: 2500 }), view, 2500, uniforms(0.9, 0)), 2);
});

test("what may wait is put off into its epoch, within nine tenths of its time", () => {
  const view = viewOf(context);
  const waits = (sloE2eMs: number) =>
    strategy.choose(requestOf({ arrivalMs: 500, deferrable: true, sloE2eMs }), view, 500, uniforms(0.3, 0.5));
  assert.equal(-1 - waits(60_000), 2000, "the last epoch has no end to spread over");
  assert.equal(-1 - waits(1_000), 500 + 900);
  const again = requestOf({ arrivalMs: 500, deferrable: true, sloE2eMs: 60_000 });
  assert.equal(strategy.choose(again, view, 2000, uniforms(0.3, 0.5)), 1, "asked again, the same draws send it");
});

test("after a failure, and where the plan's target is out, the cheapest that is left with quota", () => {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([1, 2, 3]);
  view.priceOutUsdPerMTok.set([1, 2, 3]);
  view.quotaHeadroom.set([0.5, 0.5, 0.5]);
  const retry = requestOf({ attempt: 1, previousTarget: 0 });
  assert.equal(strategy.choose(retry, view, 0, uniforms()), 1);
  view.quotaHeadroom.set([0.5, 0, 0.5]);
  assert.equal(strategy.choose(retry, view, 0, uniforms()), 2);
  assert.equal(strategy.choose(requestOf({ arrivalMs: 1500 }), view, 1500, uniforms(0.1, 0)), 0, "nothing planned");
});

test("a plan can name it, a scenario cannot", () => {
  assert.equal(definitionOf({ kind: "foresight", source: null }), foresight);
  assert.ok(!STRATEGIES.includes(foresight));
});
