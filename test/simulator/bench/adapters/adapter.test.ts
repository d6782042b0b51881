import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  isOutOfMoney,
  type PromptOrder,
  promptTexts,
  refuseEmpty,
} from "../../../../simulator/bench/adapters/adapter.ts";

it("an exhausted account is distinguished from a rate limit", () => {
  for (const name of [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
  ]) {
    assert.ok(isOutOfMoney(name), name);
  }
  for (const name of ["rate_limit_exceeded", "slow_down", "ThrottlingException", ""])
    assert.ok(!isOutOfMoney(name), name);
});

const ORDER: PromptOrder = {
  requestId: "17.2",
  className: "chat",
  inputTokens: 300,
  outputTokens: 60,
  maxTokens: 200,
  prefixTokens: 0,
  prefixId: -1,
  tier: "standard",
  charsPerToken: 4,
  salt: "",
};
const texts = (order: Partial<PromptOrder> = {}) => promptTexts({ ...ORDER, ...order });

/** How many characters two texts share at their beginning. */
function shared(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

describe("a prompt's text", () => {
  it("has the wanted number of characters, and needs no escaping", () => {
    const tokens = fc.integer({ min: 1, max: 5000 });
    const chars = fc.double({ min: 0.5, max: 8, noNaN: true });
    const salt = fc.constantFrom("", "lx3k9", "a longer salt");
    fc.assert(
      fc.property(tokens, tokens, chars, salt, (inputTokens, prefixTokens, charsPerToken, salted) => {
        const { prefix, rest } = texts({ inputTokens, prefixTokens, prefixId: 3, charsPerToken, salt: salted });
        const before = Math.min(prefixTokens, inputTokens);
        assert.equal(prefix.length, Math.max(1, Math.round(before * charsPerToken)));
        const left = inputTokens - before;
        assert.equal(rest.length, left === 0 ? 0 : Math.max(1, Math.round(left * charsPerToken)));
        assert.equal(JSON.stringify(prefix + rest).length, prefix.length + rest.length + 2);
      }),
      { numRuns: 100 },
    );
    assert.equal(texts({ inputTokens: 0 }).rest.length, 4, "a message is never empty");
  });

  it("with a salt shares its prefix and nothing else, in this run and no other", () => {
    const cached = { prefixTokens: 200, prefixId: 4, salt: "s1" };
    const [one, two] = [texts({ ...cached, requestId: "17.0" }), texts({ ...cached, requestId: "18.0" })];
    assert.equal(one.prefix, two.prefix);
    assert.ok(shared(one.rest, two.rest) <= "s1 18".length);
    assert.equal(one.rest, texts({ ...cached, requestId: "17.1" }).rest, "a second attempt asks the same");
    const later = texts({ ...cached, requestId: "17.0", salt: "s2" });
    assert.ok(shared(one.prefix, later.prefix) <= 1);
    assert.ok(shared(one.rest, later.rest) <= 1);
    assert.notEqual(one.prefix, texts({ ...cached, prefixId: 5 }).prefix);
  });
});

it("an answer of status 200 without a token is a failure of its own, billed, and not tried again", () => {
  const verdict = (output: number) =>
    ({ kind: "ok", isFinal: false, error: "", usage: [10, output, 0, 0], id: "x" }) as const;
  assert.deepEqual(refuseEmpty(verdict(1)), verdict(1));
  assert.deepEqual(refuseEmpty(verdict(0)), {
    ...verdict(0),
    kind: "error",
    isFinal: true,
    interruption: "empty",
    error: "EmptyAnswer",
  });
  const unreported = { ...verdict(0), usage: null };
  assert.deepEqual(refuseEmpty(unreported), unreported, "nothing was said of tokens");
});
