import assert from "node:assert/strict";
import { test } from "node:test";
import { type HourlyCurve, hourFactor, swingAmplitude } from "../../../../simulator/world/pricing/hourly-curve.ts";

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
