/** Candidate models of an endpoint: their structure (a variant), their parameters, noise laws and slowdown curves. */
import { meanNumber, quantileSorted, sortedNumbers } from "../base/statistics.ts";
import type { LawSpec } from "../random/laws/index.ts";
import type { FittedSpec } from "../service/capacity/fitted-work.ts";

/** Shape of a slowdown curve. */
export type CurveKind = "flat" | "straight" | "capped" | "power";

/** Bisection steps: 1e-9 of the interval is left. */
const BEST_STEPS = 30;

/** The structure of a candidate model: which of an endpoint's parts load slows, how, and when. */
export interface Variant {
  readonly curve: CurveKind;
  readonly prompts: FittedSpec["prompts"];
  readonly counts: FittedSpec["counts"];
  readonly applies: FittedSpec["applies"];
  /** The answer comes in one piece. */
  readonly isWhole: boolean;
}

/** Parameters of a variant. */
export interface Parameters {
  /** Calls served at a time. */
  readonly servers: number;
  readonly promptBaseMs: number;
  readonly promptPerTokenMs: number;
  readonly perOutputTokenMs: number;
  readonly promptSlowdown: number;
  /** Of the curve; see `curveFactor`. */
  readonly curve: readonly number[];
  readonly promptNoise: Noise;
  readonly outputNoise: Noise;
  /** Both parts of a call have the same noise factor. */
  readonly sharedNoise: boolean;
}

/**
 * Slowdown with n calls, 1 when alone.
 * straight: 1 + a (n - 1). capped: 1 up to c calls, then n / c: c servers shared. power: 1 + a (n - 1)^g up to the n of
 * highest throughput; beyond it in proportion to n, since more load does not lower an endpoint's throughput.
 *
 * @param parameters [] | [a] | [a, g] | [c], by kind
 * @param calls n, calls that count towards the load
 * @example curveFactor("straight", [0.5], 3) // => 2
 * @example curveFactor("capped", [4], 8) // => 2
 */
export function curveFactor(kind: CurveKind, parameters: readonly number[], calls: number): number {
  const [a = 0, g = 1] = parameters;
  switch (kind) {
    case "flat":
      return 1;
    case "straight":
      return 1 + a * Math.max(0, calls - 1);
    case "power":
      return powerFactor(a, g, calls);
    case "capped":
      return Math.max(1, calls / a);
  }
}

function powerFactor(a: number, g: number, calls: number): number {
  const others = Math.max(0, calls - 1);
  if (!isPastBest(a, g, others)) return 1 + a * others ** g;
  let low = 0;
  let high = others;
  for (let step = 0; step < BEST_STEPS; step++) {
    const middle = (low + high) / 2;
    if (isPastBest(a, g, middle)) high = middle;
    else low = middle;
  }
  return ((1 + a * low ** g) * calls) / (low + 1);
}

/** Whether the throughput (1 + x) / (1 + a x^g) decreases at x. */
function isPastBest(a: number, g: number, x: number): boolean {
  return g > 1 && a * x ** (g - 1) * ((g - 1) * x + g) > 1;
}

/**
 * A candidate model as the capacity model that the simulator runs.
 *
 * @param peak most calls in service at a time in the measurement; see `curvePoints`
 */
export function specOf(variant: Variant, parameters: Parameters, peak: number): FittedSpec {
  return {
    kind: "fitted",
    servers: parameters.servers,
    promptBaseMs: parameters.promptBaseMs,
    promptPerTokenMs: parameters.promptPerTokenMs,
    prompts: variant.prompts,
    promptSlowdown: parameters.promptSlowdown,
    perOutputTokenMs: parameters.perOutputTokenMs,
    promptNoise: noiseLaw(parameters.promptNoise),
    outputNoise: noiseLaw(parameters.outputNoise),
    sharedNoise: parameters.sharedNoise,
    isWhole: variant.isWhole,
    load: curvePoints(variant.curve, parameters.curve, peak),
    counts: variant.counts,
    applies: variant.applies,
    waitingRoom: Number.POSITIVE_INFINITY,
    patience: null,
    queueDelayMsMax: Number.POSITIVE_INFINITY,
    background: null,
  };
}

