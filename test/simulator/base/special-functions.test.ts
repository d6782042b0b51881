import test from "node:test";
import { gammaQuantile, incompleteGamma, lnGamma, normalQuantile } from "../../../simulator/base/special-functions.ts";
import { near } from "../random/check-law.ts";

test("normal quantiles as tabulated", () => {
  // Python 3.11, statistics.NormalDist().inv_cdf.
  near(normalQuantile(0.9), 1.2815515655446008, 1e-14, "90 %");
  near(normalQuantile(0.01), -2.3263478740408408, 1e-14, "1 %");
  near(normalQuantile(1e-15), -7.941345326170995, 1e-14, "1e-15");
  near(normalQuantile(1e-300), -37.0470962993612, 1e-14, "1e-300");
  near(normalQuantile(0.999), 3.090232306167813, 1e-14, "99.9 %");
});

test("the gamma function: factorials, the half, and a large value", () => {
  near(lnGamma(0.5), Math.log(Math.PI) / 2, 1e-14, "Γ(1/2)");
  near(lnGamma(11), Math.log(3_628_800), 1e-14, "Γ(11)");
  // Python 3.11, math.lgamma.
  near(lnGamma(0.1), 2.2527126517342055, 1e-14, "Γ(0.1)");
  near(lnGamma(30.5), 72.9534711841694, 1e-14, "Γ(30.5)");
});

test("incomplete gamma: exponential and Erlang closed forms on both sides of the switch", () => {
  for (const x of [0.01, 0.5, 1.9, 2.1, 5, 40]) {
    near(incompleteGamma(1, x).upper, Math.exp(-x), 1e-12, `Q(1, ${x})`);
    near(incompleteGamma(3, x).upper, Math.exp(-x) * (1 + x + (x * x) / 2), 1e-12, `Q(3, ${x})`);
  }
});

test("gamma quantiles invert the integral from one tail to the other", () => {
  for (const shape of [0.05, 1 / 9, 0.5, 1, 4, 30, 1000]) {
    for (const p of [1e-9, 1e-4, 0.3, 0.5, 0.9]) {
      near(incompleteGamma(shape, gammaQuantile(shape, p)).lower, p, 1e-10, `shape ${shape}, p ${p}`);
    }
    for (const q of [1e-4, 1e-9]) {
      near(incompleteGamma(shape, gammaQuantile(shape, 1 - q)).upper, q, 1e-6, `shape ${shape}, q ${q}`);
    }
  }
});
