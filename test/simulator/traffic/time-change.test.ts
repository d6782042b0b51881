import assert from "node:assert/strict";
import test from "node:test";
import { timeChanged } from "../../../simulator/traffic/time-change.ts";

test("instants are mapped, and a profile that stops ends the process", () => {
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
