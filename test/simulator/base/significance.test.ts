import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ar1Fit,
  ar1Mean,
  batchMeans,
  holm,
  mm1WaitVariance,
  momentsOf,
  momentsOfEstimate,
  pairedDifference,
  replicationsNeeded,
  studentP,
  welchDifference,
} from "../../../simulator/base/significance.ts";
import { tInterval } from "../../../simulator/base/statistics.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";
import { normalFrom } from "../compare/fixtures.ts";

const close = (found: number | null, wanted: number, tolerance = 1e-6) =>
  assert.ok(found !== null && Math.abs(found / wanted - 1) <= tolerance, `${found} is not ${wanted}`);

const A = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4];
const B = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.0, 23.9];

test("Welch's degrees of freedom, by hand, and its p-value, by integrating the density", () => {
  const { p, freedom, difference } = welchDifference(
    { mean: 20, variance: 4, n: 10 },
    { mean: 22, variance: 9, n: 12 },
  );
  close(freedom, 1.15 ** 2 / (0.4 ** 2 / 9 + 0.75 ** 2 / 11), 1e-12);
  assert.equal(difference.value, 2);
  const density = (t: number) => (1 + t ** 2 / freedom!) ** (-(freedom! + 1) / 2);
  const integral = (from: number, to: number, steps = 20_000) => {
    const h = (to - from) / steps;
    let sum = density(from) + density(to);
    for (let i = 1; i < steps; i++) sum += (i % 2 === 0 ? 2 : 4) * density(from + i * h);
    return (sum * h) / 3;
  };
  close(p, 1 - integral(0, 2 / Math.sqrt(1.15)) / integral(0, 400), 1e-6);
});

test("the paired test is the t interval of the differences", () => {
  const wanted = tInterval(B.map((value, i) => value - A[i]!));
  assert.deepEqual(pairedDifference(A, B).difference.n, wanted.n);
  for (const end of ["value", "low", "high"] as const)
    close(pairedDifference(A, B).difference[end], wanted[end]!, 1e-12);
  // The interval excludes zero exactly when p is below 5 %.
  assert.equal(pairedDifference(A, B).p! < 0.05, wanted.low! > 0 || wanted.high! < 0);
});

test("p-values of Student's t are those of tables", () => {
  for (const [t, freedom, p] of [
    [2.262157, 9, 0.05],
    [3.249836, 9, 0.01],
    [1.959964, 1e6, 0.05],
  ] as const) {
    close(studentP(t, 1, freedom), p, 1e-5);
  }
  assert.equal(studentP(1, 0, 3), 0);
});

test("Holm's adjusted p-values are those of R's p.adjust", () => {
  const given = [0.01, 0.02, 0.03, 0.04, 0.05];
  assert.deepEqual(
    holm(given).map((p) => Number(p.toFixed(12))),
    [0.05, 0.08, 0.09, 0.09, 0.09],
  );
  assert.deepEqual(holm([0.9, 0.8]), [1, 1]);
  assert.deepEqual(holm([]), []);
});

test("moments come back from the interval that was made of them", () => {
  const from = momentsOfEstimate(tInterval(A))!;
  close(from.mean, momentsOf(A)!.mean, 1e-12);
  close(from.variance, momentsOf(A)!.variance!, 1e-9);
  assert.equal(momentsOfEstimate(tInterval([])), undefined);
});

test("the relative interval of a ratio covers it in 93 to 97 of 100 samples, paired and not", () => {
  const random = purposeStream(5, "ratio");
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const covered = { paired: 0, welch: 0 };
  const samples = 2000;
  for (let s = 0; s < samples; s++) {
    const common = Array.from({ length: 10 }, normal);
    const a = common.map((each) => 10 + each);
    const b = common.map((each) => 8 + 0.8 * each + 0.3 * normal());
    const c = Array.from({ length: 10 }, () => 8 + normal());
    const holds = ({ low, high }: { low: number | null; high: number | null }) => low! <= -0.2 && high! >= -0.2;
    if (holds(pairedDifference(a, b).relative)) covered.paired++;
    if (holds(welchDifference(momentsOf(a)!, momentsOf(c)!).relative)) covered.welch++;
  }
  for (const share of [covered.paired / samples, covered.welch / samples])
    assert.ok(share > 0.93 && share < 0.97, String(share));
});

test("the replications needed are the fewest with which the difference is shown", () => {
  const n = replicationsNeeded(1, 2, { comparisons: 3 })!;
  const half = (size: number) => {
    const values = Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const s = Math.sqrt(momentsOf(values)!.variance!);
    const { low, high } = tInterval(
      values.map((value) => (2 * value) / s),
      3,
    );
    return (high! - low!) / 2;
  };
  assert.ok(half(n) <= 1 && half(n - 1) > 1);
  assert.equal(replicationsNeeded(0, 1), undefined);
  assert.equal(replicationsNeeded(1e-9, 1), undefined);
});

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
