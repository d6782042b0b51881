import assert from "node:assert/strict";
import { test } from "node:test";
import { cachePolicyOf } from "../../../../simulator/world/pricing/cache-policy.ts";
import { BOOK_DATA } from "./fixtures.ts";

function policy(modelId: string) {
  const rows = BOOK_DATA.prices.filter((row) => row.model === modelId);
  return cachePolicyOf(modelId, rows, BOOK_DATA.rulesObserved);
}

test("the published multipliers of each provider", () => {
  assert.deepEqual(policy("anthropic.claude-sonnet-4-5-20250929-v1:0"), { read: 0.1, write5m: 1.25, write1h: 2 });
  assert.equal(policy("anthropic.claude-opus-5-5").read, 0.05);
  assert.equal(policy("anthropic.claude-opus-4-5-20251101-v1:0").read, 0.1);
  assert.deepEqual(policy("amazon.nova-pro-v1:0"), { read: 0.25, write5m: 0, write1h: 0 });
});

test("every listed cache price of Claude follows the multipliers", () => {
  for (const row of BOOK_DATA.prices) {
    if (!row.model.startsWith("anthropic.") || row.cacheRead === null) continue;
    const { read, write5m } = policy(row.model);
    assert.ok(Math.abs(row.cacheRead - row.input * read) < 1e-9, `${row.model} ${row.region} read`);
    if (row.cacheWrite !== null) assert.ok(Math.abs(row.cacheWrite - row.input * write5m) < 1e-9, `${row.model} write`);
  }
});

test("a model that lists no cache price sells no caching: a prefix costs what input costs", () => {
  assert.deepEqual(policy("meta.llama3-3-70b-instruct-v1:0"), { read: 1, write5m: 1, write1h: 1 });
  assert.deepEqual(cachePolicyOf("sonnet", [], undefined), { read: 1, write5m: 1, write1h: 1 });
});
