/** Latency histograms with 128 buckets an octave: merged by adding, quantiles interpolated. */
import { addPacked, packCounts } from "./packed-counts.ts";

/** Sub-buckets per octave: a bucket is 1/128 wide, and quantiles are interpolated inside it. */
const SUB_BITS = 7;
const SUB = 1 << SUB_BITS;
/** Resolution at the low end: values are counted in units of 1/32 ms. */
const UNITS_PER_MS = 32;
const UNITS_MAX = 0x7fffffff;
/** Octaves above the linear part: 31 bits less the 7 below it. */
const OCTAVES = 31 - SUB_BITS;

/** Buckets of one histogram. */
const SIZE = SUB + OCTAVES * SUB;
export const BUCKETS = SIZE;

/**
 * Bucket of a latency in ms: linear below 4 ms, then 128 buckets an octave up to 18.6 hours (later ones land in the
 * last). One multiplication and a count of leading zeros.
 *
 * @example bucketOf(0) // => 0
 * @example bucketOf(4) // => 128
 */
export function bucketOf(ms: number): number {
  const scaled = ms * UNITS_PER_MS;
  const units = scaled >= UNITS_MAX ? UNITS_MAX : scaled | 0;
  if (units < SUB) return units;
  const octave = 31 - SUB_BITS - Math.clz32(units);
  return SUB + (octave << SUB_BITS) + ((units >> octave) & (SUB - 1));
}

/**
 * Lower edge of a bucket, ms.
 *
 * @example bucketFloorMs(128) // => 4
 * @example bucketFloorMs(bucketOf(1000)) // => 1000
 */
export function bucketFloorMs(bucket: number): number {
  if (bucket < SUB) return bucket / UNITS_PER_MS;
  const octave = (bucket - SUB) >> SUB_BITS;
  const within = (bucket - SUB) & (SUB - 1);
  return ((SUB + within) * 2 ** octave) / UNITS_PER_MS;
}

/**
 * Quantile p of the counts in `counts[offset .. offset + SIZE)`: values are taken as spread evenly inside their
 * bucket, those below 1/32 ms as 0, and ranks as k6 and DuckDB's `quantile_cont` do (linear between order statistics at p (n - 1)).
 *
 * @returns ms, or NaN when nothing was counted
 */
export function histogramQuantile(counts: Uint32Array, offset: number, count: number, p: number): number {
  return histogramQuantiles(counts, offset, count, [p])[0]!;
}

/** Several quantiles in one pass. @param shares ascending */
export function histogramQuantiles(
  counts: Uint32Array,
  offset: number,
  count: number,
  shares: readonly number[],
): readonly number[] {
  if (count === 0) return shares.map(() => Number.NaN);
  let bucket = 0;
  let below = 0;
  return shares.map((p) => {
    const rank = p * (count - 1) + 0.5;
    for (; bucket < SIZE; bucket++) {
      const here = counts[offset + bucket]!;
      if (here > 0 && below + here >= rank) {
        // Waits are 0 more often than not; spread over the first bucket they would be a fraction of it.
        if (bucket === 0) return 0;
        const floorMs = bucketFloorMs(bucket);
        return floorMs + (bucketFloorMs(bucket + 1) - floorMs) * ((rank - below) / here);
      }
      below += here;
    }
    return bucketFloorMs(SIZE);
  });
}

const NO_COUNTS = new Uint32Array(0);
const NO_BYTES = new Uint8Array(0);
/** Read at once and used again: a long run has thousands of histograms. */
const COUNTED = new Uint32Array(SIZE);

/** Per histogram: sum and largest value, ms, and zeros that are counted apart. */
const MOMENTS = 3;

/** A set of equal histograms in one array, addressed by index. While it is packed it can be read, but not added to. */
export class HistogramSet {
  /** Counts of all histograms. */
  declare readonly buckets: number;
  /** None while the set is packed. */
  declare private counts: Uint32Array;
  declare private packed: Uint8Array | null;
  /** Above the bucket of the largest value nothing is counted. */
  declare private readonly moments: Float64Array;

  constructor(size: number, isPacked = false) {
    this.buckets = size * SIZE;
    this.counts = isPacked ? NO_COUNTS : new Uint32Array(this.buckets);
    this.packed = isPacked ? NO_BYTES : null;
    this.moments = new Float64Array(size * MOMENTS);
  }

  record(index: number, ms: number, bucket: number): void {
    this.counts[index * SIZE + bucket]!++;
    const moments = this.moments;
    moments[MOMENTS * index]! += ms;
    if (ms > moments[MOMENTS * index + 1]!) moments[MOMENTS * index + 1] = ms;
  }

  /** Counts zeros up to a number of samples: values of exactly 0 change neither sum nor maximum. */
  fillZeros(index: number, samples: number): void {
    this.moments[MOMENTS * index + 2]! += samples - this.samples(index);
  }

  samples(index: number): number {
    const counts = this.merged([index], COUNTED.fill(0));
    let sum = 0;
    for (let b = 0; b < SIZE; b++) sum += counts[b]!;
    return sum;
  }

  sumMs(index: number): number {
    return this.moments[MOMENTS * index]!;
  }

  maxMs(index: number): number {
    return this.moments[MOMENTS * index + 1]!;
  }

  /**
   * The sum of several histograms, by bucket.
   *
   * @param merged what they are added to
   */
  merged(indices: readonly number[], merged: Uint32Array = new Uint32Array(SIZE)): Uint32Array {
    for (const index of indices) {
      const from = index * SIZE;
      if (this.packed !== null) addPacked(this.packed, from, merged);
      else {
        const used = bucketOf(this.maxMs(index)) + 1;
        for (let b = 0; b < used; b++) merged[b]! += this.counts[from + b]!;
      }
      merged[0]! += this.moments[MOMENTS * index + 2]!;
    }
    return merged;
  }

  get isPacked(): boolean {
    return this.packed !== null;
  }

  /** Keeps the counts in fewer bytes. @returns their array, all zeros, for another set */
  pack(): Uint32Array {
    const { counts } = this;
    this.packed = packCounts(counts);
    this.counts = NO_COUNTS;
    return counts.fill(0);
  }

  /** @param counts as long as `buckets`, all zeros */
  unpack(counts: Uint32Array): void {
    addPacked(this.packed ?? NO_BYTES, 0, counts);
    this.packed = null;
    this.counts = counts;
  }
}
