/**
 * Inference on means: differences of two with intervals and p-values (paired, Welch), Holm's correction over many of them, and
 * means of correlated series: batch means, first-order autoregression, what is known of queues.
 */
import tCdf from "@stdlib/stats-base-dists-t-cdf";
import { sampleVariance } from "simple-statistics";
import { blockStandardError, criticalT, type Estimate, meanNumber, studentQuantile } from "./statistics.ts";

const CONFIDENCE = 0.95;

/** Mean, sample variance (n - 1) and size of a sample of independent values; variance null with fewer than two. */
export interface Moments {
  readonly mean: number;
  readonly variance: number | null;
  readonly n: number;
}

/** A difference B - A, and as a share of A's mean. */
export interface MeanDifference {
  readonly difference: Estimate;
  /** B / A - 1; nulls where A's mean is zero. */
  readonly relative: Estimate;
  /** Two-sided p-value of "no difference"; null where no interval can be given. */
  readonly p: number | null;
  /** Degrees of freedom; null likewise. */
  readonly freedom: number | null;
}

/** @returns undefined of an empty sample */
export function momentsOf(values: readonly number[]): Moments | undefined {
  if (values.length === 0) return undefined;
  const variance = values.length < 2 ? null : sampleVariance([...values]);
  return { mean: meanNumber(values), variance, n: values.length };
}

/**
 * The moments behind an interval of `tInterval`: s = half-width × sqrt(n) / t.
 *
 * @returns undefined where the estimate has no value
 */
export function momentsOfEstimate({ value, low, high, n }: Estimate): Moments | undefined {
  if (value === null || n === 0) return undefined;
  if (low === null || high === null || n < 2) return { mean: value, variance: null, n };
  return { mean: value, variance: (((high - low) / 2) * Math.sqrt(n)) ** 2 / criticalT(n) ** 2, n };
}

/**
 * The mean of paired differences with Student's t interval, and the ratio of the means with the interval of the ratio
 * estimator (linearised: the variance of b - r a).
 *
 * @param a, b values of the same replications, aligned
 * Source: W. G. Cochran, Sampling Techniques (3rd ed., 1977), section 6.4, for the ratio.
 * @example pairedDifference([10, 12, 14], [11, 13, 15]).difference // => { value: 1, low: 1, high: 1, n: 3 }
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): MeanDifference {
  const n = a.length;
  const meanA = meanNumber(a);
  const differences = b.map((value, i) => value - a[i]!);
  const value = meanNumber(differences);
  const ratio = meanNumber(b) / meanA;
  const error = n < 2 ? null : Math.sqrt(sampleVariance(differences) / n);
  const ratioError =
    n < 2 ? null : Math.sqrt(sampleVariance(b.map((each, i) => each - ratio * a[i]!)) / n) / Math.abs(meanA);
  return assembled({ value, error, ratio, ratioError, freedom: n - 1, n, meanA });
}

/**
 * The difference of the means of two independent samples (B. L. Welch), with Satterthwaite's degrees of freedom.
 *
 * Source: B. L. Welch, "The generalization of Student's problem when several different population variances are
 * involved", Biometrika 34, 1947.
 * @example welchDifference({ mean: 1, variance: 4, n: 4 }, { mean: 3, variance: 4, n: 4 }).freedom // => 6
 */
export function welchDifference(a: Moments, b: Moments): MeanDifference {
  const value = b.mean - a.mean;
  const ratio = b.mean / a.mean;
  const n = Math.min(a.n, b.n);
  if (a.variance === null || b.variance === null) {
    return assembled({ value, error: null, ratio, ratioError: null, freedom: 0, n, meanA: a.mean });
  }
  const [partA, partB] = [a.variance / a.n, b.variance / b.n];
  const error = Math.sqrt(partA + partB);
  const spread = partA ** 2 / (a.n - 1) + partB ** 2 / (b.n - 1);
  const freedom = spread === 0 ? a.n + b.n - 2 : (partA + partB) ** 2 / spread;
  const ratioError = Math.sqrt(partB + ratio ** 2 * partA) / Math.abs(a.mean);
  return assembled({ value, error, ratio, ratioError, freedom, n, meanA: a.mean });
}

interface Parts {
  readonly value: number;
  /** Standard error; null where there is none. */
  readonly error: number | null;
  readonly ratio: number;
  readonly ratioError: number | null;
  readonly freedom: number;
  readonly n: number;
  readonly meanA: number;
}

function assembled({ value, error, ratio, ratioError, freedom, n, meanA }: Parts): MeanDifference {
  const none: Estimate = { value: null, low: null, high: null, n };
  if (error === null || ratioError === null) {
    const point = (at: number): Estimate => ({ value: at, low: null, high: null, n });
    return { difference: point(value), relative: meanA === 0 ? none : point(ratio - 1), p: null, freedom: null };
  }
  const t = studentQuantile(1 - (1 - CONFIDENCE) / 2, freedom);
  const around = (at: number, half: number): Estimate => ({ value: at, low: at - half, high: at + half, n });
  return {
    difference: around(value, t * error),
    relative: meanA === 0 ? none : around(ratio - 1, t * ratioError),
    p: studentP(value, error, freedom),
    freedom,
  };
}

/**
 * Two-sided p-value of a difference under Student's t. A difference that never varies is certain.
 *
 * @example studentP(0, 1, 9) // => 1
 */
export function studentP(difference: number, standardError: number, freedom: number): number {
  if (difference === 0) return 1;
  if (standardError === 0) return 0;
  return 2 * tCdf(-Math.abs(difference / standardError), freedom);
}

