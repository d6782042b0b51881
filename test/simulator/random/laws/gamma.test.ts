import test from "node:test";
import { gamma } from "../../../../simulator/random/laws/gamma.ts";
import { checkLaw, integralOf, near } from "../check-law.ts";

test("gamma with cv 1 is exponential", () => {
  checkLaw(gamma.create({ kind: "gamma", mean: 50, cv: 1 }), {
    cdf: (x) => -Math.expm1(-x / 50),
    mean: 50,
    variance: 2500,
  });
});

test("gamma with cv 1/√2 is the sum of two exponentials", () => {
  checkLaw(gamma.create({ kind: "gamma", mean: 2, cv: Math.SQRT1_2 }), {
    cdf: (x) => -Math.expm1(-x) - x * Math.exp(-x),
    mean: 2,
    variance: 2,
  });
});

test("gamma with cv √2 is a squared normal: its density integrated", () => {
  // Shape 1/2, scale 2: chi-squared with one degree of freedom.
  const law = gamma.create({ kind: "gamma", mean: 1, cv: Math.SQRT2 });
  const density = (x: number) => Math.exp(-x / 2) / Math.sqrt(2 * Math.PI * x);
  for (const u of [0.05, 0.3, 0.5, 0.9, 0.99]) near(integralOf(density, law.quantile(u)), u, 1e-7, `u = ${u}`);
  // Percentage points of chi-squared with one degree of freedom, as printed in every table.
  near(law.quantile(0.95), 3.841458820694124, 1e-12, "95 %");
  near(law.quantile(0.99), 6.6348966010212145, 1e-12, "99 %");
});

test("bursty gamma (cv 3, shape 1/9) keeps its moments", () => {
  const law = gamma.create({ kind: "gamma", mean: 1, cv: 3 });
  let mean = 0;
  let square = 0;
  const n = 400_000;
  for (let i = 0; i < n; i++) {
    const x = law.quantile((i + 0.5) / n);
    mean += x / n;
    square += (x * x) / n;
  }
  near(mean, 1, 1e-4, "mean");
  near(square, 10, 2e-3, "second moment");
});
