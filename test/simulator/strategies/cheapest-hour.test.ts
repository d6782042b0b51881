import assert from "node:assert/strict";
import { test } from "node:test";
import type { PriceOutlook } from "../../../simulator/client/strategy.ts";
import { cheapestHour } from "../../../simulator/strategies/cheapest-hour.ts";
import { contextOf, requestOf, uniforms, viewOf } from "./fixtures.ts";

const HOUR = 3_600_000;
/** USD per million tokens, by hour and target. */
const PRICES = [
  [3.0, 3.2],
  [2.8, 3.1],
  [2.9, 2.4],
  [2.2, 2.6],
];
const prices: PriceOutlook = {
  epochStartMs: PRICES.map((_, hour) => hour * HOUR),
  inUsdPerMTok: (epoch, _class, target) => PRICES[epoch]![target]!,
  outUsdPerMTok: (epoch, _class, target) => PRICES[epoch]![target]!,
};
const context = { ...contextOf("a", "b"), prices };

function ask(options: Record<string, unknown>, nowMs: number, change = {}, uniform = 0, eligible = [0, 1]): number {
  const view = viewOf(context, eligible);
  const now = PRICES[Math.floor(nowMs / HOUR)]!;
  view.priceInUsdPerMTok.set(now);
  view.priceOutUsdPerMTok.set(now);
  const strategy = cheapestHour.create({ reserve: 0, ...options }, context);
  const request = requestOf({ deferrable: true, arrivalMs: 0, ...change });
  return strategy.choose(request, view, nowMs, uniforms(uniform));
}

const waitOf = (choice: number) => (-1 - choice) / HOUR;

test("waits for the cheapest hour that begins before the deadline less the reserve", () => {
  assert.equal(waitOf(ask({ deadline: 3 * HOUR }, 0)), 3, "2.2 at a");
  assert.equal(waitOf(ask({ deadline: 3 * HOUR, reserve: 1 }, 0)), 2, "2.4 at b");
  assert.equal(waitOf(ask({ deadline: 1.5 * HOUR }, 0)), 1, "2.8 at a");
  assert.equal(ask({ deadline: 0.5 * HOUR }, 0), 0, "sent at once, where it is cheapest now");
});

test("goes at once in the cheapest hour, and after it", () => {
  assert.equal(ask({ deadline: 3 * HOUR, reserve: 1 }, 2 * HOUR), 1);
  assert.equal(ask({ deadline: 3 * HOUR, reserve: 1 }, 2.5 * HOUR), 1);
});

test("only eligible targets count, and only gains worth the wait", () => {
  assert.equal(waitOf(ask({ deadline: 2.5 * HOUR }, 0, {}, 0, [0])), 1, "2.8 at a; b is not eligible");
  assert.equal(ask({ deadline: 1.5 * HOUR, gain: 0.07 }, 0), 0, "2.8 is 6.7 % below 3.0");
});

test("arrivals of one hour leave over the spread, within the deadline", () => {
  assert.equal(waitOf(ask({ deadline: 2.5 * HOUR, spread: 0.2 * HOUR }, 0, {}, 0.5)), 2.1);
  assert.equal(waitOf(ask({ deadline: 2.1 * HOUR, spread: HOUR }, 0, {}, 0.5)), 2.05);
});

test("the class's objective is the deadline unless one is given; without either nothing waits", () => {
  assert.equal(waitOf(ask({}, 0, { sloE2eMs: 3 * HOUR })), 3);
  assert.equal(ask({}, 0), 0);
});

test("classes that may not wait, retries and routers without a price list go at once", () => {
  const deadline = 3 * HOUR;
  const view = viewOf(context);
  const strategy = cheapestHour.create({ deadline }, context);
  assert.equal(strategy.choose(requestOf(), view, 0, uniforms()), 0);
  const retry = requestOf({ deferrable: true, attempt: 1, previousTarget: 0 });
  assert.equal(strategy.choose(retry, view, 0, uniforms()), 0);
  const blind = cheapestHour.create({ deadline }, contextOf("a", "b"));
  assert.equal(blind.choose(requestOf({ deferrable: true }), view, 0, uniforms()), 0);
});

test("with a ceiling it sends as cheapest-within does", () => {
  const view = viewOf(context);
  view.priceInUsdPerMTok.set([1, 2]);
  view.priceOutUsdPerMTok.set([1, 2]);
  view.e2eMsP95.set([5_000, 3_000]);
  view.lastOutcomeMs.fill(0);
  const choose = (options: object) =>
    cheapestHour.create(options as Record<string, unknown>, context).choose(requestOf(), view, 0, uniforms());
  assert.deepEqual([choose({}), choose({ p95: 4_000 })], [0, 1]);
});
