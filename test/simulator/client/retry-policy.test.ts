import assert from "node:assert/strict";
import { test } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { createRetryPolicy, GIVE_UP } from "../../../simulator/client/retry-policy.ts";
import { litellmRules, type RetrySpec } from "../../../simulator/client/retry-rules.ts";
import type { OutcomeKind } from "../../../simulator/client/strategy.ts";

/**
 * Recorded from the SDKs themselves, with their random number, clock and timer replaced: @smithy/core 3.41.0 and
 * botocore 1.44.5 ("2026"), @smithy/util-retry 4.0.1 ("previous"). The rows of Python's "previous" generation were
 * worked out from the source of botocore 1.40.0, which was read, not run.
 * Columns: attempt that failed, kind, server hint ms, uniform, delay ms that the SDK chose.
 */
type Row = readonly [attempt: number, kind: OutcomeKind, hintMs: number, uniform: number, delayMs: number];

const JS_2026: readonly Row[] = [
  [0, "throttled", 0, 0.5, 500],
  [1, "throttled", 0, 0.25, 500],
  [0, "throttled", 0, 0.9999, 999],
  [5, "throttled", 0, 0.75, 15_000],
  [9, "throttled", 0, 0.5, 10_000],
  [0, "unavailable", 0, 0.5, 25],
  [1, "error", 0, 0.25, 25],
  [0, "timeout", 0, 0.9999, 49],
  [5, "unavailable", 0, 0.75, 1_200],
  [9, "unavailable", 0, 0.5, 10_000],
  [0, "throttled", 100, 0.5, 500],
  [0, "throttled", 3_000, 0.5, 3_000],
  [0, "throttled", 9_000, 0.5, 5_500],
];
const PYTHON_2026: readonly Row[] = [
  [0, "throttled", 0, 0.5, 500],
  [1, "throttled", 0, 0.25, 500],
  [5, "throttled", 0, 0.75, 15_000],
  [9, "throttled", 0, 0.5, 10_000],
  [0, "throttled", 3_000, 0.5, 3_000],
  [0, "throttled", 9_000, 0.5, 5_500],
  [0, "unavailable", 0, 0.5, 25],
  [1, "error", 0, 0.25, 25],
  [5, "timeout", 0, 0.75, 1_200],
  [9, "unavailable", 0, 0.5, 10_000],
  [0, "unavailable", 100, 0.5, 100],
  [0, "unavailable", 3_000, 0.5, 3_000],
  [0, "unavailable", 9_000, 0.5, 5_025],
];
const JS_PREVIOUS: readonly Row[] = [
  [0, "throttled", 0, 0.5, 250],
  [1, "throttled", 0, 0.25, 250],
  [0, "throttled", 0, 0.9999, 499],
  [5, "throttled", 0, 0.75, 12_000],
  [9, "throttled", 0, 0.5, 20_000],
  [0, "unavailable", 0, 0.5, 50],
  [1, "error", 0, 0.25, 50],
  [0, "timeout", 0, 0.9999, 99],
  [5, "unavailable", 0, 0.75, 2_400],
  [9, "unavailable", 0, 0.5, 20_000],
];
const PYTHON_PREVIOUS: readonly Row[] = [
  [0, "throttled", 0, 0.5, 500],
  [1, "unavailable", 0, 0.25, 500],
  [5, "timeout", 0, 0.75, 15_000],
  [0, "throttled", 9_000, 0.5, 500],
];

const recorded: readonly [string, RetrySpec, readonly Row[]][] = [
  ["js 2026", { mode: "standard", sdk: "js" }, JS_2026],
  ["python 2026", { mode: "standard", sdk: "python" }, PYTHON_2026],
  ["js previous", { mode: "standard", sdk: "js", generation: "previous" }, JS_PREVIOUS],
  ["python previous", { mode: "standard", sdk: "python", generation: "previous" }, PYTHON_PREVIOUS],
];
for (const [name, spec, rows] of recorded) {
  test(`standard, ${name}: delays are those of the SDK`, () => {
    for (const [attempt, kind, hintMs, uniform, delayMs] of rows) {
      const policy = createRetryPolicy({ ...spec, maxAttempts: 30 } as RetrySpec);
      const got = policy.nextDelayMs(attempt, kind, hintMs, uniform);
      assert.ok(
        Math.abs(got - delayMs) < 1e-9,
        `${attempt} ${kind} hint ${hintMs} u ${uniform}: ${got}, not ${delayMs}`,
      );
    }
  });
}

