import assert from "node:assert/strict";
import test from "node:test";
import { constant } from "../../../../simulator/random/laws/constant.ts";
import { compileSampler } from "../../../../simulator/random/sampler.ts";

test("a constant is exact, whatever the uniform", () => {
  const law = constant.create({ kind: "constant", value: 1234.5678901 });
  const sample = compileSampler(law);
  for (const u of [0, 1e-300, 0.3, 1 - 2 ** -53]) assert.equal(sample(u), 1234.5678901);
  assert.deepEqual([law.mean, law.variance], [1234.5678901, 0]);
});
