import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createPromptCache } from "../../emulator/prompt-cache.ts";
import { callOf } from "./support.ts";

const point = (prefixId: string, tokens: number, ttlMs = 300_000) => ({ prefixId, tokens, ttlMs });

describe("prompt cache", () => {
  it("writes first, reads while it lives, and a hit restarts the time", () => {
    const cache = createPromptCache();
    const call = callOf({ cachePoints: [point("p", 2000)] });
    const use = (nowMs: number) => cache.use(call, "us-east-1", nowMs);
    assert.deepEqual(use(0), { readTokens: 0, writeTokens: 2000 });
    assert.deepEqual(use(299_000), { readTokens: 2000, writeTokens: 0 });
    assert.deepEqual(use(598_000), { readTokens: 2000, writeTokens: 0 });
    assert.deepEqual(use(898_001), { readTokens: 0, writeTokens: 2000 });
  });
  it("reads the longest known prefix and writes the rest", () => {
    const cache = createPromptCache();
    cache.use(callOf({ cachePoints: [point("a", 1500)] }), "us-east-1", 0);
    const longer = callOf({ cachePoints: [point("a", 1500), point("b", 4000)] });
    assert.deepEqual(cache.use(longer, "us-east-1", 1), { readTokens: 1500, writeTokens: 2500 });
  });
  it("keeps regions and models apart, and short prefixes out", () => {
    const cache = createPromptCache();
    const call = callOf({ cachePoints: [point("p", 2000)] });
    cache.use(call, "us-east-1", 0);
    assert.equal(cache.use(call, "us-west-2", 1).readTokens, 0);
    assert.equal(cache.use({ ...call, modelId: "other" }, "us-east-1", 1).readTokens, 0);
    const short = callOf({ cachePoints: [point("s", 1023)] });
    assert.deepEqual(cache.use(short, "us-east-1", 0), { readTokens: 0, writeTokens: 0 });
  });
});
