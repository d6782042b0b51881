import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arbitrageCeiling,
  arbitrageCeilingHourly,
  type HourlyCurve,
  hindsightSaving,
  hourFactor,
  swingAmplitude,
} from "../../../../simulator/service/pricing/hourly-curve.ts";

// N evenly spread sines over `steps` steps of a day, phases shifted by whole steps.
function sines(amplitude: number, regions: number, steps: number): number[][] {
  return Array.from({ length: regions }, (_, r) =>
    Array.from({ length: steps }, (_, i) => 1 + amplitude * Math.cos(2 * Math.PI * (i / steps - r / regions))),
  );
}

function percent(share: number) {
  return Math.round(share * 1000) / 10;
}

test("the listed ceilings of the three readings of 31 %, for 2, 3 and 5 regions", () => {
  const listed = [
    [{ peakToTrough: 1.31 }, [8.5, 11.1, 12.6]],
    [{ troughBelowPeak: 0.31 }, [11.7, 15.2, 17.2]],
    [{ plusMinus: 0.31 }, [19.7, 25.6, 29.0]],
  ] as const;
  for (const [swing, percents] of listed) {
    const found = [2, 3, 5].map((regions) => percent(arbitrageCeiling(swingAmplitude(swing), regions)));
    assert.deepEqual(found, [...percents]);
  }
  assert.equal(arbitrageCeiling(0.31, 1), 0);
});

test("brute force reaches the closed form in the continuum", () => {
  for (const regions of [2, 3, 5, 7]) {
    const found = hindsightSaving(sines(0.31, regions, regions * 2000), 0);
    assert.ok(Math.abs(found - arbitrageCeiling(0.31, regions)) < 1e-6, `${regions} regions: ${found}`);
  }
});

test("brute force is the hourly closed form to rounding, for every number of regions that divides the day", () => {
  for (const regions of [1, 2, 3, 4, 6, 8, 12, 24]) {
    const found = hindsightSaving(sines(0.1342, regions, 24), 0);
    assert.ok(Math.abs(found - arbitrageCeilingHourly(0.1342, regions)) < 1e-12, `${regions} regions: ${found}`);
  }
});

test("with hourly means and an even number of hours each, the hourly saving is the continuum's", () => {
  for (const regions of [2, 4, 6]) {
    const prices = Array.from({ length: regions }, (_, r) => {
      const peakHour = (24 * r) / regions;
      const curve = { kind: "sine", amplitude: 0.31, peakHour, clock: "utc", hourValue: "mean" } as const;
      return Array.from({ length: 24 }, (_, hour) => hourFactor(curve, hour));
    });
    assert.ok(Math.abs(hindsightSaving(prices, 0) - arbitrageCeiling(0.31, regions)) < 1e-12);
  }
});

test("the baseline is the region asked for; nothing to compare saves nothing", () => {
  assert.equal(
    hindsightSaving(
      [
        [2, 2],
        [1, 3],
      ],
      0,
    ),
    1 - 3 / 4,
  );
  assert.equal(hindsightSaving([], 0), 0);
});

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

function sine(more: Partial<Extract<HourlyCurve, { kind: "sine" }>>) {
  return { kind: "sine", amplitude: 0.155, peakHour: 6, clock: "utc", hourValue: "start", ...more } as const;
}

function mean(values: readonly number[]) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test("the three readings of 31 % are three amplitudes", () => {
  assert.ok(Math.abs(swingAmplitude({ peakToTrough: 1.31 }) - 0.31 / 2.31) < 1e-15);
  assert.ok(Math.abs(swingAmplitude({ troughBelowPeak: 0.31 }) - 0.31 / 1.69) < 1e-15);
  assert.equal(swingAmplitude({ plusMinus: 0.31 }), 0.31);
});

test("each reading holds of the sine it makes", () => {
  const range = (amplitude: number) => {
    const factors = HOURS.map((hour) => hourFactor(sine({ amplitude, peakHour: 15 }), hour));
    return { high: Math.max(...factors), low: Math.min(...factors) };
  };
  const ratio = range(swingAmplitude({ peakToTrough: 1.31 }));
  assert.ok(Math.abs(ratio.high / ratio.low - 1.31) < 1e-12);
  const below = range(swingAmplitude({ troughBelowPeak: 0.31 }));
  assert.ok(Math.abs(below.low - 0.69 * below.high) < 1e-12);
  const around = range(swingAmplitude({ plusMinus: 0.31 }));
  assert.ok(Math.abs(around.high - 1.31) < 1e-12 && Math.abs(around.low - 0.69) < 1e-12);
});

test("a peak at 06:00 is 1 + a sin(2 pi h / 24), at the hour's start", () => {
  for (const hour of HOURS) {
    const expected = 1 + 0.155 * Math.sin((2 * Math.PI * hour) / 24);
    assert.ok(Math.abs(hourFactor(sine({}), hour) - expected) < 1e-15, `hour ${hour}`);
  }
});

test("the day's mean is 1 in both readings of an hour, whatever the peak", () => {
  for (const hourValue of ["start", "mean"] as const) {
    for (const peakHour of [0, 6, 15.5]) {
      assert.ok(Math.abs(mean(HOURS.map((hour) => hourFactor(sine({ hourValue, peakHour }), hour))) - 1) < 1e-14);
    }
  }
});

test("the mean over an hour agrees with numerical integration", () => {
  const steps = 2000;
  for (const hour of [0, 7, 23]) {
    const points = Array.from({ length: steps }, (_, i) => {
      const at = hour + (i + 0.5) / steps;
      return 1 + 0.155 * Math.cos((2 * Math.PI * (at - 6)) / 24);
    });
    assert.ok(Math.abs(hourFactor(sine({ hourValue: "mean" }), hour) - mean(points)) < 1e-8);
  }
});

test("flat is 1; a table is read by the hour", () => {
  assert.equal(hourFactor({ kind: "flat" }, 13), 1);
  const factors = HOURS.map((hour) => 1 + hour / 100);
  assert.equal(hourFactor({ kind: "table", factors, clock: "local" }, 7), 1.07);
});
