import assert from "node:assert/strict";
import test from "node:test";
import { dayShape, mixDays } from "../../../simulator/traffic/day-mixture.ts";
import { DAY_MS, HOUR_MS } from "./pull.ts";

const shape = dayShape([1, 3]);

test("weights are scaled to a mean of 1", () => {
  assert.deepEqual([...shape.weights], [0.5, 1.5]);
  assert.equal(shape.stepMs, DAY_MS / 2);
});

test("the mixed rate and who calls when, by hand", () => {
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

test("shifts of a whole day, and negative ones, wrap", () => {
  const at = (shapeShiftMs: number) => [...mixDays(shape, [{ originIndex: 0, share: 1, shapeShiftMs }]).profile.rate];
  assert.deepEqual(at(DAY_MS), at(0));
  assert.deepEqual(at(-18 * HOUR_MS), at(6 * HOUR_MS));
});
