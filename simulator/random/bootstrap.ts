/**
 * The circular block bootstrap of dependent series, and the choice of its block length. Two others are not circular:
 * calibrate's, since a fit takes rows and a measurement's end is no neighbour of its start, and the held-out study's,
 * which draws blocks of equal time, so that a block has as many requests as came in it.
 */
import type { RandomStream } from "./keyed-random.ts";

/** Resamples of a paired series, as weights: how often each position was drawn. The array is reused between calls. */
export interface BlockBootstrap {
  next(): Int32Array;
}

/**
 * The circular block bootstrap: blocks of neighbours until the series' length is reached, each starting anywhere with
 * equal chance, the end joined to the beginning. Positions are drawn, so pairs stay together.
 *
 * @param n length of the series
 * @param blockLength observations in a block, see `blockLength`
 * Source: D. Politis and J. Romano, "A circular block-resampling procedure for stationary data" (1992).
 */
export function createBlockBootstrap(n: number, blockLength: number, random: RandomStream): BlockBootstrap {
  const weights = new Int32Array(n);
  const steps = new Int32Array(n + 1);
  return {
    next() {
      steps.fill(0);
      for (let left = n; left > 0; left -= blockLength) {
        const from = Math.floor(random.next() * n);
        const to = from + Math.min(blockLength, left);
        steps[from]!++;
        steps[Math.min(to, n)]!--;
        if (to > n) {
          steps[0]!++;
          steps[to - n]!--;
        }
      }
      let weight = 0;
      for (let i = 0; i < n; i++) {
        weight += steps[i]!;
        weights[i] = weight;
      }
      return weights;
    },
  };
}

/**
 * How long blocks of a series must be for a block bootstrap to keep its dependence: the automatic choice for the
 * circular block bootstrap of D. Politis and H. White, "Automatic block-length selection for the dependent bootstrap"
 * (Econometric Reviews 23, 2004), with the correction by A. Patton, D. Politis and H. White (28, 2009).
 *
 * @returns a whole number of observations, at least 1; 1 for a series that does not vary
 */
export function blockLength(series: ArrayLike<number>): number {
  const n = series.length;
  if (n < SERIES_MIN) return 1;
  const covariances = autocovariances(series, lagsWanted(n));
  const variance = covariances[0]!;
  if (!(variance > 0)) return 1;
  const bandwidth = Math.min(2 * lastCorrelatedLag(covariances, n), covariances.length - 1);
  let spectrum = variance;
  let slope = 0;
  for (let lag = 1; lag <= bandwidth; lag++) {
    const weight = flatTop(lag / bandwidth);
    spectrum += 2 * weight * covariances[lag]!;
    slope += 2 * weight * lag * covariances[lag]!;
  }
  if (!(spectrum > 0)) return 1;
  const scale = (4 / 3) * spectrum ** 2;
  const length = Math.ceil(((2 * slope ** 2) / scale) ** (1 / 3) * n ** (1 / 3));
  return Math.max(1, Math.min(length, Math.ceil(Math.min(3 * Math.sqrt(n), n / 3))));
}

/** Shorter series do not show their dependence. */
const SERIES_MIN = 20;

/** K of Politis and White: how many correlations in a row must be small. */
function quietLags(n: number): number {
  return Math.max(5, Math.ceil(Math.sqrt(Math.log10(n))));
}

function lagsWanted(n: number): number {
  return Math.min(n - 1, 2 * (Math.ceil(Math.sqrt(n)) + quietLags(n)));
}

/** The lag after which correlations are not significantly different from zero; at least 1. */
function lastCorrelatedLag(covariances: Float64Array, n: number): number {
  const limit = 2 * Math.sqrt(Math.log10(n) / n) * covariances[0]!;
  const quiet = quietLags(n);
  const lagMax = Math.ceil(Math.sqrt(n));
  let run = 0;
  for (let lag = 1; lag <= lagMax + quiet && lag < covariances.length; lag++) {
    run = Math.abs(covariances[lag]!) < limit ? run + 1 : 0;
    if (run === quiet) return Math.max(1, lag - quiet);
  }
  return lagMax;
}

/** Trapezoid: 1 up to a half, then down to 0 at 1. */
function flatTop(t: number): number {
  return t <= 0.5 ? 1 : Math.max(0, 2 * (1 - t));
}

function autocovariances(series: ArrayLike<number>, lags: number): Float64Array {
  const n = series.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += series[i]!;
  const mean = sum / n;
  const covariances = new Float64Array(lags + 1);
  for (let lag = 0; lag <= lags; lag++) {
    let product = 0;
    for (let i = lag; i < n; i++) product += (series[i]! - mean) * (series[i - lag]! - mean);
    covariances[lag] = product / n;
  }
  return covariances;
}
