import assert from "node:assert/strict";
import test from "node:test";
import { arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { arrivalsUntil, DAY_MS, histogram, recordingOf } from "../pull.ts";

test("trace options stand beside the name and have defaults", () => {
  assert.deepEqual(arrivalSchema.parse({ trace: "a.csv" }), {
    process: "trace",
    trace: "a.csv",
    scale: 1,
    timeScale: 1,
    fromMs: 0,
    toMs: null,
    tile: false,
    shiftMs: 0,
    spreadMs: 60_000,
    thin: 1,
    only: null,
    shape: null,
  });
  const spec = arrivalSchema.parse({ trace: "a.csv", scale: 3, slice: { from: "1m", to: "2m" }, shift: "random" });
  assert.deepEqual(
    [spec].map((s) => s.process === "trace" && [s.scale, s.fromMs, s.toMs, s.shiftMs]),
    [[3, 60_000, 120_000, "random"]],
  );
});

test("trace options beside another process, or out of range, are refused", () => {
  const message = (yaml: unknown) => String(arrivalSchema.safeParse(yaml).error);
  assert.match(message({ poisson: "1/s", scale: 2 }), /scale goes only with trace, not with poisson/);
  assert.match(message({ trace: "a", scale: 0 }), /must be between 0\.001 and 10000/);
  assert.match(message({ trace: "a", slice: { from: "2m", to: "1m" } }), /from must be before to/);
  assert.match(message({ trace: "a", thin: 2 }), /thin must be between/);
});

test("a shape spreads a short recording over the day: recorded profile in, recorded profile out", () => {
  const hours = [1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 9, 8, 7, 8, 9, 9, 8, 6, 5, 4, 3, 2, 2, 1];
  const total = hours.reduce((sum, w) => sum + w, 0);
  // A perfectly regular recording of one request a second has no noise: counts must be exact to rounding.
  const recordings = { even: recordingOf(Array.from({ length: 600 }, (_, i) => i * 1000)) };
  const times = arrivalsUntil({ trace: "even", shape: hours }, DAY_MS, 1, { recordings });
  const counts = histogram(times, DAY_MS, 24);
  for (let hour = 0; hour < 24; hour++) {
    const expected = (86_400 * hours[hour]!) / total;
    assert.ok(Math.abs(counts[hour]! - expected) <= 1.5, `hour ${hour}: ${counts[hour]}, expected ${expected}`);
  }
});
