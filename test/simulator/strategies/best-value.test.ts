import assert from "node:assert/strict";
import { test } from "node:test";
import { bestValue } from "../../../simulator/strategies/best-value.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const context = contextOf("small", "middle", "large");
const none = uniforms();

function choose(options: Record<string, unknown>, change = {}): string {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([1, 3, 5]);
  view.priceOutUsdPerMTok.set([5, 15, 25]);
  const quality = { small: 0.5, middle: 0.9, large: 0.95 };
  const strategy = bestValue.create({ quality, ...options }, context);
  return context.targetIds[strategy.choose(requestOf(change), view, 0, none)]!;
}

test("price over quality to a power: 2, 3.3 and 5.3 at power 1; the least quality comes first", () => {
  assert.equal(choose({}), "small");
  // 1/0.5^4 = 16, 3/0.9^4 = 4.6, 5/0.95^4 = 6.1.
  assert.equal(choose({ power: 4 }), "middle");
  assert.equal(choose({ power: 0 }), "small");
  assert.equal(choose({ least: 0.8 }), "middle");
  assert.equal(choose({ least: 0.92 }), "large");
  assert.equal(choose({ least: 0.99 }), "small", "none is good enough: the best value of all");
});

test("a target without a score comes last, and a retry goes elsewhere", () => {
  assert.equal(choose({ quality: { large: 1 } }), "large");
  assert.equal(choose({}, { attempt: 1, previousTarget: 0 }), "middle");
});
