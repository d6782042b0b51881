import type { LawSpec } from "../random/laws/index.ts";
import { quantileSorted, sortedNumbers } from "./quantiles.ts";

/** Points of a fitted noise law: close together in the tails, where percentiles are asked for. */
const SHARES = [
  0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
  0.9, 0.925, 0.95, 0.965, 0.98, 0.99, 0.995, 1,
] as const;

/** Spreads below this are the rounding of the clock. */
const NOISE_MIN = 0.002;

/** What a call's work was over what its size explains, as a law of mean 1: its quantiles at fixed shares. */
export type Luck = readonly number[];

export const NO_LUCK: Luck = SHARES.map(() => 1);

/** The quantiles of a sample, scaled to mean 1, and that mean. */
export function luckOf(sample: ArrayLike<number>): { readonly luck: Luck; readonly mean: number } {
  const sorted = sortedNumbers(sample);
  if (sorted.length < 2) return { luck: NO_LUCK, mean: 1 };
  const raw = SHARES.map((share) => quantileSorted(sorted, share));
  const mean = meanOfPoints(raw);
  return mean > 0 ? { luck: raw.map((x) => x / mean), mean } : { luck: NO_LUCK, mean: 1 };
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
