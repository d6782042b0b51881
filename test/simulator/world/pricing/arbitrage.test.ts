import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arbitrageCeiling,
  arbitrageCeilingHourly,
  hindsightSaving,
} from "../../../../simulator/world/pricing/arbitrage.ts";
import { hourFactor, swingAmplitude } from "../../../../simulator/world/pricing/hourly-curve.ts";

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
