import assert from "node:assert/strict";
import test from "node:test";
import { dayShape } from "../../../simulator/traffic/day-mixture.ts";
import { createDayShape, dayShapeSchema, timeOfDay } from "../../../simulator/traffic/day-shape.ts";
import { HOUR_MS } from "./pull.ts";

test("times of day", () => {
  assert.equal(timeOfDay.parse("15:30"), 15.5 * HOUR_MS);
  assert.equal(timeOfDay.parse("9h"), 9 * HOUR_MS);
  for (const wrong of ["25:00", "12:60", "noon", "30h"]) assert.equal(timeOfDay.safeParse(wrong).success, false);
});

test("a peak has its height and its hour", () => {
  for (const peakToMean of [1.2, 2, 6]) {
    const { weights } = createDayShape(dayShapeSchema.parse({ peakAt: "15:00", peakToMean }), {});
    const highest = weights.indexOf(Math.max(...weights));
    const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
    assert.ok(Math.abs(highest - 180) <= 1, `peak in step ${highest} of 288`);
    assert.ok(Math.abs(mean - 1) < 1e-12);
    assert.ok(Math.abs(weights[highest]! / peakToMean - 1) < 0.01, `peak ${weights[highest]}`);
    assert.ok(Math.min(...weights) > 0);
  }
});

test("recorded shapes by name, and an unknown one by its name", () => {
  const shape = dayShape([1, 2]);
  assert.equal(createDayShape(dayShapeSchema.parse("mine"), { mine: { kind: "shape", shape } }), shape);
  assert.throws(() => createDayShape({ kind: "recorded", name: "other" }, {}), /TRAFFIC_UNKNOWN_SHAPE.*"other"/s);
});

test("weights that make no day are refused", () => {
  assert.equal(dayShapeSchema.safeParse([0, 0]).success, false);
  assert.equal(dayShapeSchema.safeParse([1, -1]).success, false);
  assert.equal(dayShapeSchema.safeParse({ peakAt: "15:00", peakToMean: 1 }).success, false);
});
