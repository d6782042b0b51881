import assert from "node:assert/strict";
import { test } from "node:test";
import { ar1Fit, ar1Mean, batchMeans, mm1WaitVariance } from "../../../simulator/base/autocorrelation.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { normalFrom } from "../compare/fixtures.ts";

const near = (found: number, wanted: number, relative = 1e-9) =>
  assert.ok(Math.abs(found / wanted - 1) <= relative, `${found} is not ${wanted}`);

test("the variance of a mean of an autoregression is the sum over all pairs of its covariances", () => {
  for (const [phi, n] of [
    [0.6, 7],
    [-0.4, 12],
    [0.95, 30],
  ] as const) {
    const variance = 2 / (1 - phi * phi);
    let sum = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += variance * phi ** Math.abs(i - j);
    const found = ar1Mean({ phi, noiseVariance: 2 }, n);
    near(found.varianceOfMean, sum / n ** 2);
    near(found.variance, variance);
  }
  const long = ar1Mean({ phi: 0.8, noiseVariance: 1 }, 1e6);
  near(long.varianceOfMean * 1e6, long.asymptoticVariance, 1e-4);
  near(long.asymptoticVariance, 25);
});

test("batch means and the fit of an autoregression hold its mean in about 95 of 100", () => {
  const random = purposeStream(4, "ar1");
  const normal = normalFrom(random);
  const covered = { batches: 0, fit: 0 };
  const experiments = 300;
  for (let e = 0; e < experiments; e++) {
    let x = normal() / Math.sqrt(1 - 0.7 ** 2);
    const series = Array.from({ length: 2000 }, () => {
      x = 0.7 * x + normal();
      return 10 + x;
    });
    const holds = ({ low, high }: { low: number | null; high: number | null }) => low! <= 10 && high! >= 10;
    if (holds(batchMeans(series, 20))) covered.batches++;
    const fit = ar1Fit(series);
    if (holds(fit.mean)) covered.fit++;
    assert.ok(Math.abs(fit.phi - 0.7) < 0.08);
  }
  for (const each of Object.values(covered))
    assert.ok(each / experiments > 0.91 && each / experiments < 0.98, String(each));
  assert.deepEqual(batchMeans([1, 2], 3), { value: 1.5, low: null, high: null, n: 0 });
});

test("the constant of M/M/1's mean wait is Daley's", () => near(mm1WaitVariance(0.9, 1), 35_901, 1e-9));
