import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BackgroundTenants } from "../../../../simulator/service/capacity/background.ts";

const HOUR_MS = 3_600_000;
const spec = { mean: 40, swing: 0.5, peakHour: 15, noise: 0, noiseTimeMs: 0, stepMs: 60_000 };

/** Occupancies of so many steps. */
function steps(tenants: BackgroundTenants, count: number): number[] {
  return Array.from({ length: count }, () => {
    const { occupied } = tenants;
    tenants.advance();
    return occupied;
  });
}

describe("background tenants", () => {
  it("follow the local hour: peak, trough and mean of a day", () => {
    const day = steps(new BackgroundTenants(spec, 1, 9), 24 * 60);
    const at = (hour: number) => day[Math.round((((hour - 9 + 24) % 24) * HOUR_MS) / spec.stepMs)]!;
    assert.ok(Math.abs(at(15) - 60) < 1e-9);
    assert.ok(Math.abs(at(3) - 20) < 1e-9);
    assert.ok(Math.abs(at(21) - 40) < 1e-9);
    assert.ok(Math.abs(day.reduce((sum, value) => sum + value, 0) / day.length - 40) < 1e-9);
  });

  it("change at whole steps", () => {
    const tenants = new BackgroundTenants(spec, 1, 0);
    assert.equal(tenants.nextMs, 60_000);
    tenants.advance();
    assert.equal(tenants.nextMs, 120_000);
  });

  it("the random part has its standard deviation and its correlation time, and is the same for the same seed", () => {
    const noisy = { ...spec, swing: 0, noise: 0.2, noiseTimeMs: 600_000 };
    const values = steps(new BackgroundTenants(noisy, 7, 0), 60_000);
    assert.deepEqual(steps(new BackgroundTenants(noisy, 7, 0), 50), values.slice(0, 50));
    assert.notDeepEqual(steps(new BackgroundTenants(noisy, 8, 0), 50), values.slice(0, 50));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const covariance = (lag: number) => {
      let sum = 0;
      for (let i = lag; i < values.length; i++) sum += (values[i]! - mean) * (values[i - lag]! - mean);
      return sum / (values.length - lag);
    };
    // About 60,000 / 20 independent values: standard errors of 0.15 (mean) and 2 % (variance).
    assert.ok(Math.abs(mean - 40) < 0.6, `mean ${mean}`);
    assert.ok(Math.abs(covariance(0) / 8 ** 2 - 1) < 0.1, `variance ${covariance(0)}`);
    assert.ok(Math.abs(covariance(10) / covariance(0) - Math.exp(-1)) < 0.05, "correlation after one correlation time");
  });

  it("is never negative, however large the noise", () => {
    const wild = steps(new BackgroundTenants({ ...spec, noise: 2, noiseTimeMs: 0 }, 3, 0), 5000);
    assert.equal(Math.min(...wild), 0);
  });
});
