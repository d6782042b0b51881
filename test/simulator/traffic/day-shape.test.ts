import assert from "node:assert/strict";
import test, { describe, it } from "node:test";
import { DAY_MS, HOUR_MS } from "../../../simulator/base/time.ts";
import {
  createDayShape,
  dayShape,
  dayShapeSchema,
  mixDays,
  timeChanged,
  timeOfDay,
} from "../../../simulator/traffic/day-shape.ts";

describe("day shapes in a scenario", () => {
  it("times of day", () => {
    assert.equal(timeOfDay.parse("15:30"), 15.5 * HOUR_MS);
    assert.equal(timeOfDay.parse("9h"), 9 * HOUR_MS);
    for (const wrong of ["25:00", "12:60", "noon", "30h"]) assert.equal(timeOfDay.safeParse(wrong).success, false);
  });

  it("a peak has its height and its hour", () => {
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

  it("recorded shapes by name, and an unknown one by its name", () => {
    const shape = dayShape([1, 2]);
    assert.equal(createDayShape(dayShapeSchema.parse("mine"), { mine: { kind: "shape", shape } }), shape);
    assert.throws(() => createDayShape({ kind: "recorded", name: "other" }, {}), /TRAFFIC_UNKNOWN_SHAPE.*"other"/s);
  });

  it("weights that make no day are refused", () => {
    assert.equal(dayShapeSchema.safeParse([0, 0]).success, false);
    assert.equal(dayShapeSchema.safeParse([1, -1]).success, false);
    assert.equal(dayShapeSchema.safeParse({ peakAt: "15:00", peakToMean: 1 }).success, false);
  });
});

describe("mixtures over origins", () => {
  const shape = dayShape([1, 3]);

  it("weights are scaled to a mean of 1", () => {
    assert.deepEqual([...shape.weights], [0.5, 1.5]);
    assert.equal(shape.stepMs, DAY_MS / 2);
  });

  it("the mixed rate and the origins by time of day, by hand", () => {
    const mixture = mixDays(shape, [
      { originIndex: 4, share: 0.75, shapeShiftMs: 0 },
      { originIndex: 2, share: 0.25, shapeShiftMs: 6 * HOUR_MS },
    ]);
    // Origin 2's day begins at 06:00: 0.5 from 06:00 to 18:00, else 1.5.
    assert.deepEqual(
      [...mixture.profile.startMs],
      [0, 6, 12, 18].map((h) => h * HOUR_MS),
    );
    const rates = [0.375 + 0.375, 0.375 + 0.125, 1.125 + 0.125, 1.125 + 0.375];
    assert.deepEqual([...mixture.profile.rate], rates);
    const shares = [0.5, 0.75, 0.9, 0.75];
    for (const [quarter, share] of shares.entries()) {
      const time = (quarter * 6 + 3) * HOUR_MS;
      assert.equal(mixture.originAt(time, share - 0.01), 4);
      assert.equal(mixture.originAt(time, share + 0.01), 2);
      assert.equal(mixture.originAt(time + DAY_MS, share - 0.01), 4);
    }
  });

  it("shifts of a whole day, and negative ones, wrap", () => {
    const at = (shapeShiftMs: number) => [...mixDays(shape, [{ originIndex: 0, share: 1, shapeShiftMs }]).profile.rate];
    assert.deepEqual(at(DAY_MS), at(0));
    assert.deepEqual(at(-18 * HOUR_MS), at(6 * HOUR_MS));
  });

  it("instants are mapped, and a profile that stops ends the process", () => {
    let t = 0;
    const everyMs = {
      fill(arrivalMs: Float64Array, from: number, to: number) {
        for (let i = from; i < to; i++) arrivalMs[i] = ++t;
        return to;
      },
    };
    const changed = timeChanged(everyMs, {
      startMs: Float64Array.of(0, 2),
      rate: Float64Array.of(2, 0),
      periodMs: Number.POSITIVE_INFINITY,
    });
    const times = new Float64Array(10);
    const end = changed.fill(times, 0, 10, new Int32Array(10));
    assert.deepEqual([...times.subarray(0, end)], [0.5, 1, 1.5, 2]);
  });
});

test("shapes of a week, by each origin's clock or by UTC's", () => {
  const parsed = dayShapeSchema.parse({ week: [1, 1, 1, 1, 1, 5, 4], zone: "utc" });
  assert.deepEqual(parsed, { kind: "weights", weights: [1, 1, 1, 1, 1, 5, 4], period: "week", isUtc: true });
  const shape = createDayShape(parsed, {});
  const day = 86_400_000;
  // The run begins on a Saturday, UTC: Monday is two days away; the origin's own clock does not count.
  const origins = [{ originIndex: 0, share: 1, shapeShiftMs: 3_600_000, utcShiftMs: 2 * day }];
  const { profile } = mixDays(shape, origins);
  assert.equal(profile.periodMs, 7 * day);
  const rates = Array.from(profile.startMs, (ms, i) => [ms / day, profile.rate[i]!]);
  assert.deepEqual(rates.slice(0, 3), [
    [0, 2.5],
    [1, 2],
    [2, 0.5],
  ]);
  assert.throws(() => dayShapeSchema.parse({ week: [1, 2, 3] }), /a week has 7 weights/);
});
