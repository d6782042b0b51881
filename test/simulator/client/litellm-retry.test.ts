import assert from "node:assert/strict";
import { test } from "node:test";
import { litellmRules } from "../../../simulator/client/litellm-retry.ts";
import { createRetryPolicy, GIVE_UP } from "../../../simulator/client/retry-policy.ts";

test("one deployment: 0.5 s doubled up to 8 s, at least retry_after, and up to 0.75 s of jitter", () => {
  const waits = (retryAfterMs: number, uniform: number) =>
    [0, 1, 2, 3, 4, 5].map((attempt) =>
      litellmRules({ mode: "litellm", retryAfterMs, isLone: true }).delayMs(attempt, "error", uniform),
    );
  assert.deepEqual(waits(0, 0), [500, 1_000, 2_000, 4_000, 8_000, 8_000]);
  assert.deepEqual(waits(3_000, 0.5), [3_375, 3_375, 3_375, 4_375, 8_375, 8_375]);
  assert.deepEqual(waits(20_000, 0).slice(0, 2), [8_000, 8_000]);
});

test("Retry-After is followed from 1 to 60 s, by one deployment only", () => {
  const alone = createRetryPolicy({ mode: "litellm", retryAfterMs: 0, isLone: true });
  const wait = (hintMs: number) => alone.nextDelayMs(0, "throttled", hintMs, 0);
  assert.deepEqual([1_000, 60_000, 500, 61_000, Number.NaN].map(wait), [1_000, 60_000, 500, 500, 500]);
  const several = createRetryPolicy({ mode: "litellm", maxAttempts: 2, retryAfterMs: 0, isLone: false });
  assert.deepEqual(
    [0, 1].map((attempt) => several.nextDelayMs(attempt, "throttled", 7_000, 0.9)),
    [0, GIVE_UP],
  );
});
