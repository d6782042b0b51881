import assert from "node:assert/strict";
import { it } from "node:test";
import { PromptCache } from "../../../simulator/world/prompt-cache.ts";

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

it("prefixes that nobody asks for again do not pile up, and living ones are never thrown out", () => {
  const cache = new PromptCache(1000);
  for (let ms = 0; ms < 200_000; ms++) {
    cache.touch(ms, ms);
    if (ms % 999 === 0) cache.touch(ms, -1);
    assert.ok(cache.has(ms, Math.max(0, ms - 999)) && cache.has(ms, -1));
  }
  assert.ok(cache.size <= 8192, `${cache.size} prefixes for 1,000 living ones`);
});
