import { BUCKETS, bucketFloorMs } from "../engine/histogram.ts";
import type { DistributionPoint } from "./result.ts";

const DISTRIBUTION_POINTS = 400;

/** Pooled distribution at evenly spread ranks, the far tail included. */
export function distribution(counts: readonly Uint32Array[]): readonly DistributionPoint[] {
  const pooled = new Float64Array(BUCKETS);
  for (const each of counts) for (let b = 0; b < BUCKETS; b++) pooled[b]! += each[b]!;
  const total = pooled.reduce((sum, value) => sum + value, 0);
  const points: DistributionPoint[] = [];
  let below = 0;
  let nextRank = 0;
  for (let b = 0; b < BUCKETS && below < total; b++) {
    if (pooled[b] === 0) continue;
    below += pooled[b]!;
    const left = total - below;
    // Dense in the tail: every bucket beyond the 99th percentile is a point, and so is the last.
    if (below >= nextRank || left <= total * 0.01) {
      points.push({ ms: bucketFloorMs(b + 1), share: below / total });
      nextRank = below + total / DISTRIBUTION_POINTS;
    }
  }
  return points;
}
