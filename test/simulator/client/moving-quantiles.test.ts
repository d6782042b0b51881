import assert from "node:assert/strict";
import { test } from "node:test";
import { MovingQuantiles } from "../../../simulator/client/moving-quantiles.ts";
import { KeyedRandom } from "../../../simulator/random/keyed-random.ts";

const laws: readonly [string, (u: number) => number][] = [
  ["uniform 0 to 10 s", (u) => 10_000 * u],
  ["exponential 4 s", (u) => -4_000 * Math.log1p(-u)],
  ["Weibull shape 0.5, heavy tail", (u) => 1_000 * Math.log1p(-u) ** 2],
  ["Pareto 2.5", (u) => 500 * (1 - u) ** (-1 / 2.5)],
];

function feed(quantiles: MovingQuantiles, quantile: (u: number) => number, count: number, keep: number, seed: number) {
  const random = new KeyedRandom(seed, "quantile");
  random.seek(0, 0);
  for (let i = 0; i < count; i++) quantiles.observe(0, quantile(random.next()), keep);
}

for (const [name, quantile] of laws) {
  for (const share of [0.5, 0.95]) {
    test(`${name}: the ${share} quantile of 50,000 values within 4 standard errors and 0.5 %`, () => {
      const quantiles = new MovingQuantiles(1, share);
      feed(quantiles, quantile, 50_000, 1, 11);
      const noise = 4 * Math.sqrt((share * (1 - share)) / 50_000);
      const estimate = quantiles.estimate[0]!;
      assert.ok(estimate > quantile(share - noise) * 0.995 && estimate < quantile(share + noise) * 1.005);
    });
  }
  test(`${name}: fading over 400 values stays within the noise of that many`, () => {
    // Effective number of a geometric window that keeps 1 - 1/400: (1 + keep) / (1 - keep) = 799.
    const noise = 4 * Math.sqrt((0.95 * 0.05) / 799);
    for (let seed = 0; seed < 20; seed++) {
      const quantiles = new MovingQuantiles(1, 0.95);
      feed(quantiles, quantile, 5_000, 1 - 1 / 400, seed);
      const estimate = quantiles.estimate[0]!;
      assert.ok(estimate > quantile(0.95 - noise) * 0.98 && estimate < quantile(0.95 + noise) * 1.02, `seed ${seed}`);
    }
  });
}

test("follows a law that changes, in both directions", () => {
  const quantiles = new MovingQuantiles(1, 0.95);
  const exponential = (mean: number) => (u: number) => -mean * Math.log1p(-u);
  for (const [mean, seed] of [
    [1_000, 1],
    [8_000, 2],
    [1_000, 3],
  ] as const) {
    feed(quantiles, exponential(mean), 3_000, 1 - 1 / 300, seed);
    const truth = exponential(mean)(0.95);
    assert.ok(Math.abs(quantiles.estimate[0]! / truth - 1) < 0.25, `${quantiles.estimate[0]} for ${truth}`);
  }
});

test("equals a recount from scratch after a million fading values, so rescaling loses nothing", () => {
  const quantiles = new MovingQuantiles(2, 0.95);
  const keep = 0.99;
  const values: number[] = [];
  const random = new KeyedRandom(5, "quantile");
  random.seek(0, 0);
  for (let i = 0; i < 300_000; i++) {
    const value = 10 + 5_000 * random.next() ** 3;
    if (i >= 297_000) values.push(value);
    quantiles.observe(1, value, keep);
  }
  const fresh = new MovingQuantiles(1, 0.95);
  for (const value of values) fresh.observe(0, value, keep);
  assert.ok(Math.abs(quantiles.estimate[1]! / fresh.estimate[0]! - 1) < 1e-9);
});

test("one value stands for itself to the bucket's width; targets are apart; forgetting is complete", () => {
  const quantiles = new MovingQuantiles(2, 0.95);
  quantiles.observe(0, 1_000, 1);
  assert.ok(Math.abs(quantiles.estimate[0]! / 1_000 - 1) < 0.045);
  assert.ok(Number.isNaN(quantiles.estimate[1]!));
  quantiles.forget(0);
  assert.ok(Number.isNaN(quantiles.estimate[0]!));
  quantiles.observe(0, 20, 1);
  assert.ok(Math.abs(quantiles.estimate[0]! / 20 - 1) < 0.045);
});

test("values outside the range are held at its ends, never NaN", () => {
  const quantiles = new MovingQuantiles(1, 0.95);
  quantiles.observe(0, 0, 1);
  assert.ok(quantiles.estimate[0]! > 0 && quantiles.estimate[0]! < 1);
  for (let i = 0; i < 100; i++) quantiles.observe(0, Number.MAX_VALUE, 1);
  assert.ok(quantiles.estimate[0]! > 1e8 && Number.isFinite(quantiles.estimate[0]!));
});
