import assert from "node:assert/strict";
import test from "node:test";
import { lawSchema } from "../../../../simulator/random/laws/index.ts";
import { type WeibullSpec, weibull } from "../../../../simulator/random/laws/weibull.ts";
import { checkLaw, near } from "../check-law.ts";

test("weibull with shape 1/2: moments by factorials", () => {
  // Γ(1 + 2) = 2 and Γ(1 + 4) = 24.
  checkLaw(weibull.create({ kind: "weibull", shape: 0.5, scale: 10 }), {
    cdf: (x) => -Math.expm1(-Math.sqrt(x / 10)),
    mean: 20,
    variance: 2400 - 400,
  });
});

test("weibull with shape 2 is Rayleigh's law", () => {
  checkLaw(weibull.create({ kind: "weibull", shape: 2, scale: 3 }), {
    cdf: (x) => -Math.expm1(-((x / 3) ** 2)),
    mean: (3 * Math.sqrt(Math.PI)) / 2,
    variance: 9 * (1 - Math.PI / 4),
  });
});

test("a weibull given by its mean has that mean", () => {
  const spec = lawSchema("durationMs").parse({ weibull: { mean: "1s", shape: 0.7 } }) as WeibullSpec;
  near(weibull.create(spec).mean, 1000, 1e-12, "mean");
  assert.equal(lawSchema("durationMs").safeParse({ weibull: { shape: 1 } }).success, false);
});
