import assert from "node:assert/strict";
import { test } from "node:test";
import { engineProgram } from "../../../scripts/bench/engine.ts";

const engine = engineProgram();

test("R1: at 64 slots a region almost nobody waits, so the latency is the service law: mean 4 s, p95 11.13 s", async () => {
  const round = await engine("r1", 60_000, 5);
  assert.equal(round.requests, 60_000);
  assert.ok(round.seconds > 0);
  // Sampling error of 60,000 lognormal values of cv 1: 0.41 % of the mean, 0.9 % of the p95; a small wait comes on top.
  assert.ok(Math.abs(round.meanMs / 4_005 - 1) < 0.017, `mean ${round.meanMs}`);
  assert.ok(Math.abs(round.p95Ms / 11_130 - 1) < 0.036, `p95 ${round.p95Ms}`);
  assert.equal(round.throttledShare + round.failedShare, 0);
});

test("R2: the quota refuses a few per cent of attempts, retries serve nearly all requests", async () => {
  const round = await engine("r2", 60_000, 5);
  assert.ok(round.throttledShare > 0.001 && round.throttledShare < 0.2, `throttled ${round.throttledShare}`);
  assert.ok(round.failedShare < 0.01, `failed ${round.failedShare}`);
  assert.ok(round.meanMs > 3_900 && round.meanMs < 4_200);
});

test("the same seed gives the same answers, another seed others", async () => {
  const answers = async (seed: number) => {
    const { meanMs, p95Ms, throttledShare } = await engine("r2", 20_000, seed);
    return [meanMs, p95Ms, throttledShare];
  };
  assert.deepEqual(await answers(9), await answers(9));
  assert.notDeepEqual(await answers(9), await answers(10));
});
