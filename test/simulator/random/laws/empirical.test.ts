import assert from "node:assert/strict";
import test from "node:test";
import { empirical } from "../../../../simulator/random/laws/empirical.ts";
import { lawSchema } from "../../../../simulator/random/laws/index.ts";
import { compileSampler } from "../../../../simulator/random/sampler.ts";
import { near } from "../check-law.ts";

test("values come with their weights, and nothing between them", () => {
  const law = empirical.create({ kind: "empirical", values: [30, 10, 20], weights: [1, 6, 3] });
  near(law.mean, 0.6 * 10 + 0.3 * 20 + 0.1 * 30, 1e-12, "mean");
  near(law.variance, 0.6 * 100 + 0.3 * 400 + 0.1 * 900 - 15 ** 2, 1e-12, "variance");
  const sample = compileSampler(law);
  const seen = new Map<number, number>();
  for (let i = 0; i < 10_000; i++) {
    const value = sample((i + 0.5) / 10_000);
    seen.set(value, (seen.get(value) ?? 0) + 1);
  }
  assert.deepEqual(
    [...seen],
    [
      [10, 6000],
      [20, 3000],
      [30, 1000],
    ],
  );
  assert.equal(sample(0), 10);
  assert.equal(sample(1 - 2 ** -53), 30);
});

test("a quantile table is joined by straight lines", () => {
  const law = empirical.create({
    kind: "empirical",
    quantiles: [
      [0, 0],
      [0.5, 100],
      [1, 1100],
    ],
  });
  assert.equal(law.quantile(0.25), 50);
  assert.equal(law.quantile(0.75), 600);
  assert.deepEqual([-1, 0, 50, 600, 1100, 2000].map(law.cdf), [0, 0, 0.25, 0.75, 1, 1]);
  // A pile at 3: a quarter of all values.
  const piled: [number, number][] = [
    [0, 1],
    [0.5, 3],
    [0.75, 3],
    [1, 5],
  ];
  assert.deepEqual(
    [2, 2.999, 3, 4].map(empirical.create({ kind: "empirical", quantiles: piled }).cdf),
    [0.25, 0.49975, 0.75, 0.875],
  );
  const values = empirical.create({ kind: "empirical", values: [30, 10, 20], weights: [1, 6, 3] });
  assert.deepEqual([9, 10, 19, 20, 30].map(values.cdf), [0, 0.6, 0.6, 0.9, 1]);
  near(law.mean, 0.5 * 50 + 0.5 * 600, 1e-12, "mean");
  near(law.variance, 0.5 * (100 ** 2 / 3) + 0.5 * ((100 ** 2 + 110_000 + 1100 ** 2) / 3) - 325 ** 2, 1e-12, "variance");
});

test("weights that do not fit the values are refused", () => {
  const check = (options: object) => lawSchema("count").safeParse({ empirical: options }).success;
  assert.equal(check({ values: [1, 2], weights: [1] }), false);
  assert.equal(check({ values: [1, 2], weights: [0, 0] }), false);
  assert.equal(
    check({
      quantiles: [
        [0, 5],
        [1, 2],
      ],
    }),
    false,
  );
  assert.equal(
    check({
      quantiles: [
        [0, 5],
        [0.9, 7],
      ],
    }),
    false,
  );
  assert.equal(check({ values: [1, 2], weights: [1, 3] }), true);
});
