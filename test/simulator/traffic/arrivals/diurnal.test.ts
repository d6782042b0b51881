import assert from "node:assert/strict";
import test from "node:test";
import { DAY_MS } from "../../../../simulator/base/time.ts";
import { diurnal } from "../../../../simulator/traffic/arrivals/diurnal.ts";
import { arrivalsUntil, gapMoments, histogram } from "../pull.ts";

const HOURS = [1, 1, 1, 1, 1, 2, 3, 5, 8, 9, 9, 8, 7, 8, 9, 9, 8, 6, 5, 4, 3, 2, 2, 1];
const TOTAL = HOURS.reduce((sum, w) => sum + w, 0);

test("diurnal: hourly weights give hourly counts, day after day", () => {
  const times = arrivalsUntil({ diurnal: { rate: "2/s", shape: HOURS } }, 3 * DAY_MS);
  const counts = histogram(times, 3 * DAY_MS, 72);
  for (let hour = 0; hour < 72; hour++) {
    const expected = (2 * 86_400 * HOURS[hour % 24]!) / TOTAL;
    assert.ok(
      Math.abs(counts[hour]! - expected) < 4.5 * Math.sqrt(expected),
      `hour ${hour}: ${counts[hour]}, ${expected}`,
    );
  }
});

test("diurnal: origins in other zones have their own day", () => {
  const origins = [
    { originIndex: 0, share: 0.7, shapeShiftMs: 0 },
    { originIndex: 1, share: 0.3, shapeShiftMs: -8 * 3_600_000 },
  ];
  const times = arrivalsUntil({ diurnal: { rate: "2/s", shape: HOURS } }, DAY_MS, 1, { origins });
  const counts = histogram(times, DAY_MS, 24);
  for (let hour = 0; hour < 24; hour++) {
    const weight = 0.7 * HOURS[hour]! + 0.3 * HOURS[(hour + 8) % 24]!;
    const expected = (2 * 86_400 * weight) / TOTAL;
    assert.ok(Math.abs(counts[hour]! - expected) < 4.5 * Math.sqrt(expected), `hour ${hour}`);
  }
});

test("diurnal: cv makes the day bursty in operational time", () => {
  const flat = { rate: "10/s", shape: [1, 1] };
  const bursty = gapMoments(arrivalsUntil({ diurnal: { ...flat, cv: 3 } }, DAY_MS / 4));
  const smooth = gapMoments(arrivalsUntil({ diurnal: flat }, DAY_MS / 4));
  assert.ok(Math.abs(bursty.cv - 3) < 0.1, `cv ${bursty.cv}`);
  assert.ok(Math.abs(smooth.cv - 1) < 0.02, `cv ${smooth.cv}`);
});

test("diurnal: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(diurnal.schema.parse({ rate: "20/s", shape: "servegen-m-large" }), {
    process: "diurnal",
    ratePerS: 20,
    shape: { kind: "recorded", name: "servegen-m-large" },
    cv: 1,
  });
});
