import type { Sampler } from "./law.ts";

/**
 * Samples discrete values: the first whose cumulative share exceeds u. A guide table starts the search next to its
 * end, so a draw costs a few nanoseconds however many values there are.
 *
 * @param values the values in the order of their shares
 * @param upTo   cumulative share up to and including each value, ascending, the last one 1
 */
export function stepSampler(values: Float64Array, upTo: Float64Array): Sampler {
  const last = values.length - 1;
  const cells = Math.min(65_536, Math.max(16, values.length));
  const guide = new Int32Array(cells);
  for (let cell = 0, i = 0; cell < cells; cell++) {
    while (i < last && upTo[i]! <= cell / cells) i++;
    guide[cell] = i;
  }
  return (u) => {
    let i = guide[(u * cells) | 0]!;
    while (i < last && upTo[i]! <= u) i++;
    return values[i]!;
  };
}

/** Cumulative shares of relative weights; the last is exactly 1. */
export function cumulativeShares(weights: ArrayLike<number>): Float64Array {
  const upTo = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < upTo.length; i++) upTo[i] = total += weights[i]!;
  for (let i = 0; i < upTo.length; i++) upTo[i] = i === upTo.length - 1 ? 1 : upTo[i]! / total;
  return upTo;
}