test("an answer without a hint, 0 or NaN, changes nothing", () => {
  for (const hint of [0, Number.NaN]) {
    assert.equal(createRetryPolicy({ mode: "standard" }).nextDelayMs(0, "throttled", hint, 0.5), 500);
  }
});

test("standard is three attempts of the Python SDK unless a scenario says otherwise", () => {
  const policy = createRetryPolicy({ mode: "standard" });
  assert.equal(policy.attemptsMax, 3);
  assert.equal(policy.nextDelayMs(0, "throttled", 0, 0.9999), 999.9);
  assert.equal(policy.nextDelayMs(1, "throttled", 0, 0.5), 1_000);
  assert.equal(policy.nextDelayMs(2, "throttled", 0, 0.5), GIVE_UP);
});

/** How many first retries of one kind a full bucket grants, as the SDKs did: 500/5, 500/14, then two cheap ones. */
const granted: readonly [RetrySpec, OutcomeKind, number][] = [
  [{ mode: "standard", sdk: "js" }, "throttled", 100],
  [{ mode: "standard", sdk: "js" }, "unavailable", 35],
  [{ mode: "standard", sdk: "js", generation: "previous" }, "throttled", 100],
  [{ mode: "standard", sdk: "js", generation: "previous" }, "unavailable", 50],
  [{ mode: "standard", sdk: "python" }, "timeout", 35],
  [{ mode: "standard", sdk: "python", generation: "previous" }, "unavailable", 100],
  [{ mode: "standard", sdk: "python", generation: "previous" }, "timeout", 50],
  [{ mode: "adaptive" }, "throttled", 100],
];
for (const [spec, kind, count] of granted) {
  test(`${JSON.stringify(spec)}: the bucket grants ${count} retries after "${kind}", then gives up`, () => {
    const policy = createRetryPolicy(spec);
    for (let i = 0; i < count; i++) assert.ok(policy.nextDelayMs(0, kind, 0, 0) >= 0, `retry ${i + 1}`);
    assert.equal(policy.nextDelayMs(0, kind, 0, 0), GIVE_UP);
  });
}

test("after 35 expensive retries 10 tokens are left: enough for two cheap ones, not for a third", () => {
  const policy = createRetryPolicy({ mode: "standard", sdk: "js" });
  for (let i = 0; i < 35; i++) policy.nextDelayMs(0, "unavailable", 0, 0);
  assert.deepEqual(
    [0, 0, 0].map((attempt) => policy.nextDelayMs(attempt, "throttled", 0, 0)),
    [0, 0, GIVE_UP],
  );
});

test("a success gives back what its last retry took, or 1: 206, 220, 221 tokens as in the SDK", () => {
  const policy = createRetryPolicy({ mode: "standard", sdk: "js" });
  for (let i = 0; i < 21; i++) policy.nextDelayMs(0, "unavailable", 0, 0);
  policy.onSuccess(policy.retryCost("unavailable"));
  policy.onSuccess(0);
  // 221 tokens are 44 throttling retries and a rest of 1.
  let count = 0;
  while (policy.nextDelayMs(0, "throttled", 0, 0) !== GIVE_UP) count++;
  assert.equal(count, 44);
});

test("the bucket never holds more than 500, however many successes", () => {
  const policy = createRetryPolicy({ mode: "standard" });
  for (let i = 0; i < 1_000; i++) policy.onSuccess(0);
  let count = 0;
  while (policy.nextDelayMs(0, "throttled", 0, 0) !== GIVE_UP) count++;
  assert.equal(count, 100);
});

test("the previous JavaScript generation is full again after any success", () => {
  const policy = createRetryPolicy({ mode: "standard", sdk: "js", generation: "previous" });
  while (policy.nextDelayMs(0, "throttled", 0, 0) !== GIVE_UP);
  policy.onSuccess(0);
  let count = 0;
  while (policy.nextDelayMs(0, "throttled", 0, 0) !== GIVE_UP) count++;
  assert.equal(count, 100);
});

test("legacy: five attempts, U × 2^n seconds without a cap, no bucket", () => {
  const policy = createRetryPolicy({ mode: "legacy" });
  const delays = [0, 1, 2, 3, 4].map((attempt) => policy.nextDelayMs(attempt, "throttled", 9_000, 0.5));
  assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, GIVE_UP]);
  for (let i = 0; i < 10_000; i++) assert.equal(policy.nextDelayMs(0, "error", 0, 0.5), 500);
  assert.equal(createRetryPolicy({ mode: "legacy", maxAttempts: 9 }).nextDelayMs(7, "throttled", 0, 0.5), 64_000);
});

