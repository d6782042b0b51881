import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDraws } from "../../../../studies/held-out/endpoints/server.ts";
import { createStepBatcher, type StepBatcherOptions } from "../../../../studies/held-out/endpoints/step-batcher.ts";
import { fixedDraws, serve, watchedCall } from "./support.ts";

/** Round numbers, no noise. */
const PLAIN: StepBatcherOptions = {
  stepMs: 10,
  perDecodeMs: 1,
  perPrefillTokenMs: 0.1,
  perContextTokenMs: 0,
  noiseCv: 0,
  tokenBudget: 100,
  sequencesMax: 10,
  kvTokens: 1e6,
  intakeMs: 5,
  draws: fixedDraws(0.5),
};

describe("step batcher", () => {
  it("serves a call alone by the sum of its steps", () => {
    const alone = watchedCall(0, 80, 11);
    serve(createStepBatcher(PLAIN), [alone]);
    // Intake 5; one prefill step of 10 + 80 x 0.1; ten decode steps of 10 + 1.
    assert.equal(alone.firstMs, 5 + 18);
    assert.equal(alone.endMs, 5 + 18 + 10 * 11);
  });

  it("cuts a long prompt into chunks of the token budget", () => {
    const long = watchedCall(0, 250, 1);
    serve(createStepBatcher(PLAIN), [long]);
    assert.equal(long.endMs, 5 + 20 + 20 + 15);
  });

  it("lets a chunk of prefill slow the step of those that decode", () => {
    const first = watchedCall(0, 10, 3);
    const second = watchedCall(10, 50, 1);
    serve(createStepBatcher(PLAIN), [first, second]);
    // Steps: [5, 16) prefill 10; then, with the second in line since 15, one decode and 50 of prefill; one decode.
    assert.equal(first.firstMs, 16);
    assert.equal(second.endMs, 16 + 10 + 1 + 5);
    assert.equal(first.endMs, 32 + 11);
  });

  it("counts the context of those that decode", () => {
    const call = watchedCall(0, 100, 3);
    serve(createStepBatcher({ ...PLAIN, perContextTokenMs: 0.01 }), [call]);
    // Context 101 in the first decode step, 102 in the second.
    assert.ok(Math.abs(call.endMs - (5 + 20 + 11 + 1.01 + 11 + 1.02)) < 1e-9);
  });

  it("keeps who does not fit waiting, first come, first served", () => {
    const calls = [0, 1, 2].map((atMs) => watchedCall(atMs, 10, 2));
    serve(createStepBatcher({ ...PLAIN, sequencesMax: 1 }), calls);
    // Each takes a prefill step of 11 and a decode step of 11.
    assert.deepEqual(
      calls.map(({ endMs }) => endMs),
      [5 + 22, 5 + 44, 5 + 66],
    );
  });

  it("evicts the youngest from a full cache and computes it again, losing no token", () => {
    const calls = [watchedCall(0, 50, 40), watchedCall(0, 50, 40)];
    const roomy = [watchedCall(0, 50, 40), watchedCall(0, 50, 40)];
    serve(createStepBatcher({ ...PLAIN, kvTokens: 130 }), calls);
    serve(createStepBatcher(PLAIN), roomy);
    assert.deepEqual(
      calls.map(({ call }) => call.written),
      [40, 40],
    );
    assert.ok(calls[0]!.endMs < roomy[0]!.endMs, "the older has the machine to itself for a while");
    assert.ok(calls[1]!.endMs > roomy[1]!.endMs, "the younger begins anew");
  });

  it("writes (1 - a^(k+1)) / (1 - a) tokens a step when speculating", () => {
    const speculation = { drafts: 3, acceptance: 0.6 };
    const call = watchedCall(0, 1, 60_000);
    serve(createStepBatcher({ ...PLAIN, speculation, draws: { ...createDraws(5), around1: () => 1 } }), [call]);
    const perStep = (60_000 * 11) / (call.endMs - call.firstMs);
    const expected = (1 - 0.6 ** 4) / (1 - 0.6);
    assert.ok(Math.abs(perStep / expected - 1) < 0.02, `${perStep} tokens a step, not ${expected}`);
  });

  it("pauses for its share of the time", () => {
    const call = watchedCall(0, 1, 20_000);
    serve(createStepBatcher({ ...PLAIN, pauses: { everyMs: 1000, lengthMs: 110 }, draws: fixedDraws(0.5) }), [call]);
    // Every 1000 ms of the clock, found at the end of a step, 110 ms are lost: 1 - 890/1000 but for the steps' rounding.
    const slower = (call.endMs - call.firstMs) / (19_999 * 11);
    assert.ok(Math.abs(slower - 1 / (1 - 0.11)) < 0.01, `${slower}`);
  });

  it("is slowed by a factor on every step", () => {
    const call = watchedCall(0, 80, 11);
    serve(createStepBatcher({ ...PLAIN, slowness: () => 2 }), [call]);
    assert.equal(call.endMs, 5 + 2 * (18 + 110));
  });

  it("forgets a call that goes away, wherever it is", () => {
    const server = createStepBatcher({ ...PLAIN, sequencesMax: 1 });
    const [running, waiting, arriving] = [watchedCall(0, 10, 50), watchedCall(0, 10, 5), watchedCall(10, 10, 5)];
    server.admit(running.call, 0);
    server.admit(waiting.call, 0);
    while (server.nextMs() <= 10) server.step();
    server.admit(arriving.call, 10);
    for (const { call } of [running, waiting, arriving]) server.cancel(call);
    while (Number.isFinite(server.nextMs())) server.step();
    assert.ok([running, waiting, arriving].every(({ endMs }) => Number.isNaN(endMs)));
    const next = watchedCall(1000, 10, 2);
    serve(server, [next]);
    assert.equal(next.endMs, 1000 + 5 + 22);
  });
});
