import assert from "node:assert/strict";
import { test } from "node:test";
import { LatestSamples, MinuteUsage } from "../../../simulator/client/litellm-usage.ts";

test("usage begins anew with each clock minute; limits count the request that is asked for", () => {
  const usage = new MinuteUsage(2);
  usage.turnTo(59_999);
  usage.count(0, 700);
  const isFull = (tpm: number, rpm: number) => usage.isFull(0, 300, Float64Array.of(tpm, 0), Float64Array.of(rpm, 0));
  assert.deepEqual([isFull(999, 0), isFull(1_000, 0), isFull(0, 1), isFull(0, 2)], [true, false, true, false]);
  usage.turnTo(60_000);
  assert.deepEqual([usage.tokens[0], isFull(299, 0)], [0, true]);
});

test("the mean of the last ten", () => {
  const samples = new LatestSamples(2);
  assert.deepEqual([samples.isNew(1), samples.mean(1)], [true, 0]);
  for (let i = 1; i <= 12; i++) samples.add(1, i);
  assert.deepEqual([samples.count(1), samples.mean(1), samples.count(0)], [10, 7.5, 0]);
  samples.clear();
  assert.equal(samples.isNew(1), true);
});
