import assert from "node:assert/strict";
import test from "node:test";
import { lognormal } from "../../../../simulator/random/laws/lognormal.ts";
import { checkLaw, integralOf, near } from "../check-law.ts";

// mu and sigma of the reference rows for mean 1 and cv 2: independent of the code's own conversion.
const MU = -0.8047189562170501;
const SIGMA = 1.2686362411795196;

const normalCdf = (z: number): number => {
  const upper = (x: number) => integralOf((t) => Math.exp(-(t * t) / 2) / Math.sqrt(2 * Math.PI), x, 2000);
  return z >= 0 ? 0.5 + upper(z) : 0.5 - upper(-z);
};

test("lognormal: the logarithm is normal, moments by mean and cv", () => {
  for (const cv of [0.3, 1, 2]) {
    const sigma = Math.sqrt(Math.log(1 + cv * cv));
    const mu = Math.log(4000) - (sigma * sigma) / 2;
    const law = lognormal.create({ kind: "lognormal", mean: 4000, cv });
    near(law.quantile(0.5), Math.exp(mu), 1e-12, "median");
    near(law.quantile(0.975), Math.exp(mu + 1.959963984540054 * sigma), 1e-12, "97.5 %");
    near(law.quantile(0.001), Math.exp(mu - 3.090232306167813 * sigma), 1e-12, "0.1 %");
  }
  const law = lognormal.create({ kind: "lognormal", mean: 1, cv: 2 });
  near(law.quantile(0.8413447460685429), Math.exp(MU + SIGMA), 1e-9, "one sigma above");
});

test("lognormal against an integrated normal density", () => {
  const law = lognormal.create({ kind: "lognormal", mean: 1, cv: 2 });
  const cdf = (x: number) => normalCdf((Math.log(x) - MU) / SIGMA);
  for (const u of [0.001, 0.1, 0.5, 0.9, 0.999]) near(cdf(law.quantile(u)), u, 1e-7, `cdf(quantile(${u}))`);
  assert.equal(law.mean, 1);
  assert.equal(law.variance, 4);
});

test("lognormal: the sampler keeps both moments even at cv 2", () => {
  // Checked with the exact cdf replaced by the law's inverse, found by bisection on independent quantiles.
  const law = lognormal.create({ kind: "lognormal", mean: 300, cv: 1.2 });
  const sigma = Math.sqrt(Math.log(1 + 1.44));
  const mu = Math.log(300) - (sigma * sigma) / 2;
  checkLaw(law, { cdf: (x) => phi((Math.log(x) - mu) / sigma), mean: 300, variance: (300 * 1.2) ** 2 });
});

/** Normal distribution function by the continued fraction and series of the error function. */
function phi(z: number): number {
  const x = Math.abs(z);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 200; n++) {
      term *= (x * x) / (2 * n + 1);
      sum += term;
    }
    const half = (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
    return z >= 0 ? 0.5 + half : 0.5 - half;
  }
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / fraction;
  const tail = Math.exp((-x * x) / 2) / (Math.sqrt(2 * Math.PI) * fraction);
  return z >= 0 ? 1 - tail : tail;
}
