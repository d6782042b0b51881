import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import {
  arrivalRate,
  burstinessCv,
  operationalClock,
  renewalProcess,
} from "../../../simulator/traffic/arrival-process.ts";

describe("operational time", () => {
  it("steps by hand, over two periods", () => {
    // Rate 2 for 10 ms, 0 for 10 ms, 1 for 20 ms: 40 operational ms each 40 ms.
    const clock = operationalClock({
      startMs: Float64Array.of(0, 10, 20),
      rate: Float64Array.of(2, 0, 1),
      periodMs: 40,
    });
    assert.deepEqual([10, 20, 21, 40, 50, 61].map(clock), [5, 10, 21, 40, 45, 61]);
  });

  it("a last step without rate maps to Infinity, as does a profile without any", () => {
    const ends = { startMs: Float64Array.of(0, 10), rate: Float64Array.of(1, 0), periodMs: Number.POSITIVE_INFINITY };
    const clock = operationalClock(ends);
    assert.deepEqual([5, 11].map(clock), [5, Number.POSITIVE_INFINITY]);
    const silent = { startMs: Float64Array.of(0), rate: Float64Array.of(0), periodMs: 10 };
    assert.equal(operationalClock(silent)(1), Number.POSITIVE_INFINITY);
  });

  it("the integral of the rate up to the mapped instant is the operational instant", () => {
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
});

describe("rates in a scenario", () => {
  it("rates per second, with a ceiling", () => {
    assert.equal(arrivalRate.parse("1.2k/min"), 20);
    assert.equal(arrivalRate.parse("0/s"), 0);
    assert.match(String(arrivalRate.safeParse("1G/s").error), /at most 100M\/s/);
  });

  it("burstiness is refused with its limits", () => {
    assert.equal(burstinessCv.parse(3), 3);
    assert.match(String(burstinessCv.safeParse(0).error), /1 is Poisson/);
  });
});

describe("gaps of one law", () => {
  it("the first arrival comes after one gap, and sums go on over calls", () => {
    const process = renewalProcess(createLaw({ kind: "constant", value: 4 }), (name) => purposeStream(1, name));
    const times = new Float64Array(5);
    const rows = new Int32Array(5);
    assert.equal(process.fill(times, 0, 2, rows), 2);
    assert.equal(process.fill(times, 2, 5, rows), 5);
    assert.deepEqual([...times], [4, 8, 12, 16, 20]);
  });

  it("an infinite mean gap gives no arrivals", () => {
    const never = createLaw({ kind: "exponential", mean: Number.POSITIVE_INFINITY });
    const process = renewalProcess(never, (name) => purposeStream(1, name));
    assert.equal(process.fill(new Float64Array(5), 2, 5, new Int32Array(5)), 2);
  });
});