/**
 * Holm's step-down correction: p-values adjusted so that calling those below alpha makes a false call in the whole
 * family with a chance of at most alpha, whatever their dependence.
 *
 * @returns adjusted p-values in the order given
 * Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
 * @example holm([0.01, 0.04, 0.03]) // => [0.03, 0.06, 0.06]
 */
export function holm(pValues: readonly number[]): readonly number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i]! - pValues[j]! || i - j);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = largest;
  });
  return adjusted;
}

/**
 * Fewest replications with which a difference of this size and spread would be shown to differ in a family of
 * `comparisons`: t(1 - alpha / 2m, n - 1) s / sqrt(n) <= |difference|.
 *
 * @param spread standard deviation of one replication's difference
 * @returns a whole number of at least 2; undefined where more than `most` are needed
 */
export function replicationsNeeded(
  difference: number,
  spread: number,
  { comparisons = 1, most = 10_000 }: { readonly comparisons?: number; readonly most?: number } = {},
): number | undefined {
  if (difference === 0) return undefined;
  const isEnough = (n: number) => (criticalT(n, comparisons) * spread) / Math.sqrt(n) <= Math.abs(difference);
  if (!isEnough(most)) return undefined;
  let [tooFew, enough] = [1, most];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/**
 * The mean of one long run with its 95 % interval from the means of consecutive batches, which are nearly independent
 * where batches are long. Values after the last whole batch are left out.
 *
 * @param batches 20 to 30 as a rule
 * @returns `n` counts batches; nulls for the interval with fewer values than batches
 * Source: B. Schmeiser, "Batch size effects in the analysis of simulation output", Operations Research 30, 1982.
 * @example batchMeans([1, 3, 1, 3], 2) // => { value: 2, low: 2, high: 2, n: 2 }
 */
export function batchMeans(values: ArrayLike<number>, batches = 20): Estimate {
  const size = Math.floor(values.length / batches);
  if (size < 1 || batches < 2) {
    return { value: values.length === 0 ? null : meanNumber(values), low: null, high: null, n: 0 };
  }
  const value = meanNumber(values, 0, size * batches);
  const half = studentQuantile(0.975, batches - 1) * blockStandardError(values, batches);
  return { value, low: value - half, high: value + half, n: batches };
}

/** A first-order autoregressive process x(t) = phi x(t - 1) + e(t). */
export interface Ar1Process {
  /** In (-1, 1). */
  readonly phi: number;
  /** Variance of e; the process has sigma2 / (1 - phi²). */
  readonly noiseVariance: number;
}

/**
 * What autocorrelation does to the mean of n values of a first-order autoregressive process.
 *
 * @param n values; whole, at least 1
 * @returns variance of one value, exact variance of the mean, n × that variance as n grows, and how many independent
 *   values would tell as much
 * Source: G. Box, G. Jenkins, G. Reinsch, Time Series Analysis, chapter 3.
 * @example ar1Mean({ phi: 0, noiseVariance: 4 }, 100).varianceOfMean // => 0.04
 */
export function ar1Mean({ phi, noiseVariance }: Ar1Process, n: number) {
  const variance = noiseVariance / (1 - phi * phi);
  const asymptoticVariance = noiseVariance / (1 - phi) ** 2;
  // Sum over all lags of (1 - lag / n) phi^lag, in closed form.
  const tail = (2 * phi * (1 - phi ** n)) / (n * (1 - phi) ** 2);
  const varianceOfMean = (variance / n) * ((1 + phi) / (1 - phi) - tail);
  return { variance, varianceOfMean, asymptoticVariance, effectiveSize: variance / varianceOfMean };
}

/**
 * Fits a first-order autoregression to a series: the mean, phi from the first autocorrelation, and the mean's 95 %
 * interval on the effective number of values.
 *
 * @param values at least three, not all equal
 * Source: as of `ar1Mean`; the interval by G. Fishman, Principles of Discrete Event Simulation (1978), section 5.
 */
export function ar1Fit(
  values: ArrayLike<number>,
): Ar1Process & { readonly mean: Estimate; readonly effectiveSize: number } {
  const n = values.length;
  const centre = meanNumber(values);
  let squares = 0;
  let products = 0;
  for (let i = 0; i < n; i++) {
    squares += (values[i]! - centre) ** 2;
    if (i > 0) products += (values[i]! - centre) * (values[i - 1]! - centre);
  }
  const phi = products / squares;
  const noiseVariance = (squares / n) * (1 - phi * phi);
  const { varianceOfMean, effectiveSize } = ar1Mean({ phi, noiseVariance }, n);
  const half = studentQuantile(0.975, Math.max(1, effectiveSize - 1)) * Math.sqrt(varianceOfMean);
  return { phi, noiseVariance, effectiveSize, mean: { value: centre, low: centre - half, high: centre + half, n } };
}

/**
 * The variance constant of the mean wait in an M/M/1 queue: the mean of n successive waits has variance v / n.
 *
 * @param lambda arrivals per unit of time, below mu
 * @param mu services per unit of time
 * Source: D. Daley, "The serial correlation coefficients of waiting times in a stationary single server queue", Journal
 * of the Australian Mathematical Society 8, 1968.
 * @example mm1WaitVariance(0.5, 1) // => 29
 */
export function mm1WaitVariance(lambda: number, mu: number): number {
  const rho = lambda / mu;
  return (rho * (2 + 5 * rho - 4 * rho ** 2 + rho ** 3)) / ((1 - rho) ** 4 * mu ** 2);
}
