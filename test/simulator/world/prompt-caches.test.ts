import assert from "node:assert/strict";
import { test } from "node:test";
import { PromptCaches } from "../../../simulator/world/prompt-caches.ts";
import { addAttempt, newAttempts, readAttempt } from "./attempts.ts";
import { endpointPlan, worldPlan } from "./plan.ts";

const PLAN = worldPlan({
  endpoints: [
    endpointPlan(0, { cacheTtlMs: 300_000, cacheMinimumTokens: 1024 }),
    endpointPlan(1, { cacheTtlMs: 300_000, cacheMinimumTokens: 1024 }),
    endpointPlan(2),
  ],
});

test("a prefix is read only where it was written; an endpoint without a cache neither reads nor writes", () => {
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

test("of several places in a prompt the longest that is cached is read, the rest written", () => {
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
