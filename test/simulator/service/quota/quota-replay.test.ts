import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyedRandom } from "../../../../simulator/random/keyed-random.ts";
import { createMeter } from "../../../../simulator/service/quota/meter.ts";
import { METER_LAWS } from "../../../../simulator/service/quota/quota-need.ts";
import {
  endsOf,
  inOrder,
  placesOf,
  refusedWithin,
  tightStretches,
  useUnrefused,
} from "../../../../simulator/service/quota/quota-replay.ts";

const MINUTE = 60_000;
const START_MS = 20_000;

/** Calls of four hours with a rush in each, which settle later to less than they reserved. */
function busyDay() {
  const random = new KeyedRandom(7, "calls");
  random.seek(0, 0);
  const at: number[] = [];
  for (let ms = 0; ms < 240 * MINUTE; ) {
    const isRush = (ms / MINUTE) % 60 < 10;
    ms += (isRush ? 800 : 6000) * -Math.log(1 - random.next());
    at.push(Math.floor(ms));
  }
  const atMs = Float64Array.from(at);
  const reserve = atMs.map(() => 100 + Math.floor(900 * random.next()));
  const settledAtMs = atMs.map((ms) => ms + 500 + 20_000 * random.next());
  const settle = reserve.map((tokens) => Math.floor(tokens * random.next()));
  return { atMs, settledAtMs, reserve, settle, ends: endsOf([settledAtMs], Int32Array.from(atMs.keys())) };
}

describe("the order of calls", () => {
  it("is that of their beginnings, as they came within a grain", () => {
    assert.deepEqual([...placesOf([Float64Array.of(5000, 0, 5001), Float64Array.of(90, 10, 200)])], [4, 0, 5, 1, 2, 3]);
    assert.deepEqual([...placesOf([])], []);
  });

  it("and that of their ends tells where they began", () => {
    const places = placesOf([Float64Array.of(1000, 0, 2000)]);
    assert.deepEqual([...endsOf([Float64Array.of(1500, 9000), Float64Array.of(2500)], places)], [1, 2, 0]);
  });
});

describe("a replay of the tight stretches alone", () => {
  const demand = busyDay();
  const calls = inOrder(demand);
  const n = demand.atMs.length;
  const whole = { from: 0, to: n };
  const meterOf = (law: (typeof METER_LAWS)[number], limit: number) =>
    createMeter({ law, limit, windowMs: MINUTE, burst: limit }, START_MS);

  const useOf = (of: typeof calls, law: (typeof METER_LAWS)[number]) =>
    law === "token-bucket" ? null : useUnrefused(of, law, START_MS);

  for (const law of METER_LAWS) {
    it(`refuses the same calls as a replay of everything: ${law}`, () => {
      const use = useOf(calls, law);
      for (let limit = 6000; limit <= 18_000; limit += 250) {
        const all = new Uint8Array(n);
        const expected = refusedWithin(calls, whole, meterOf(law, limit), all, n);
        const some = new Uint8Array(n);
        const stretches = tightStretches(calls, limit, law, use);
        for (const stretch of stretches) refusedWithin(calls, stretch, meterOf(law, limit), some, n);
        assert.deepEqual(some, all, String(limit));
        assert.ok(expected > 0 && expected < n, `${expected} of ${n} refused at ${limit}`);
        const replayed = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
        assert.ok(limit < 18_000 || replayed < 0.9 * n, `${replayed} of ${n} replayed at ${limit}`);
      }
    });

    it(`does so where calls use more than they reserve: ${law}`, () => {
      const random = new KeyedRandom(11, "overshoots");
      random.seek(0, 0);
      const over = { ...demand, settle: demand.reserve.map((tokens) => tokens + Math.floor(900 * random.next())) };
      const ordered = inOrder(over);
      const use = useOf(ordered, law);
      for (const limit of [14_000, 18_000, 30_000]) {
        const all = new Uint8Array(n);
        const expected = refusedWithin(ordered, whole, meterOf(law, limit), all, n);
        const some = new Uint8Array(n);
        const meter = meterOf(law, limit);
        for (const stretch of tightStretches(ordered, limit, law, use)) refusedWithin(ordered, stretch, meter, some, n);
        assert.deepEqual(some, all, String(limit));
        assert.ok(expected > 0 && expected < n, `${expected} of ${n} refused at ${limit}`);
      }
    });
  }

  it("replays a window that holds nothing tight no more", () => {
    const use = useUnrefused(calls, "clock-window", START_MS);
    assert.deepEqual(tightStretches(calls, Math.max(...use.used), "clock-window", use), []);
  });
});
