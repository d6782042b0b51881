import type { LawSpec } from "../random/laws/index.ts";
import { meanNumber, quantileSorted, sortedNumbers } from "./quantiles.ts";

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
