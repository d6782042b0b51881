/** How a metric goes with each factor where a design moves several at once: rank correlations. */
import { sampleCorrelation } from "simple-statistics";
import type { Estimate } from "../base/statistics.ts";

/** Fewer points say nothing: the interval would be all of [-1, 1]. */
const POINTS_MIN = 6;
/** Two-sided 95 % of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Spearman's rank correlation: 1 where y always rises with x, -1 where it always falls, near 0 where x alone says
 * nothing. Ties have the mean of their ranks. The interval is by Fisher's transformation with the variance 1.06 / (n - 3)
 * (Fieller, Hartley, Pearson, "Tests for rank correlation coefficients I", Biometrika 44, 1957).
 *
 * @param x, y of the same points, in one order
 * @returns nulls below 6 points, and where one of both does not vary
 * @example rankCorrelation([1, 2, 3, 4, 5, 6], [1, 4, 9, 16, 25, 36]).value // => 1
 */
export function rankCorrelation(x: readonly number[], y: readonly number[]): Estimate {
  const n = x.length;
  const varies = (values: readonly number[]) => values.some((value) => value !== values[0]);
  if (n < POINTS_MIN || !varies(x) || !varies(y)) return { value: null, low: null, high: null, n };
  const value = Math.max(-1, Math.min(1, sampleCorrelation([...ranksOf(x)], [...ranksOf(y)])));
  const half = Z * Math.sqrt(1.06 / (n - 3));
  const at = (shift: number) => Math.tanh(Math.atanh(value) + shift);
  return { value, low: at(-half), high: at(half), n };
}

/** Ranks from 0 on; equal values share the mean of theirs. */
function ranksOf(values: readonly number[]): readonly number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}
