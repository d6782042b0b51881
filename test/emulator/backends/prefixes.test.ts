import assert from "node:assert/strict";
import { it } from "node:test";
import { prefixesOf } from "../../../emulator/backends/prefixes.ts";
import { callOf } from "../support.ts";

const points = [
  { prefixId: "abc", tokens: 1200, ttlMs: 300_000 },
  { prefixId: "abd", tokens: 2400, ttlMs: 300_000 },
];

it("the same content has the same id, other content and other accounts another", () => {
  const [first, second] = prefixesOf(callOf({ cachePoints: points }), 0);
  assert.deepEqual(prefixesOf(callOf({ cachePoints: points, region: "eu-west-1" }), 0), [first, second]);
  assert.notEqual(first!.id, second!.id);
  assert.notEqual(prefixesOf(callOf({ cachePoints: points }), 1)[0]!.id, first!.id);
  assert.deepEqual([first!.tokens, second!.tokens], [1200, 2400]);
});

it("ids fill the world's integer columns without colliding at the scale of a test", () => {
  const many = Array.from({ length: 2000 }, (_, i) => ({ prefixId: `prefix ${i}`, tokens: 1, ttlMs: 1 }));
  const ids = prefixesOf(callOf({ cachePoints: many }), 0).map(({ id }) => id);
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 2 ** 31));
  assert.equal(new Set(ids).size, ids.length);
});
