import assert from "node:assert/strict";
import { test } from "node:test";
import { Cooldown, createAdaptiveLimiter } from "../../../simulator/client/limits.ts";

/**
 * Recorded from @smithy/core 3.41.0 (DefaultRateLimiter) and botocore 1.44.5 (ClientRateLimiter), both with a replaced
 * clock, which gave the same figures to six decimals: a client made at 1000 s gets an answer every 0.1 s from 1000.03;
 * the answers number 20, 21 and 60 are throttling. [seconds after 1000, allowed rate per second after that answer]
 */
const RECORDED: readonly (readonly [number, number])[] = [
  [2.03, 6.99776],
  [2.13, 4.898432],
  [2.53, 6.039991],
  [3.03, 6.762513],
  [3.53, 6.982338],
  [4.03, 6.999466],
  [4.53, 7.113898],
  [5.03, 7.625632],
  [5.53, 8.83467],
  [6.03, 7],
  [6.53, 8.761698],
  [7.03, 9.648936],
  [7.53, 9.961714],
  [8.03, 10.000031],
  [8.53, 10.063888],
  [9.03, 10.453285],
  [9.53, 11.468221],
  [10.03, 13.408697],
  [10.53, 16.574713],
  [11.03, 20],
  [12.03, 20],
];

test("the allowed rate is the SDKs', answer by answer", () => {
  const limiter = createAdaptiveLimiter();
  assert.equal(limiter.waitMs(1_000_000), 0);
  const rates = new Map<number, number>();
  for (let i = 0; i <= 120; i++) {
    const atMs = 1_000_030 + i * 100;
    limiter.onResponse(i === 20 || i === 21 || i === 60, atMs);
    rates.set((atMs - 1_000_000) / 1_000, limiter.ratePerS());
  }
  assert.equal(rates.get(1.93), Infinity);
  for (const [at, rate] of RECORDED) {
    assert.ok(Math.abs(rates.get(at)! - rate) < 2e-6, `at ${at} s: ${rates.get(at)}, not ${rate}`);
  }
});

test("before the first throttling nothing waits", () => {
  const limiter = createAdaptiveLimiter();
  for (let i = 0; i < 1_000; i++) {
    assert.equal(limiter.waitMs(i), 0);
    limiter.onResponse(false, i);
  }
});

test("sends keep to the allowed rate; a wait is whole milliseconds and long enough", () => {
  const limiter = createAdaptiveLimiter();
  limiter.waitMs(0);
  for (let i = 0; i < 40; i++) limiter.onResponse(false, i * 100);
  limiter.onResponse(true, 4_000);
  const rate = limiter.ratePerS();
  let nowMs = 4_000;
  let sent = 0;
  let polls = 0;
  while (nowMs < 64_000) {
    const wait = limiter.waitMs(nowMs);
    polls++;
    if (wait === 0) sent++;
    else {
      assert.ok(Number.isInteger(wait) && wait >= 1);
      nowMs += wait;
    }
  }
  // The bucket may hold one burst of at most max(rate, 1) tokens at the start.
  assert.ok(sent <= 60 * rate + rate + 1 && sent >= 60 * rate * 0.97, `${sent} sends at ${rate}/s in 60 s`);
  assert.ok(polls <= 2 * sent + 2);
});

test("never below one send in two seconds, even when everything is throttled", () => {
  const limiter = createAdaptiveLimiter();
  limiter.waitMs(0);
  for (let i = 0; i < 200; i++) limiter.onResponse(true, i * 50);
  assert.equal(limiter.ratePerS(), 0.5);
  let nowMs = 10_000;
  while (limiter.waitMs(nowMs) === 0);
  nowMs += limiter.waitMs(nowMs);
  assert.ok(nowMs <= 12_000);
  assert.equal(limiter.waitMs(nowMs), 0);
});

test("cooling from the failure up to, not including, its end", () => {
  const cooldown = new Cooldown(2, 100);
  assert.equal(cooldown.isCooling(0, 0), false);
  cooldown.fail(0, 50);
  assert.deepEqual(
    [50, 149.9, 150].map((now) => cooldown.isCooling(0, now)),
    [true, true, false],
  );
  assert.equal(cooldown.isCooling(1, 60), false);
});

test("a later failure moves the end out; one learnt late never moves it back", () => {
  const cooldown = new Cooldown(1, 100);
  cooldown.fail(0, 50);
  cooldown.fail(0, 120);
  cooldown.fail(0, 60);
  assert.equal(cooldown.untilMs[0], 220);
});

test("a duration of 0 never cools", () => {
  const cooldown = new Cooldown(1, 0);
  cooldown.fail(0, 5);
  assert.equal(cooldown.isCooling(0, 5), false);
});
