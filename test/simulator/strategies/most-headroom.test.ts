import assert from "node:assert/strict";
import { test } from "node:test";
import { mostHeadroom } from "../../../simulator/strategies/most-headroom.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("a", "b", "c");

function choose(headroom: readonly number[], options = {}, change = {}): number {
  const view = viewOf(context);
  view.quotaHeadroom.set(headroom);
  view.priceInUsdPerMTok.set([3, 1, 2]);
  view.priceOutUsdPerMTok.set([3, 1, 2]);
  return mostHeadroom.create(options, context).choose(requestOf(change), view, 0, uniforms());
}

test("the largest share left; the cheaper of equal ones", () => {
  assert.equal(choose([0.9, 0.2, 0.8]), 0);
  assert.equal(choose([0.5, 0.5, 0.5]), 1);
});

test("with a share below which it counts, price decides until then", () => {
  assert.equal(choose([0.9, 0.31, 0.8], { below: 0.3 }), 1);
  assert.equal(choose([0.9, 0.29, 0.8], { below: 0.3 }), 2);
  assert.equal(choose([0.1, 0, 0.05], { below: 0.3 }), 0);
});

test("a retry leaves out the target that just failed", () => {
  assert.equal(choose([0.9, 0.2, 0.8], {}, { attempt: 1, previousTarget: 0 }), 2);
});
