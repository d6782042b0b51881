import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  curveFactor,
  curvePoints,
  medianNoise,
  NO_NOISE,
  noiseCv,
  noiseLaw,
  noiseOf,
  spreadNoise,
} from "../../../simulator/calibrate/candidate-model.ts";
import { fitLinearLog, relativeLeastSquares } from "../../../simulator/calibrate/fit-curve.ts";
import { createLaw } from "../../../simulator/random/laws/index.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";

const uniforms = (seed: number, count: number) => {
  const stream = purposeStream(seed, "test/noise");
  return Array.from({ length: count }, () => stream.next());
};

describe("noise", () => {
  it("is the law of a sample over its mean", () => {
    const law = createLaw({ kind: "lognormal", mean: 3, cv: 0.4 });
    const { noise, mean } = noiseOf(uniforms(1, 20_000).map((u) => law.quantile(Math.max(1e-9, u))));
    assert.ok(Math.abs(mean - 3) < 0.03, `${mean}`);
    assert.ok(Math.abs(noiseCv(noise) - 0.4) < 0.02, `${noiseCv(noise)}`);
    const fitted = createLaw(noiseLaw(noise)!);
    assert.ok(Math.abs(fitted.mean - 1) < 1e-9);
    for (const u of [0.1, 0.5, 0.9, 0.99]) {
      assert.ok(Math.abs(fitted.quantile(u) / (law.quantile(u) / 3) - 1) < 0.06, `quantile ${u}`);
    }
    assert.ok(Math.abs(medianNoise(noise) - 1 / Math.sqrt(1.16)) < 0.02);
  });

  it("keeps its mean when it is spread, and is no law when there is none", () => {
    const { noise } = noiseOf([0.5, 1, 1, 2, 1.5, 0.7, 0.9, 1.1]);
    const wider = spreadNoise(noise, 1.5);
    assert.ok(noiseCv(wider) > noiseCv(noise));
    assert.ok(Math.abs(createLaw(noiseLaw(wider)!).mean - 1) < 1e-9);
    assert.equal(noiseLaw(NO_NOISE), null);
    assert.deepEqual(noiseOf([]), { noise: NO_NOISE, mean: 1 });
  });
});

describe("work by size", () => {
  it("is found under heavy noise, for large and small calls alike", () => {
    const u = uniforms(2, 3000);
    const size = Float64Array.from({ length: 1000 }, (_, i) => 10 + 4000 * u[3 * i]! ** 3);
    const ones = new Float64Array(1000).fill(1);
    // One in twenty takes five times as long.
    const target = size.map(
      (tokens, i) => (80 + 0.2 * tokens) * (u[3 * i + 1]! < 0.05 ? 5 : 0.95 + 0.1 * u[3 * i + 2]!),
    );
    const [base = 0, perToken = 0] = fitLinearLog([ones, size], target, [...size.keys()]);
    assert.ok(Math.abs(base / 80 - 1) < 0.03, `${base}`);
    assert.ok(Math.abs(perToken / 0.2 - 1) < 0.03, `${perToken}`);
  });

  it("never goes below zero, and copes with columns that are alike", () => {
    const ones = new Float64Array(50).fill(1);
    const size = Float64Array.from({ length: 50 }, (_, i) => i + 1);
    const rows = [...size.keys()];
    const falling = size.map((x) => 100 - x);
    assert.ok(relativeLeastSquares([ones, size], falling, rows).every((b) => b >= 0));
    const [a = 0, b = 0] = fitLinearLog([ones, ones], new Float64Array(50).fill(8), rows);
    assert.ok(Math.abs(a + b - 8) < 0.01);
    assert.deepEqual(fitLinearLog([ones], new Float64Array(50), rows), [0]);
  });
});

describe("slowdown curves", () => {
  it("are 1 alone and never fall", () => {
    const power = fc.tuple(
      fc.double({ min: 1e-4, max: 1, noNaN: true }),
      fc.double({ min: 0.5, max: 2.2, noNaN: true }),
    );
    fc.assert(
      fc.property(power, fc.double({ min: 1, max: 200, noNaN: true }), (numbers, calls) => {
        assert.equal(curveFactor("power", numbers, 1), 1);
        assert.ok(curveFactor("power", numbers, calls + 1) >= curveFactor("power", numbers, calls));
      }),
    );
  });

  it("bend upward only as long as more inside means that more is done", () => {
    const [a, g] = [0.01, 2];
    const doneBy = (calls: number) => calls / curveFactor("power", [a, g], calls);
    // n / (1 + a (n - 1)^2) is greatest at n = sqrt(1 + 1 / a).
    const best = Math.sqrt(1 + 1 / a);
    assert.ok(Math.abs(curveFactor("power", [a, g], best) - (1 + a * (best - 1) ** 2)) < 1e-6);
    for (const calls of [11, 15, 40, 400]) assert.ok(Math.abs(doneBy(calls) - doneBy(best)) < 1e-6 * doneBy(best));
    assert.ok(doneBy(5) < doneBy(best));
  });

  it("are drawn with points that lie on them, and go on as they end", () => {
    const points = curvePoints("power", [0.01, 2], 20);
    for (const [calls, factor] of points) assert.equal(factor, curveFactor("power", [0.01, 2], calls));
    const [[n1, f1], [n2, f2]] = [points.at(-2)!, points.at(-1)!];
    const beyond = f2 + ((f2 - f1) / (n2 - n1)) * 100;
    assert.ok(Math.abs(beyond - curveFactor("power", [0.01, 2], n2 + 100)) < 1e-6 * beyond);
  });
});
