import { meanNumber, quantileSorted, sortedNumbers } from "../base/statistics.ts";
import type { LawSpec } from "../random/laws/index.ts";
import type { FittedSpec } from "../service/capacity/fitted-work.ts";

/** Shape of a slowdown curve. */
export type CurveKind = "flat" | "straight" | "capped" | "power";

/** Halvings of an interval: 1e-9 of it is left. */
const BEST_STEPS = 30;

/** One idea of what an endpoint is: which of its parts load slows, how, and when. */
export interface Variant {
  readonly curve: CurveKind;
  readonly prompts: FittedSpec["prompts"];
  readonly counts: FittedSpec["counts"];
  readonly applies: FittedSpec["applies"];
  readonly isWhole: boolean;
}

/** Numbers of a variant. */
export interface Parameters {
  /** Calls served at a time. */
  readonly servers: number;
  readonly promptBaseMs: number;
  readonly promptPerTokenMs: number;
  readonly perOutputTokenMs: number;
  readonly promptSlowdown: number;
  /** Of the curve; see `curveFactor`. */
  readonly curve: readonly number[];
  readonly promptLuck: Luck;
  readonly outputLuck: Luck;
  readonly sameLuck: boolean;
}

/**
 * Slowdown with n calls, 1 when alone.
 * straight: 1 + a (n - 1). power: 1 + a (n - 1)^g, up to where most is done at a time; beyond, in proportion to n, for an
 * endpoint does not do less because more is asked of it. capped: 1 up to c calls, then n / c: c servers shared.
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

/** Whether (1 + x) / (1 + a x^g), what is done at a time, falls at x. */
function isPastBest(a: number, g: number, x: number): boolean {
  return g > 1 && a * x ** (g - 1) * ((g - 1) * x + g) > 1;
}

export function specOf(variant: Variant, parameters: Parameters, peak: number): FittedSpec {
  return {
    kind: "fitted",
    servers: parameters.servers,
    promptBaseMs: parameters.promptBaseMs,
    promptPerTokenMs: parameters.promptPerTokenMs,
    prompts: variant.prompts,
    promptSlowdown: parameters.promptSlowdown,
    perOutputTokenMs: parameters.perOutputTokenMs,
    promptNoise: luckLaw(parameters.promptLuck),
    outputNoise: luckLaw(parameters.outputLuck),
    sameLuck: parameters.sameLuck,
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

/** @param peak most calls seen inside at a time: a bent curve is drawn to four times that, then goes on straight */
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

/** Points of a fitted noise law: close together in the tails, where percentiles are asked for. */
const SHARES = [
  0, 0.005, 0.01, 0.02, 0.04, 0.06, 0.09, 0.12, 0.15, 0.18, 0.22, 0.26, 0.3, 0.34, 0.38, 0.42, 0.46, 0.5, 0.54, 0.58,
  0.62, 0.66, 0.7, 0.74, 0.78, 0.81, 0.84, 0.87, 0.89, 0.91, 0.93, 0.945, 0.96, 0.97, 0.98, 0.9875, 0.995, 1,
] as const;

/** Spreads below this are the rounding of the clock. */
const NOISE_MIN = 0.002;

/** What a call's work was over what its size explains, as a law of mean 1: its quantiles at fixed shares. */
export type Luck = readonly number[];

export const NO_LUCK: Luck = SHARES.map(() => 1);

/** The quantiles of a sample, as a law of mean 1, and the mean of the sample itself. */
export function luckOf(sample: ArrayLike<number>): { readonly luck: Luck; readonly mean: number } {
  const sorted = sortedNumbers(sample);
  if (sorted.length < 2) return { luck: NO_LUCK, mean: 1 };
  const raw = SHARES.map((share) => quantileSorted(sorted, share));
  const mean = meanOfPoints(raw);
  return mean > 0
    ? { luck: raw.map((x) => x / mean), mean: meanNumber(sorted, 0, sorted.length) }
    : { luck: NO_LUCK, mean: 1 };
}

/** Wider (spread > 1) or narrower around the same mean of 1. */
export function spreadLuck(luck: Luck, spread: number): Luck {
  const raw = luck.map((x) => Math.max(1e-6, x) ** spread);
  const mean = meanOfPoints(raw);
  return raw.map((x) => x / mean);
}

export function medianLuck(luck: Luck): number {
  return luck[SHARES.indexOf(0.5)]!;
}

/** Coefficient of variation. */
export function luckCv(luck: Luck): number {
  let square = 0;
  for (let i = 1; i < SHARES.length; i++) {
    const low = luck[i - 1]!;
    const high = luck[i]!;
    square += ((SHARES[i]! - SHARES[i - 1]!) * (low * low + low * high + high * high)) / 3;
  }
  return Math.sqrt(Math.max(0, square - 1));
}

/** As a law of the engine; null where there is next to none. */
export function luckLaw(luck: Luck): LawSpec | null {
  if (luckCv(luck) < NOISE_MIN) return null;
  return { kind: "empirical", quantiles: SHARES.map((share, i) => [share, luck[i]!] as const) };
}

function meanOfPoints(values: readonly number[]): number {
  let mean = 0;
  for (let i = 1; i < SHARES.length; i++) mean += ((SHARES[i]! - SHARES[i - 1]!) * (values[i - 1]! + values[i]!)) / 2;
  return mean;
}
