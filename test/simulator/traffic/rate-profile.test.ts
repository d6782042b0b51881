import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { operationalClock } from "../../../simulator/traffic/rate-profile.ts";

test("steps by hand, over two periods", () => {
  // Rate 2 for 10 ms, 0 for 10 ms, 1 for 20 ms: 40 operational ms each 40 ms.
  const clock = operationalClock({
    startMs: Float64Array.of(0, 10, 20),
    rate: Float64Array.of(2, 0, 1),
    periodMs: 40,
  });
  assert.deepEqual([10, 20, 21, 40, 50, 61].map(clock), [5, 10, 21, 40, 45, 61]);
});

test("a last step without rate never comes; no rate at all neither", () => {
  const ends = { startMs: Float64Array.of(0, 10), rate: Float64Array.of(1, 0), periodMs: Number.POSITIVE_INFINITY };
  const clock = operationalClock(ends);
  assert.deepEqual([5, 11].map(clock), [5, Number.POSITIVE_INFINITY]);
  const silent = { startMs: Float64Array.of(0), rate: Float64Array.of(0), periodMs: 10 };
  assert.equal(operationalClock(silent)(1), Number.POSITIVE_INFINITY);
});

test("the integral of the rate up to the mapped instant is the operational instant", () => {
  const rates = fc
    .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 })
    .filter((r) => r.some((x) => x > 0));
  fc.assert(
    fc.property(rates, fc.double({ min: 0.01, max: 500, noNaN: true }), (rate, operational) => {
      const periodMs = rate.length * 10;
      const wall = operationalClock({
        startMs: Float64Array.from(rate, (_, i) => i * 10),
        rate: Float64Array.from(rate),
        periodMs,
      })(operational);
      let integral = 0;
      for (let t = 0; t < wall; t += 10) integral += rate[Math.floor(t / 10) % rate.length]! * Math.min(10, wall - t);
      assert.ok(Math.abs(integral - operational) < 1e-9 * Math.max(1, operational));
    }),
    { seed: 4, numRuns: 200 },
  );
});
