import assert from "node:assert/strict";
import { test } from "node:test";
import { leastStepsMs, type StepTimes, stepThroughputs } from "../../../../simulator/service/capacity/step-times.ts";

const spec: StepTimes = {
  stepBaseMs: 8,
  stepPerSequenceMs: 2,
  prefillBaseMs: 100,
  prefillPerTokenMs: 0.5,
  prefillWorkPerToken: 0.1,
  noise: null,
  batchMax: 4,
};

test("by hand: a full batch of 4 makes 4 steps in 16 ms, and holds its places through the prefill", () => {
  const [steps, places] = stepThroughputs(spec);
  assert.equal(steps!.unitsPerMs(0), 4 / 16);
  assert.equal(steps!.unitsPerMs(8), 4 / 32);
  assert.deepEqual([steps!.perCall, steps!.perInputToken, steps!.perOutputToken], [0, 0.1, 1]);
  assert.equal(places!.unitsPerMs(8), 4);
  assert.deepEqual([places!.perCall, places!.perInputToken, places!.perOutputToken], [100, 0.5 + 0.8, 8]);
});

test("a batch without a limit has one: what each sequence adds to a step", () => {
  const [steps, ...others] = stepThroughputs({ ...spec, batchMax: Number.POSITIVE_INFINITY });
  assert.equal(steps!.unitsPerMs(0), 0.5);
  assert.deepEqual(others, []);
});

test("by hand: 100 tokens in and 10 out alone take 100 + 50 ms and 20 steps of 10 ms", () => {
  assert.equal(leastStepsMs(spec, 100, 10), 350);
});
