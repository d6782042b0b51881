import assert from "node:assert/strict";
import test from "node:test";
import { arrivalSchema } from "../../../../simulator/traffic/arrivals/index.ts";
import { poisson } from "../../../../simulator/traffic/arrivals/poisson.ts";
import { arrivalsOf, gapMoments } from "../pull.ts";

test("poisson: mean gap and cv within four standard errors", () => {
  const n = 200_000;
  const { mean, cv } = gapMoments(arrivalsOf({ poisson: "20/s" }, n));
  assert.ok(Math.abs(mean / 50 - 1) < 4 / Math.sqrt(n), `mean ${mean}`);
  assert.ok(Math.abs(cv - 1) < 0.02, `cv ${cv}`);
});

test("poisson: counts of a second have the variance of their mean", () => {
  const counts = new Array<number>(5000).fill(0);
  for (const time of arrivalsOf({ poisson: { rate: "20/s" } }, 120_000)) {
    const second = Math.floor(time / 1000);
    if (second < 5000) counts[second]!++;
  }
  const mean = counts.reduce((sum, c) => sum + c, 0) / 5000;
  const variance = counts.reduce((sum, c) => sum + (c - mean) ** 2, 0) / 4999;
  assert.ok(Math.abs(variance / mean - 1) < 4 * Math.sqrt(2 / 5000), `index of dispersion ${variance / mean}`);
});

test("a rate of zero means no requests", () => {
  assert.equal(arrivalsOf({ poisson: "0/s" }, 10).length, 0);
});

test("a wrong rate is refused", () => {
  assert.equal(arrivalSchema.safeParse({ poisson: "fast" }).success, false);
  assert.equal(arrivalSchema.safeParse({ poisson: "1G/s" }).success, false);
});

test("poisson: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(poisson.schema.parse("20/s"), { process: "poisson", ratePerS: 20 });
});