/**
 * A slowdown curve as points (calls, factor) for the `fitted` capacity model, which is linear between and beyond them.
 *
 * @param peak most calls in service at a time in the measurement; a power curve has points up to four times that
 */
export function curvePoints(
  kind: CurveKind,
  parameters: readonly number[],
  peak: number,
): readonly (readonly [number, number])[] {
  const at = (calls: number) => [calls, curveFactor(kind, parameters, calls)] as const;
  switch (kind) {
    case "flat":
      return [];
    case "straight":
      return [at(1), at(2)];
    case "capped": {
      const cap = Math.max(1, parameters[0]!);
      return [
        [cap, 1],
        [2 * cap, 2],
      ];
    }
    case "power": {
      const points: (readonly [number, number])[] = [at(1)];
      const farthest = Math.max(4, 4 * peak);
      for (let calls = 2; calls < farthest; calls = Math.max(calls + 1, Math.round(calls * 1.25))) {
        points.push(at(calls));
      }
      return [...points, at(farthest)];
    }
  }
}

/** Probabilities at which a noise law's quantiles are kept: dense in the tails, which decide high percentiles. */
const SHARES = [
  0, 0.005, 0.01, 0.02, 0.04, 0.06, 0.09, 0.12, 0.15, 0.18, 0.22, 0.26, 0.3, 0.34, 0.38, 0.42, 0.46, 0.5, 0.54, 0.58,
  0.62, 0.66, 0.7, 0.74, 0.78, 0.81, 0.84, 0.87, 0.89, 0.91, 0.93, 0.945, 0.96, 0.97, 0.98, 0.9875, 0.995, 1,
] as const;

/** A coefficient of variation below this is clock rounding. */
const NOISE_MIN = 0.002;

/** Ratio of a call's work to what its size explains, as a law of mean 1: its quantiles at `SHARES`. */
export type Noise = readonly number[];

/** The constant 1. */
export const NO_NOISE: Noise = SHARES.map(() => 1);

/** The noise law of a sample of ratios, scaled to mean 1, and the sample's mean; no noise below two values. */
export function noiseOf(sample: ArrayLike<number>): { readonly noise: Noise; readonly mean: number } {
  const sorted = sortedNumbers(sample);
  if (sorted.length < 2) return { noise: NO_NOISE, mean: 1 };
  const raw = SHARES.map((share) => quantileSorted(sorted, share));
  const mean = meanOfPoints(raw);
  return mean > 0
    ? { noise: raw.map((x) => x / mean), mean: meanNumber(sorted, 0, sorted.length) }
    : { noise: NO_NOISE, mean: 1 };
}

/** A wider (spread > 1) or narrower law of the same mean 1. */
export function spreadNoise(noise: Noise, spread: number): Noise {
  const raw = noise.map((x) => Math.max(1e-6, x) ** spread);
  const mean = meanOfPoints(raw);
  return raw.map((x) => x / mean);
}

/** Median of a noise law. */
export function medianNoise(noise: Noise): number {
  return noise[SHARES.indexOf(0.5)]!;
}

/** Coefficient of variation of a noise law, linear between its quantiles. */
export function noiseCv(noise: Noise): number {
  let square = 0;
  for (let i = 1; i < SHARES.length; i++) {
    const low = noise[i - 1]!;
    const high = noise[i]!;
    square += ((SHARES[i]! - SHARES[i - 1]!) * (low * low + low * high + high * high)) / 3;
  }
  return Math.sqrt(Math.max(0, square - 1));
}

/** As a law that the simulator draws from; null where the noise is negligible. */
export function noiseLaw(noise: Noise): LawSpec | null {
  if (noiseCv(noise) < NOISE_MIN) return null;
  return { kind: "empirical", quantiles: SHARES.map((share, i) => [share, noise[i]!] as const) };
}

function meanOfPoints(values: readonly number[]): number {
  let mean = 0;
  for (let i = 1; i < SHARES.length; i++) mean += ((SHARES[i]! - SHARES[i - 1]!) * (values[i - 1]! + values[i]!)) / 2;
  return mean;
}
