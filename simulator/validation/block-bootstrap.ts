import type { RandomStream } from "../random/random-stream.ts";

/** Resamples of a paired series, as weights: how often each position was drawn. The array is reused between calls. */
export interface BlockBootstrap {
  next(): Int32Array;
}

/**
 * The circular block bootstrap: as many blocks of neighbours as the series is long, each begun anywhere with equal
 * chance, the end joined to the beginning. What is drawn are positions, so pairs stay together.
 *
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
