import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ClientInput, clientPlanOf, clientSchema } from "../../../simulator/scenario/client.ts";

const plan = (input: unknown) => clientPlanOf(clientSchema.parse(input) as ClientInput);
const custom = (rules: unknown) => ({ retry: { custom: rules } });
const said = (input: unknown) =>
  clientSchema
    .safeParse(input)
    .error?.issues.map((issue) => issue.message)
    .join() ?? "";

describe("the client as a scenario writes it", () => {
  it("says nothing: standard retries, no limits, no hedge", () => {
    assert.deepEqual(plan({}), {
      retry: { mode: "standard" },
      timeout: { attemptMs: Number.POSITIVE_INFINITY, requestMs: Number.POSITIVE_INFINITY },
      hedge: { afterMs: Number.POSITIVE_INFINITY, hedgesMax: 0, budgetShare: Number.POSITIVE_INFINITY },
    });
  });

  it("limits and hedges in ms", () => {
    const { timeout, hedge } = plan({ timeout: "30s", deadline: "2m", hedge: { after: "800ms", max: 2 } });
    assert.deepEqual(timeout, { attemptMs: 30_000, requestMs: 120_000 });
    assert.deepEqual(hedge, { afterMs: 800, hedgesMax: 2, budgetShare: Number.POSITIVE_INFINITY });
    assert.equal(plan({ hedge: { after: "1s", budget: "10%" } }).hedge.budgetShare, 0.1);
  });

  it("SDK modes, with their constants", () => {
    assert.deepEqual(plan({ retry: { adaptive: { sdk: "js", maxAttempts: 5 } } }).retry, {
      mode: "adaptive",
      sdk: "js",
      generation: "2026",
      maxAttempts: 5,
    });
    assert.deepEqual(plan({ retry: { legacy: {} } }).retry, { mode: "legacy" });
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
