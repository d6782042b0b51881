import assert from "node:assert/strict";
import test from "node:test";
import { above0, clampLaw, momentsOf, positiveNumber, quantityOf, truncateLaw } from "../../../simulator/random/law.ts";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { checkLaw, near } from "./check-law.ts";

const exponential = createLaw({ kind: "exponential", mean: 1 });

test("clamping accumulates probability at the limits", () => {
  const law = clampLaw(exponential, { min: 0.5, max: 2 });
  assert.equal(law.quantile(0.1), 0.5);
  assert.equal(law.quantile(0.95), 2);
  assert.deepEqual([0.49, 2, 3].map(law.cdf), [0, 1, 1]);
  for (const x of [0.5, 1, 1.99]) near(law.cdf(x), -Math.expm1(-x), 1e-12, `distribution function at ${x}`);
  near(law.quantile(0.7), -Math.log(0.3), 1e-12, "inside");
  // E[min(max(X, a), b)] = a + e^-a - e^-b.
  near(law.mean, 0.5 + Math.exp(-0.5) - Math.exp(-2), 1e-5, "mean");
});

test("truncating redraws: the conditional law", () => {
  const mass = Math.exp(-0.5) - Math.exp(-2);
  const cdf = (x: number) => (Math.exp(-0.5) - Math.exp(-x)) / mass;
  const mean = (1.5 * Math.exp(-0.5) - 3 * Math.exp(-2)) / mass;
  const square = (Math.exp(-0.5) * (0.25 + 1 + 2) - Math.exp(-2) * (4 + 4 + 2)) / mass;
  checkLaw(truncateLaw(exponential, { min: 0.5, max: 2 }), { cdf, mean, variance: square - mean * mean });
});

test("limits from the scenario reach the law", () => {
  const law = createLaw({ kind: "exponential", mean: 1000, truncate: { max: 2000 } });
  assert.ok(law.quantile(1 - 1e-12) <= 2000);
  const clamped = createLaw({ kind: "exponential", mean: 1000, clamp: { min: 10 } });
  assert.equal(clamped.quantile(1e-6), 10);
});

test("the unit decides how a quantity is written", () => {
  assert.equal(quantityOf("durationMs").parse("1.5s"), 1500);
  assert.equal(quantityOf("durationMs").safeParse(5).success, false);
  assert.equal(quantityOf("count").parse(5), 5);
  assert.equal(quantityOf("count").parse("2k"), 2000);
});

test("zero is refused with the name of the parameter", () => {
  assert.match(String(above0(quantityOf("count"), "mean").safeParse(0).error), /mean must be above 0/);
  assert.match(String(positiveNumber("cv", "").safeParse(-1).error), /cv must be above 0/);
});

test("moments from quantiles: exponential and uniform", () => {
  const exponential = momentsOf((u) => -Math.log1p(-u));
  near(exponential.mean, 1, 1e-9, "mean");
  near(exponential.variance, 1, 1e-7, "variance");
  const uniform = momentsOf((u) => u);
  near(uniform.mean, 0.5, 1e-12, "mean");
  near(uniform.variance, 1 / 12, 1e-12, "variance");
});
