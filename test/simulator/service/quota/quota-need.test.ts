import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { METER_LAWS, QuotaReplay } from "../../../../simulator/service/quota/quota-need.ts";
import type { QuotaDemand } from "../../../../simulator/service/quota/quota-replay.ts";

/** Calls that settle at once to what they reserved. */
function demand(calls: readonly (readonly [atMs: number, tokens: number])[]): QuotaDemand {
  const inOrder = calls.toSorted(([a], [b]) => a - b);
  const atMs = Float64Array.from(inOrder, ([ms]) => ms);
  const reserve = Float64Array.from(inOrder, ([, tokens]) => tokens);
  const numbers = Int32Array.from(atMs.keys());
  return { calls: numbers, ends: numbers, atMs, settledAtMs: atMs.slice(), reserve, settle: reserve.slice() };
}

const MINUTE = 60_000;

describe("the busiest minute", () => {
  // 30 tokens astride a whole minute: 15 in each clock minute, 30 in the 60 s around it.
  const astride = demand([
    [50_000, 15],
    [70_000, 15],
    [200_000, 20],
  ]);
  const replay = new QuotaReplay(astride, 0);
  const reserveAt = (call: number) => astride.reserve[call]!;

  it("depends on where the window begins", () => {
    assert.deepEqual(replay.busiest(reserveAt, "clock-window"), { tokens: 20, fromMs: 180_000 });
    assert.deepEqual(replay.busiest(reserveAt, "rolling-window"), { tokens: 30, fromMs: 50_000 });
    // Begun half a minute into a minute of UTC, the first two fall into one.
    assert.equal(new QuotaReplay(astride, MINUTE / 2).busiest(reserveAt, "clock-window").tokens, 30);
  });

  it("is what a window that refuses nothing must hold", () => {
    const near = (limit: number, exact: number) =>
      assert.ok(limit >= exact && limit <= exact * 1.006, `${limit} for ${exact}`);
    near(replay.smallestLimit("clock-window", 0), 20);
    near(replay.smallestLimit("rolling-window", 0), 30);
    // A bucket of L has 5/6 of a minute's... 20 s refill L/3 between the first two: L - 15 + L/3 >= 15.
    near(replay.smallestLimit("token-bucket", 0), 22.5);
  });

  it("the calls of it are known", () => {
    assert.deepEqual(replay.callsFrom(50_000), [0, 1]);
  });
});

describe("the smallest limit", () => {
  it("refuses at most the share asked for, and a smaller one more", () => {
    const calls = demand(
      [...Array(2000).keys()].map((i) => [(i * 37_717) % 3_600_000, 50 + ((i * 7919) % 100)] as const),
    );
    const replay = new QuotaReplay(calls, 0);
    for (const law of METER_LAWS) {
      const limit = replay.smallestLimit(law, 0.01);
      assert.ok(replay.refusedShare(law, limit) <= 0.01, law);
      assert.ok(replay.refusedShare(law, limit * 0.98) > 0.01, law);
    }
  });

  it("what is given back at the end of a call serves the next", () => {
    // Each reserves 100 and uses 10: ten of them in a minute need 100 and nine times 10, not 1,000.
    const atMs = Float64Array.from({ length: 10 }, (_, i) => i * 5000);
    const calls = {
      atMs,
      settledAtMs: atMs.map((ms) => ms + 1000),
      reserve: new Float64Array(10).fill(100),
      settle: new Float64Array(10).fill(10),
      calls: Int32Array.from(atMs.keys()),
      ends: Int32Array.from(atMs.keys()),
    };
    const limit = new QuotaReplay(calls, 0).smallestLimit("clock-window", 0);
    assert.ok(limit >= 190 && limit < 192, String(limit));
  });

  it("an overshoot needs more than the busiest minute reserves; no calls need nothing", () => {
    const atMs = Float64Array.of(0, 10_000);
    const calls = {
      atMs,
      settledAtMs: atMs.map((ms) => ms + 1000),
      reserve: Float64Array.of(10, 10),
      settle: Float64Array.of(100, 100),
      calls: Int32Array.of(0, 1),
      ends: Int32Array.of(0, 1),
    };
    const limit = new QuotaReplay(calls, 0).smallestLimit("rolling-window", 0);
    assert.ok(limit >= 110 && limit < 111, String(limit));
    assert.equal(new QuotaReplay(demand([]), 0).refusedShare("token-bucket", 1), 0);
  });

  it("an overshoot counts when its call ends, not when the next one begins", () => {
    // The first ends in its minute with 90 more than it reserved; the next begins when no window holds that any longer.
    const atMs = Float64Array.of(0, 130_000);
    const calls = {
      atMs,
      settledAtMs: atMs.map((ms) => ms + 1000),
      reserve: Float64Array.of(10, 10),
      settle: Float64Array.of(100, 100),
      calls: Int32Array.of(0, 1),
      ends: Int32Array.of(0, 1),
    };
    const replay = new QuotaReplay(calls, 0);
    for (const law of ["clock-window", "rolling-window"] as const) {
      assert.equal(replay.refusedShare(law, 10), 0, law);
      assert.equal(replay.refusedShare(law, 9), 1, law);
    }
    // A bucket of L is overdrawn by 100 - L after a second, and refills by 129/60 L until the next needs 10 of it.
    const limit = replay.smallestLimit("token-bucket", 0);
    const exact = 110 / (1 + 130 / 60);
    assert.ok(limit >= exact && limit < 1.006 * exact, `${limit} for ${exact}`);
  });
});
