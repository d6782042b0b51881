import assert from "node:assert/strict";
import type { Law } from "../../../simulator/random/law.ts";
import { compileSampler, purposeStream } from "../../../simulator/random/sampler.ts";

/** The theory of a law, written down independently of its code. */
export interface Theory {
  readonly cdf: (x: number) => number;
  readonly mean: number;
  readonly variance: number;
}

/** Holds a continuous law and its compiled sampler against theory. */
export function checkLaw(law: Law, { cdf, mean, variance }: Theory): void {
  near(law.mean, mean, 1e-9, `${law.name}: mean`);
  near(law.variance, variance, 1e-8, `${law.name}: variance`);
  let previous = 0;
  for (const u of [1e-9, 1e-6, 1e-3, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1 - 1e-6, 1 - 1e-9]) {
    const x = law.quantile(u);
    assert.ok(x >= previous, `${law.name}: quantiles ascend at ${u}`);
    near(cdf(x), u, 1e-8, `${law.name}: cdf(quantile(${u}))`);
    near(1 - cdf(x), 1 - u, 1e-6, `${law.name}: tail at ${u}`);
    near(law.cdf(x), cdf(x), 1e-8, `${law.name}: distribution function at ${x}`);
    previous = x;
  }
  assert.deepEqual([law.cdf(-1), law.cdf(Number.MAX_VALUE)], [0, 1], `${law.name}: the ends`);
  const sample = compileSampler(law);
  const moments = integrate(sample);
  near(moments.mean, mean, 1e-4, `${law.name}: mean of the sampler`);
  near(moments.square, variance + mean * mean, 1e-3, `${law.name}: second moment of the sampler`);
  for (const edge of [0, 2 ** -53, 1 / 16, 15 / 16, 1 - 2 ** -53]) {
    assert.ok(Number.isFinite(sample(edge)) && sample(edge) >= 0, `${law.name}: finite at ${edge}`);
  }
  kolmogorovSmirnov(law, sample, cdf);
}

/** Midpoint rule on octaves towards both ends: E[X] and E[X²] of what a sampler gives for uniform u. */
function integrate(sample: (u: number) => number): { mean: number; square: number } {
  let mean = 0;
  let square = 0;
  const cells = 400;
  for (let octave = 1; octave < 50; octave++) {
    const width = 2 ** -(octave + 1) / cells;
    for (let i = 0; i < cells; i++) {
      const v = 2 ** -(octave + 1) + (i + 0.5) * width;
      for (const x of [sample(v), sample(1 - v)]) {
        mean += width * x;
        square += width * x * x;
      }
    }
  }
  return { mean, square };
}

/** 5,000 draws; the distance is beyond 2.2 / √n with a chance of 1 in 8,000, and the seed is fixed. */
function kolmogorovSmirnov(law: Law, sample: (u: number) => number, cdf: (x: number) => number): void {
  const stream = purposeStream(7, law.name);
  const n = 5000;
  const draws = Float64Array.from({ length: n }, () => sample(stream.next())).sort();
  let distance = 0;
  for (let i = 0; i < n; i++) {
    const f = cdf(draws[i]!);
    distance = Math.max(distance, Math.abs(f - i / n), Math.abs(f - (i + 1) / n));
  }
  assert.ok(distance < 2.2 / Math.sqrt(n), `${law.name}: Kolmogorov-Smirnov distance ${distance}`);
}

/** |actual - expected| within a share of the expected value (absolute below 1e-12). */
export function near(actual: number, expected: number, share: number, what: string): void {
  const error = Math.abs(actual - expected);
  assert.ok(error <= share * Math.abs(expected) + 1e-12, `${what}: ${actual}, expected ${expected}`);
}

/** Integral of a density from 0 to x by Simpson's rule after x = y³, which tames poles at 0. */
export function integralOf(density: (x: number) => number, x: number, steps = 20_000): number {
  const end = Math.cbrt(x);
  const f = (y: number) => (y === 0 ? 0 : density(y ** 3) * 3 * y * y);
  const h = end / steps;
  let sum = f(0) + f(end);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * f(i * h);
  return (sum * h) / 3;
}
