/** Means of correlated series: batch means, first-order autoregression, and what is known of queues. */
import { blockStandardError, type Estimate, meanNumber, studentQuantile } from "./statistics.ts";

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
