import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyedRandom } from "../../../../simulator/random/keyed-random.ts";
import { createMeter } from "../../../../simulator/service/quota/meter.ts";
import { METER_LAWS } from "../../../../simulator/service/quota/quota-need.ts";
import {
  overshoots,
  type QuotaDemand,
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
  const calls = Int32Array.from(atMs.keys());
  return {
    calls,
    ends: calls.toSorted((a, b) => settledAtMs[a]! - settledAtMs[b]!),
    atMs,
    settledAtMs,
    reserve,
    settle,
  };
}

/** The same calls as every third one of those of several quotas. */
function amongOthers({ calls, ends, ...columns }: QuotaDemand): QuotaDemand {
  const apart = <Column extends Float64Array | Int32Array>(column: Column) => {
    const all = new Float64Array(3 * column.length).fill(7);
    for (const [i, value] of column.entries()) all[3 * i + 1] = value;
    return all;
  };
  const { atMs, settledAtMs, reserve, settle } = columns;
  return {
    calls: calls.map((call) => 3 * call + 1),
    ends: ends.map((call) => 3 * call + 1),
    atMs: apart(atMs),
    settledAtMs: apart(settledAtMs),
    reserve: apart(reserve),
    settle: apart(settle),
  };
}

describe("calls among those of other quotas", () => {
  it("are refused as they are by themselves, with whole numbers in their columns too", () => {
    const alone = busyDay();
    const among = amongOthers(alone);
    const whole = { ...alone, reserve: Int32Array.from(alone.reserve), settle: Int32Array.from(alone.settle) };
    for (const law of METER_LAWS) {
      const refusedOf = (demand: QuotaDemand) => {
        const isRefused = new Uint8Array(3 * alone.calls.length);
        const meter = createMeter({ law, limit: 9000, windowMs: MINUTE, burst: 9000 }, START_MS);
        const use = law === "token-bucket" ? null : useUnrefused(demand, law, START_MS);
        for (const stretch of tightStretches(demand, 9000, law, use))
          refusedWithin(demand, stretch, meter, isRefused, alone.calls.length);
        return [...demand.calls].map((call) => isRefused[call]);
      };
      const expected = refusedOf(alone);
      assert.ok(expected.includes(1) && expected.includes(0));
      assert.deepEqual([refusedOf(among), refusedOf(whole)], [expected, expected]);
    }
  });
});

describe("a replay of the tight stretches alone", () => {
  const demand = busyDay();
  const n = demand.atMs.length;
  const whole = { from: 0, to: n };
  const meterOf = (law: (typeof METER_LAWS)[number], limit: number) =>
    createMeter({ law, limit, windowMs: MINUTE, burst: limit }, START_MS);

  const useOf = (of: QuotaDemand, law: (typeof METER_LAWS)[number]) =>
    law === "token-bucket" ? null : useUnrefused(of, law, START_MS);

  for (const law of METER_LAWS) {
    it(`refuses the same calls as a replay of everything: ${law}`, () => {
      const use = useOf(demand, law);
      for (let limit = 6000; limit <= 18_000; limit += 250) {
        const all = new Uint8Array(n);
        const expected = refusedWithin(demand, whole, meterOf(law, limit), all, n);
        const some = new Uint8Array(n);
        const stretches = tightStretches(demand, limit, law, use);
        for (const stretch of stretches) refusedWithin(demand, stretch, meterOf(law, limit), some, n);
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
      assert.deepEqual([overshoots(over), overshoots(demand)], [true, false]);
      const use = useOf(over, law);
      for (const limit of [14_000, 18_000, 30_000]) {
        const all = new Uint8Array(n);
        const expected = refusedWithin(over, whole, meterOf(law, limit), all, n);
        const some = new Uint8Array(n);
        const meter = meterOf(law, limit);
        for (const stretch of tightStretches(over, limit, law, use)) refusedWithin(over, stretch, meter, some, n);
        assert.deepEqual(some, all, String(limit));
        assert.ok(expected > 0 && expected < n, `${expected} of ${n} refused at ${limit}`);
      }
    });
  }

  it("replays a window that holds nothing tight no more", () => {
    const use = useUnrefused(demand, "clock-window", START_MS);
    assert.deepEqual(tightStretches(demand, Math.max(...use.used), "clock-window", use), []);
  });

  it("never takes the use for less than it is, though it keeps it in single precision", () => {
    const n = 50;
    const calls = Int32Array.from({ length: n }, (_, i) => i);
    const atMs = Float64Array.from(calls, (i) => i);
    const reserve = Int32Array.from(calls, (i) => 16_777_217 + 2 * i);
    const settledAtMs = atMs.map((ms) => ms + 2 * MINUTE);
    const { used } = useUnrefused(
      { calls, ends: calls, atMs, settledAtMs, reserve, settle: reserve },
      "clock-window",
      0,
    );
    let exact = 0;
    for (const call of calls) {
      exact += reserve[call]!;
      assert.ok(used[call]! >= exact && used[call]! < 1.000_001 * exact, `${used[call]} for ${exact}`);
    }
  });
});
