import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createMeter, type MeterSpec } from "../../../../simulator/service/quota/meter.ts";
import { assertReplicated, poissonCalls } from "../capacity/driver.ts";

const WINDOW_MS = 60_000;
const meter = (over: Partial<MeterSpec>, startMs = 0) =>
  createMeter({ law: "token-bucket", limit: 600, windowMs: WINDOW_MS, burst: over.limit ?? 600, ...over }, startMs);

/** Calls at integer instants with integer amounts, so that references are exact. */
const calls = fc.array(fc.record({ gapMs: fc.nat(4000), amount: fc.nat(250) }), { maxLength: 150 });

describe("token bucket", () => {
  it("grants exactly when the level allows it: a reference in integers", () => {
    fc.assert(
      fc.property(calls, (list) => {
        // 600 a minute is one token each 100 ms: levels in hundredths of a token per ms are whole numbers.
        const bucket = meter({ limit: 600, burst: 300 });
        let level = 300 * 100;
        let nowMs = 0;
        for (const { gapMs, amount } of list) {
          nowMs += gapMs;
          level = Math.min(300 * 100, level + gapMs);
          // Where the level is exactly the amount, rounding may decide; skip the tie.
          if (level === amount * 100) continue;
          const granted = level > amount * 100;
          assert.equal(bucket.take(nowMs, amount), granted);
          if (granted) level -= amount * 100;
          assert.ok(Math.abs(bucket.utilisation(nowMs) - (1 - level / 30_000)) < 1e-9);
        }
      }),
    );
  });

  it("refuses as the M/D/1/B loss law says: one token a call, Poisson arrivals", () => {
    // Rate 10/s, burst 5, calls 8/s: 1 - H / (1 + rho H), H = sum_k (-rho (x - k))^k / k! e^(rho (x - k)), x = B - 1.
    const rho = 0.8;
    const x = 4;
    let h = 0;
    let factorial = 1;
    for (let k = 0; k <= x; k++) {
      if (k > 0) factorial *= k;
      h += ((-rho * (x - k)) ** k / factorial) * Math.exp(rho * (x - k));
    }
    const expected = 1 - h / (1 + rho * h);
    assert.ok(Math.abs(expected - 0.0352904) < 1e-6);
    assertReplicated(
      "refused",
      expected,
      (seed) => {
        const bucket = meter({ limit: 600, burst: 5 });
        const arrivals = poissonCalls(seed, 40_000, 0.008);
        return arrivals.filter(({ atMs }) => !bucket.take(atMs, 1)).length / arrivals.length;
      },
      { errorMax: 0.04 },
    );
  });

  it("settles: gives back up to the burst, overshoots below zero and waits for it", () => {
    const bucket = meter({ limit: 600, burst: 300 });
    assert.ok(bucket.take(0, 200));
    bucket.settle(0, 0, -150);
    assert.ok(Math.abs(bucket.utilisation(0) - 50 / 300) < 1e-12);
    bucket.settle(0, 0, -500);
    assert.equal(bucket.utilisation(0), 0);
    assert.ok(bucket.take(0, 300));
    bucket.settle(0, 0, 100);
    assert.ok(Math.abs(bucket.utilisation(0) - 400 / 300) < 1e-12);
    assert.equal(bucket.take(10_000, 1), false);
    assert.equal(bucket.take(10_050, 0.4), true);
  });

  it("a cut scales rate and burst; what was there above the new burst is lost", () => {
    const bucket = meter({ limit: 600, burst: 300 });
    bucket.setLimitFactor(0, 0.5);
    assert.equal(bucket.take(0, 151), false);
    assert.equal(bucket.take(0, 150), true);
    assert.equal(bucket.take(10_000, 50.1), false);
    assert.equal(bucket.take(10_000, 49.9), true);
    bucket.setLimitFactor(10_000, 0);
    assert.equal(bucket.utilisation(20_000), 1);
    assert.equal(bucket.take(50_000, 1), false);
    bucket.setLimitFactor(50_000, 1);
    assert.equal(bucket.take(50_000, 1), false);
    assert.equal(bucket.take(51_000, 9.9), true);
  });
});

