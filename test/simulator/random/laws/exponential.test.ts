import test from "node:test";
import { exponential } from "../../../../simulator/random/laws/exponential.ts";
import { compileSampler } from "../../../../simulator/random/sampler.ts";
import { checkLaw, near } from "../check-law.ts";

test("exponential: 1 - exp(-x/m)", () => {
  checkLaw(exponential.create({ kind: "exponential", mean: 800 }), {
    cdf: (x) => -Math.expm1(-x / 800),
    mean: 800,
    variance: 640_000,
  });
});

test("the compiled quantiles of an exponential are within 1e-6, so M/M/1 percentiles are safe", () => {
  const sample = compileSampler(exponential.create({ kind: "exponential", mean: 1 }));
  for (let i = 1; i < 100_000; i++) near(sample(i / 100_000), -Math.log1p(-i / 100_000), 1.5e-6, `u = ${i / 1e5}`);
});
