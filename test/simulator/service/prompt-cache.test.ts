import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cachePolicyOf, PromptCache, PromptCaches } from "../../../simulator/service/prompt-cache.ts";
import { addAttempt, newAttempts, readAttempt } from "./attempts.ts";
import { endpointPlan, servicePlan } from "./plan.ts";
import { BOOK_DATA } from "./pricing/fixtures.ts";

function policy(modelId: string) {
  const rows = BOOK_DATA.prices.filter((row) => row.model === modelId);
  return cachePolicyOf(modelId, rows, BOOK_DATA.rulesObserved);
}

describe("prices of cached tokens", () => {
  it("the published multipliers of each provider", () => {
    assert.deepEqual(policy("anthropic.claude-sonnet-4-5-20250929-v1:0"), { read: 0.1, write5m: 1.25, write1h: 2 });
    assert.equal(policy("anthropic.claude-opus-5-5").read, 0.05);
    assert.equal(policy("anthropic.claude-opus-4-5-20251101-v1:0").read, 0.1);
    assert.deepEqual(policy("amazon.nova-pro-v1:0"), { read: 0.25, write5m: 0, write1h: 0 });
  });

  it("every listed cache price of Claude follows the multipliers", () => {
    for (const row of BOOK_DATA.prices) {
      if (!row.model.startsWith("anthropic.") || row.cacheRead === null) continue;
      const { read, write5m } = policy(row.model);
      assert.ok(Math.abs(row.cacheRead - row.input * read) < 1e-9, `${row.model} ${row.region} read`);
      if (row.cacheWrite !== null)
        assert.ok(Math.abs(row.cacheWrite - row.input * write5m) < 1e-9, `${row.model} write`);
    }
  });

  it("a model that lists no cache price sells no caching: a prefix costs what input costs", () => {
    assert.deepEqual(policy("meta.llama3-3-70b-instruct-v1:0"), { read: 1, write5m: 1, write1h: 1 });
    assert.deepEqual(cachePolicyOf("sonnet", [], undefined), { read: 1, write5m: 1, write1h: 1 });
  });
});

describe("the cache of one endpoint", () => {
  it("a prefix lives for its time after the last write or hit", () => {
    const cache = new PromptCache(300_000);
    assert.equal(cache.has(0, 7), false);
    cache.touch(0, 7);
    assert.equal(cache.has(299_999, 7), true);
    assert.equal(cache.has(300_000, 7), false);
    cache.touch(299_000, 7);
    assert.equal(cache.has(598_999, 7), true);
    assert.equal(cache.has(1, 8), false);
    cache.clear();
    assert.equal(cache.has(299_001, 7), false);
  });

  it("prefixes that are not used again do not accumulate, and living ones are never swept", () => {
    const cache = new PromptCache(1000);
    for (let ms = 0; ms < 200_000; ms++) {
      cache.touch(ms, ms);
      if (ms % 999 === 0) cache.touch(ms, -1);
      assert.ok(cache.has(ms, Math.max(0, ms - 999)) && cache.has(ms, -1));
    }
    assert.ok(cache.size <= 8192, `${cache.size} prefixes for 1,000 living ones`);
  });
});

describe("the caches of all endpoints", () => {
  const PLAN = servicePlan({
    endpoints: [
      endpointPlan(0, { cacheTtlMs: 300_000, cacheMinimumTokens: 1024 }),
      endpointPlan(1, { cacheTtlMs: 300_000, cacheMinimumTokens: 1024 }),
      endpointPlan(2),
    ],
  });

  it("a prefix is read only where it was written; an endpoint without a cache neither reads nor writes", () => {
    const table = newAttempts();
    const caches = new PromptCaches(PLAN, table, undefined);
    const attempt = addAttempt(table, { inputTokens: 3000, prefixTokens: 2000, prefixId: 7 });
    const found = (endpoint: number) => {
      caches.lookUp(1, attempt, endpoint);
      return [readAttempt(table, attempt, "cacheReadTokens"), readAttempt(table, attempt, "cacheWriteTokens")];
    };
    assert.deepEqual(found(0), [0, 2000]);
    caches.keep(1, attempt, 0);
    assert.deepEqual(found(0), [2000, 0]);
    assert.deepEqual(found(1), [0, 2000], "another region has not seen it");
    assert.deepEqual(found(2), [0, 0], "what an earlier look-up left in the row is gone");
    caches.clear(0);
    assert.deepEqual(found(0), [0, 2000]);
  });

  it("of several cacheable lengths of a prompt the longest cached is read, the rest written", () => {
    const table = newAttempts();
    const attempt = addAttempt(table, { inputTokens: 5000, prefixTokens: 4000, prefixId: -1 });
    const prefixes = [
      { id: 1, tokens: 500 },
      { id: 2, tokens: 2000 },
      { id: 3, tokens: 4000 },
    ];
    let known = prefixes.slice(0, 2);
    const caches = new PromptCaches(PLAN, table, () => known);
    caches.keep(0, attempt, 0);
    known = prefixes;
    caches.lookUp(1, attempt, 0);
    assert.equal(readAttempt(table, attempt, "cacheReadTokens"), 2000);
    assert.equal(readAttempt(table, attempt, "cacheWriteTokens"), 2000);
  });
});