describe("clock window", () => {
  it("never grants more than the limit in a window of UTC, and all of it: a reference by whole windows", () => {
    fc.assert(
      fc.property(calls, fc.nat(100_000), (list, startMs) => {
        const window = meter({ law: "clock-window", limit: 600 }, startMs);
        const used = new Map<number, number>();
        let nowMs = 0;
        for (const { gapMs, amount } of list) {
          nowMs += gapMs;
          const minute = Math.floor((startMs + nowMs) / WINDOW_MS);
          const before = used.get(minute) ?? 0;
          assert.equal(window.take(nowMs, amount), before + amount <= 600);
          if (before + amount <= 600) used.set(minute, before + amount);
          assert.equal(window.utilisation(nowMs), (used.get(minute) ?? 0) / 600);
        }
      }),
    );
  });

  it("gives back only within the window of the reservation; an overshoot counts now", () => {
    const window = meter({ law: "clock-window", limit: 600 });
    window.take(1000, 500);
    window.settle(2000, 1000, -400);
    assert.equal(window.utilisation(2000), 100 / 600);
    window.take(3000, 400);
    window.settle(61_000, 3000, -300);
    assert.equal(window.utilisation(61_000), 0);
    window.settle(61_000, 3000, 250);
    assert.equal(window.utilisation(61_000), 250 / 600);
  });

  it("a cut holds at once", () => {
    const window = meter({ law: "clock-window", limit: 600 });
    window.setLimitFactor(0, 0.5);
    assert.equal(window.take(0, 301), false);
    assert.equal(window.take(0, 300), true);
    window.setLimitFactor(0, 1);
    assert.equal(window.take(0, 300), true);
  });
});

describe("rolling window", () => {
  const CELLS = 2000;
  const CELL_MS = WINDOW_MS / CELLS;

  it("counts the newest cells: a reference that keeps every grant", () => {
    fc.assert(
      fc.property(calls, (list) => {
        const window = meter({ law: "rolling-window", limit: 600 });
        const grants: { readonly cell: number; readonly atMs: number; readonly amount: number }[] = [];
        let nowMs = 0;
        for (const { gapMs, amount } of list) {
          nowMs += gapMs;
          const cell = Math.floor(nowMs / CELL_MS);
          const inUse = grants.filter((each) => each.cell > cell - CELLS).reduce((sum, each) => sum + each.amount, 0);
          assert.equal(window.take(nowMs, amount), inUse + amount <= 600);
          if (inUse + amount <= 600) grants.push({ cell, atMs: nowMs, amount });
        }
        // Whatever the instant, no span of a cell less than the window holds more than the limit.
        for (const { atMs } of grants) {
          const span = grants.filter((each) => each.atMs >= atMs && each.atMs < atMs + (CELLS - 1) * CELL_MS);
          assert.ok(span.reduce((sum, each) => sum + each.amount, 0) <= 600);
        }
      }),
    );
  });

  it("gives back where it was taken, and forgets what has left the window", () => {
    const window = meter({ law: "rolling-window", limit: 600 });
    window.take(0, 500);
    window.settle(30_000, 0, -200);
    assert.equal(window.utilisation(30_000), 300 / 600);
    assert.equal(window.utilisation(59_999), 300 / 600);
    assert.equal(window.utilisation(60_000), 0);
    window.settle(60_000, 0, -100);
    assert.equal(window.utilisation(60_000), 0);
    window.settle(60_000, 0, 70);
    assert.equal(window.utilisation(119_999), 70 / 600);
    assert.equal(window.utilisation(1e9), 0);
  });

  it("a refusal elsewhere undoes a take, under every law", () => {
    for (const law of ["token-bucket", "clock-window", "rolling-window"] as const) {
      const one = meter({ law, limit: 600 });
      assert.equal(one.take(5000, 600), true);
      one.undo(5000, 600);
      assert.equal(one.utilisation(5000), 0, law);
      assert.equal(one.take(5000, 600), true, law);
    }
  });

  it("cleared it is as new, at any instant, under every law", () => {
    for (const law of ["token-bucket", "clock-window", "rolling-window"] as const) {
      const used = meter({ law, limit: 600 });
      used.take(90_000, 500);
      used.settle(100_000, 90_000, 300);
      used.clear();
      const fresh = meter({ law, limit: 600 });
      for (const ms of [5000, 20_000, 50_000]) {
        assert.equal(used.take(ms, 250), fresh.take(ms, 250), `${law} at ${ms}`);
        assert.equal(used.utilisation(ms), fresh.utilisation(ms), `${law} at ${ms}`);
      }
    }
  });
});
