import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCreditLimiter } from "../../../../scripts/validation/foreign/credit-limiter.ts";
import { createSharedRate } from "../../../../scripts/validation/foreign/shared-rate.ts";
import { fixedLuck, serve, watchedCall } from "./support.ts";

const pool = () =>
  createSharedRate({
    perCallRate: 1,
    totalRate: 1000,
    inputWork: 0,
    setupMs: 0,
    noiseCv: 0,
    luck: fixedLuck(0.5),
  });

describe("credit limiter", () => {
  it("lets calls in while there is credit, into debt, and again when it is paid back", () => {
    // 1 token a ms, at most 1000 saved.
    const server = createCreditLimiter({ tokensPerMinute: 60_000, burstS: 1, behind: pool() });
    const calls = [0, 1, 2, 1000, 1100].map((atMs) => watchedCall(atMs, 900, 100));
    const answers = serve(server, calls);
    // At 1 ms 102 tokens are left: the second is let in. By 1000 ms 800 + 200 of debt less 1000 of refill are even.
    assert.deepEqual(
      answers.map((answer) => answer?.kind ?? "taken"),
      ["taken", "taken", "throttled", "throttled", "taken"],
    );
    assert.ok(Number.isFinite(calls[1]!.endMs));
  });

  it("grants its rate in the long run, whatever is asked", () => {
    const server = createCreditLimiter({ tokensPerMinute: 60_000, burstS: 2, behind: pool() });
    const calls = Array.from({ length: 3000 }, (_, i) => watchedCall(i * 40, 150, 50));
    const granted = serve(server, calls).filter((answer) => answer === undefined).length * 200;
    assert.ok(Math.abs(granted / (120_000 + 2000) - 1) < 0.02, `${granted} tokens in 120 s`);
  });

  it("passes a cancellation on", () => {
    const server = createCreditLimiter({ tokensPerMinute: 60_000, burstS: 2, behind: pool() });
    const call = watchedCall(0, 10, 1000);
    server.admit(call.call, 0);
    server.cancel(call.call);
    assert.equal(server.nextMs(), Number.POSITIVE_INFINITY);
  });
});
