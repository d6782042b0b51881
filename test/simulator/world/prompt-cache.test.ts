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
