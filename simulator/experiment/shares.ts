/**
 * Shares in hundredths, by one rule for sentences, tables and charts: as many digits as the interval carries, to the
 * nearest, but never so that a share seems to keep an objective that it misses, or to be all or nothing when it is not.
 */
import { estimateDecimals, formatNumber } from "../base/digits.ts";
import type { Estimate } from "../base/statistics.ts";

const DECIMALS_MAX = 6;

export interface ShareOptions {
  /** The share that is asked for, in [0, 1]; null where none is. */
  readonly target?: number | null;
  /** Of a narrow column. */
  readonly decimalsMax?: number;
}

/**
 * A share without its sign: `96.0`. Where the nearest number would lie on the other side of the target, or at 0 or 100
 * though the share is not, it gets the digits that tell; where there is no room for them it is cut.
 *
 * @example hundredthsText({ value: 0.666, low: 0.65, high: 0.682, n: 5 }) // => "66.6"
 * @example hundredthsText({ value: 0.9496, low: 0.94, high: 0.9592, n: 5 }, { target: 0.95 }) // => "94.96"
 * @example hundredthsText({ value: 0.9496, low: null, high: null, n: 1 }, { target: 0.95, decimalsMax: 1 }) // => "94.9"
 */
export function hundredthsText(
  share: Estimate,
  { target = null, decimalsMax = DECIMALS_MAX }: ShareOptions = {},
): string {
  if (share.value === null) return "n/a";
  const exact = share.value * 100;
  const asked = target === null ? null : target * 100;
  for (let decimals = Math.min(decimalsMax, estimateDecimals(share, 100)); decimals <= decimalsMax; decimals++) {
    if (isTold(exact, Number(exact.toFixed(decimals)), asked)) return formatNumber(exact, decimals);
  }
  const scale = 10 ** decimalsMax;
  return formatNumber(Math.floor(exact * scale + 1e-9) / scale, decimalsMax);
}

/** Whether the rounded number says what the exact one does of the target, of all and of nothing. */
function isTold(exact: number, rounded: number, asked: number | null): boolean {
  if (exact > 0 && rounded <= 0) return false;
  if (exact < 100 - 1e-9 && rounded >= 100) return false;
  // What is asked for is kept by a share that is just it, whatever the last bits of the two are.
  const isKept = (hundredths: number) => asked === null || hundredths > asked - 1e-9;
  return isKept(exact) === isKept(rounded);
}

/**
 * A share in a sentence.
 *
 * @example shareText({ value: 0.96, low: 0.955, high: 0.965, n: 5 }) // => "96 %"
 */
export function shareText(share: Estimate, target: number | null = null): string {
  return `${withoutZeros(hundredthsText(share, { target }))} %`;
}

/** The least and the most of several shares; one that is missing, of a class of which nothing was sent, is nothing. */
export function extremeShares(shares: readonly (Estimate | undefined)[]): readonly [least: Estimate, most: Estimate] {
  const nothing = plainShare(0);
  const ordered = shares.map((share) => share ?? nothing).toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0));
  return [ordered[0] ?? nothing, ordered.at(-1) ?? nothing];
}

/** `94.9–96.1 %`: from one share to another; one number where they read the same. */
export function shareRangeText(low: Estimate, high: Estimate, target: number | null = null): string {
  const [from, to] = [shareText(low, target), shareText(high, target)];
  return from === to ? to : `${from.replace(" %", "")}–${to}`;
}

/**
 * A share as it was set, every digit of it.
 *
 * @example targetText(0.9995) // => "99.95 %"
 */
export function targetText(share: number): string {
  return `${Number((share * 100).toPrecision(12))} %`;
}

/** A share without an interval: three significant digits, or as many as `like` has beside it. */
export function plainShare(value: number, like?: Estimate): Estimate {
  const half = like === undefined || like.low === null || like.high === null ? null : (like.high - like.low) / 2;
  return { value, low: half === null ? null : value - half, high: half === null ? null : value + half, n: 1 };
}

function withoutZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
