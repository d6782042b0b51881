import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ClientInput, clientPlanOf, clientSchema } from "../../../simulator/scenario/client.ts";

const plan = (input: unknown, targets = 2) => clientPlanOf(clientSchema.parse(input) as ClientInput, targets);
const custom = (rules: unknown) => ({ retry: { custom: rules } });
const said = (input: unknown) =>
  clientSchema
    .safeParse(input)
    .error?.issues.map((issue) => issue.message)
    .join() ?? "";

const UNLIMITED = {
  attemptMs: Number.POSITIVE_INFINITY,
  requestMs: Number.POSITIVE_INFINITY,
  connectMs: Number.POSITIVE_INFINITY,
  firstByteMs: Number.POSITIVE_INFINITY,
  idleMs: Number.POSITIVE_INFINITY,
};

describe("the client as a scenario writes it", () => {
  it("says nothing: standard retries, no limits, no hedge", () => {
    assert.deepEqual(plan({}), {
      retry: { mode: "standard" },
      timeout: UNLIMITED,
      isStreaming: true,
      broken: { again: "never", callsMax: 2, delayMs: 0 },
      hedge: { afterMs: Number.POSITIVE_INFINITY, quantile: 0, hedgesMax: 0, budgetShare: Number.POSITIVE_INFINITY },
    });
  });

  it("limits and hedges in ms", () => {
    const { timeout, hedge } = plan({ timeout: "30s", deadline: "2m", hedge: { after: "800ms", max: 2 } });
    assert.deepEqual(timeout, { ...UNLIMITED, attemptMs: 30_000, requestMs: 120_000 });
    assert.deepEqual(hedge, { afterMs: 800, quantile: 0, hedgesMax: 2, budgetShare: Number.POSITIVE_INFINITY });
    const byQuantile = plan({ hedge: { after: "p99.5", budget: "5%" } }).hedge;
    assert.deepEqual([byQuantile.afterMs, byQuantile.quantile], [Number.POSITIVE_INFINITY, 0.995]);
    assert.match(said({ hedge: { after: "p0" } }), /above p0/);
    assert.match(said({ hedge: { after: "95%" } }), /write a duration, like 3s, or a quantile, like p95/);
    assert.equal(plan({ hedge: { after: "1s", budget: "10%" } }).hedge.budgetShare, 0.1);
  });

  it("limits of an attempt apart, from an SDK's or one's own", () => {
    const timeout = (client: object) => plan(client).timeout;
    assert.deepEqual(timeout({ limits: "boto3" }), { ...UNLIMITED, connectMs: 60_000, idleMs: 60_000 });
    assert.deepEqual(timeout({ limits: { sdk: "java", idle: "3s" } }), {
      ...UNLIMITED,
      connectMs: 2_000,
      idleMs: 3_000,
    });
    assert.deepEqual(timeout({ limits: "js" }), UNLIMITED);
    assert.deepEqual(timeout({ limits: { firstByte: "10s", total: "1m" } }), {
      ...UNLIMITED,
      firstByteMs: 10_000,
      attemptMs: 60_000,
    });
    assert.match(said({ timeout: "1m", limits: { total: "2m" } }), /the same as timeout: give one of them/);
    assert.match(said({ limits: "ruby" }), /boto3/);
  });

  it("what the caller's own code does about broken streams", () => {
    assert.deepEqual(plan({ brokenStreams: "resume" }).broken, { again: "resume", callsMax: 2, delayMs: 0 });
    assert.deepEqual(plan({ brokenStreams: { again: "whole", max: 1, delay: "2s" } }).broken, {
      again: "whole",
      callsMax: 1,
      delayMs: 2_000,
    });
    assert.equal(plan({ streams: false }).isStreaming, false);
  });

  it("SDK modes, with their constants", () => {
    assert.deepEqual(plan({ retry: { adaptive: { sdk: "js", maxAttempts: 5 } } }).retry, {
      mode: "adaptive",
      sdk: "js",
      generation: "2026",
      maxAttempts: 5,
    });
    assert.deepEqual(plan({ retry: { legacy: {} } }).retry, { mode: "legacy" });
    assert.deepEqual(plan({ retry: "litellm" }, 1).retry, { mode: "litellm", retryAfterMs: 0, isLone: true });
    const retries = { mode: "litellm", maxAttempts: 6, retryAfterMs: 3_000, isLone: false };
    assert.deepEqual(plan({ retry: { litellm: { retries: 5, retryAfter: "3s" } } }).retry, retries);
    assert.deepEqual(plan({ retry: "none" }).retry, { mode: "none" });
  });

  it("rules of one's own: a law, growth, a budget, no end", () => {
    assert.deepEqual(plan(custom({ backoff: { exponential: { mean: "2s" } }, maxAttempts: "unlimited" })).retry, {
      mode: "custom",
      on: ["throttled", "unavailable", "error", "timeout"],
      maxAttempts: null,
      backoff: { kind: "law", law: { kind: "exponential", mean: 2000 } },
    });
    const grown = plan(
      custom({ on: ["throttled"], backoff: { grow: { base: "100ms" } }, budget: { tokens: 10 } }),
    ).retry;
    assert.deepEqual(grown, {
      mode: "custom",
      on: ["throttled"],
      maxAttempts: 3,
      backoff: { kind: "exponential", baseMs: 100, factor: 2, capMs: 20_000, jitter: "full" },
      budget: { tokens: 10, refund: 0.1 },
    });
  });

  it("refuses attempts without end and without a pause: the run would stand still at one instant", () => {
    const message = /never end/;
    assert.match(said(custom({ maxAttempts: "unlimited" })), message);
    assert.match(said(custom({ maxAttempts: "unlimited", backoff: { constant: "0s" } })), message);
    assert.match(said(custom({ maxAttempts: "unlimited", backoff: { grow: { base: "0s" } } })), message);
    assert.equal(said(custom({ maxAttempts: "unlimited", backoff: { constant: "1ms" } })), "");
    assert.equal(said(custom({ maxAttempts: "unlimited", budget: { tokens: 5 } })), "");
    assert.equal(said(custom({ maxAttempts: 5 })), "");
    assert.notEqual(said({ hedge: { after: "1s", max: 9 } }), "");
    assert.notEqual(said({ retry: "sometimes" }), "");
  });
});
