import assert from "node:assert/strict";
import { it } from "node:test";
import { DirectLuck, LUCK_BLOCK } from "../../../simulator/engine/direct-luck.ts";
import { keyedUniform } from "../../../simulator/random/keyed-random.ts";
import { createLaw, type LawSpec } from "../../../simulator/random/laws/index.ts";
import { compileSampler } from "../../../simulator/random/sampler.ts";

const KEY = 99;
const lognormal: LawSpec = { kind: "lognormal", mean: 4000, cv: 1 };

it("a block holds what single draws give, past 2^31 requests too", () => {
  const sample = compileSampler(createLaw(lognormal));
  const luck = new DirectLuck([lognormal, { ...lognormal }], KEY);
  for (const from of [0, 70_000, 2 ** 31 - 100]) {
    luck.draw(from, LUCK_BLOCK);
    const single = Array.from({ length: LUCK_BLOCK }, (_, i) => sample(keyedUniform(KEY, (from + i) | 0, 0)));
    assert.deepEqual([...luck.workMs], single);
  }
});

it("draws nothing where servers differ", () => {
  const luck = new DirectLuck([lognormal, { ...lognormal, mean: 5000 }], KEY);
  luck.draw(0, 10);
  assert.ok(luck.workMs.every(Number.isNaN));
});
