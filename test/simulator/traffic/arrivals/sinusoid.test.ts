import assert from "node:assert/strict";
import test from "node:test";
import { DAY_MS } from "../../../../simulator/base/time.ts";
import { sinusoid } from "../../../../simulator/traffic/arrivals/sinusoid.ts";
import { arrivalsUntil, histogram } from "../pull.ts";

test("sinusoid: the count of each hour is the integral of the rate", () => {
  const times = arrivalsUntil({ sinusoid: { rate: "5/s", amplitude: 0.8, peakAt: "15h" } }, DAY_MS);
  const counts = histogram(times, DAY_MS, 24);
  for (let hour = 0; hour < 24; hour++) {
    const angle = (h: number) => (2 * Math.PI * (h - 15)) / 24;
    const expected = 5 * 3600 * (1 + (0.8 * 24 * (Math.sin(angle(hour + 1)) - Math.sin(angle(hour)))) / (2 * Math.PI));
    const error = Math.abs(counts[hour]! - expected);
    assert.ok(error < 4.5 * Math.sqrt(expected), `hour ${hour}: ${counts[hour]}, expected ${expected}`);
  }
});

test("sinusoid: amplitude 0 is Poisson, rate 0 is silence", () => {
  const times = arrivalsUntil({ sinusoid: { rate: "10/s", amplitude: 0, period: "1m" } }, 1_000_000);
  assert.ok(Math.abs(times.length - 10_000) < 450);
  assert.deepEqual(arrivalsUntil({ sinusoid: { rate: "0/s", amplitude: 1 } }, 1000), []);
});

test("sinusoid: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(sinusoid.schema.parse({ rate: "20/s", amplitude: 0.5, peakAt: "15h" }), {
    process: "sinusoid",
    ratePerS: 20,
    amplitude: 0.5,
    periodMs: 86_400_000,
    peakAtMs: 54_000_000,
  });
});