test("none: one attempt", () => {
  const policy = createRetryPolicy({ mode: "none" });
  assert.equal(policy.attemptsMax, 1);
  assert.equal(policy.nextDelayMs(0, "throttled", 0, 0.5), GIVE_UP);
});

test("only adaptive waits before sending, and only after a throttling answer", () => {
  const standard = createRetryPolicy({ mode: "standard" });
  const adaptive = createRetryPolicy({ mode: "adaptive" });
  for (const policy of [standard, adaptive]) {
    assert.equal(policy.sendWaitMs(0), 0);
    policy.onResponse("unavailable", 100);
    assert.equal(policy.sendWaitMs(100), 0);
    policy.onResponse("throttled", 200);
  }
  assert.equal(standard.sendWaitMs(200), 0);
  assert.ok(adaptive.sendWaitMs(200) > 0);
});

test("custom: a delay law, no limit of attempts, only the named failures", () => {
  const sample = (uniform: number) => -1_000 * Math.log1p(-uniform);
  const policy = createRetryPolicy({
    mode: "custom",
    backoff: { kind: "law", sample },
    maxAttempts: null,
    on: ["unavailable"],
  });
  assert.equal(policy.attemptsMax, Infinity);
  assert.equal(policy.nextDelayMs(1_000_000, "unavailable", 0, 0.5), 1_000 * Math.LN2);
  assert.equal(policy.nextDelayMs(0, "throttled", 0, 0.5), GIVE_UP);
});

test("custom exponential: base, factor, cap and the three jitters", () => {
  const delays = (jitter: "full" | "equal" | "none") => {
    const backoff = { kind: "exponential", baseMs: 100, factor: 3, capMs: 1_000, jitter } as const;
    const policy = createRetryPolicy({ mode: "custom", backoff, maxAttempts: 10, on: ["error"] });
    return [0, 1, 2, 3].map((attempt) => policy.nextDelayMs(attempt, "error", 0, 0.5));
  };
  assert.deepEqual(delays("none"), [100, 300, 900, 1_000]);
  assert.deepEqual(delays("full"), [50, 150, 450, 500]);
  assert.deepEqual(delays("equal"), [75, 225, 675, 750]);
});

test("custom budget: retries at most a tenth of the requests served without one, plus the first tokens", () => {
  const policy = createRetryPolicy({
    mode: "custom",
    backoff: { kind: "law", sample: () => 0 },
    maxAttempts: null,
    on: ["throttled"],
    budget: { tokens: 10, refund: 0.1 },
  });
  const grants = () => {
    let count = 0;
    while (policy.nextDelayMs(0, "throttled", 0, 0.5) !== GIVE_UP) count++;
    return count;
  };
  assert.equal(grants(), 10);
  for (let i = 0; i < 50; i++) policy.onSuccess(0);
  for (let i = 0; i < 50; i++) policy.onSuccess(policy.retryCost("throttled"));
  assert.ok([4, 5].includes(grants()));
  for (let i = 0; i < 5_000; i++) policy.onSuccess(0);
  assert.equal(grants(), 10);
});

test("a served request is never tried again", () => {
  for (const spec of [{ mode: "standard" }, { mode: "legacy" }] satisfies RetrySpec[]) {
    assert.equal(createRetryPolicy(spec).nextDelayMs(0, "ok", 0, 0.5), GIVE_UP);
  }
});

test("numbers out of range are refused with their place", () => {
  const backoff = { kind: "exponential", baseMs: NaN, factor: 2, capMs: 1, jitter: "none" } as const;
  const bad: readonly RetrySpec[] = [
    { mode: "standard", maxAttempts: 0 },
    { mode: "legacy", maxAttempts: 2.5 },
    { mode: "adaptive", maxAttempts: NaN },
    { mode: "custom", backoff, maxAttempts: 3, on: [] },
    {
      mode: "custom",
      backoff: { kind: "law", sample: () => 0 },
      maxAttempts: 3,
      on: [],
      budget: { tokens: -1, refund: 0 },
    },
  ];
  for (const spec of bad) assert.throws(() => createRetryPolicy(spec), MeridianError);
});

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
