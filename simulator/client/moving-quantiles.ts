/** Moving quantiles of latency, one per target: log buckets whose old counts fade. */
/**
 * One moving quantile per target, O(1) and allocation-free per observation: a histogram over logarithmic buckets
 * whose old counts fade.
 *
 * Buckets are 1/16 octave wide (4.4 %) from 0.25 ms to 73 hours; inside a bucket the quantile is interpolated on the
 * log scale, so the resolution error is under 2.2 %, and about 0.1 % on smooth laws. A pointer to the quantile's bucket moves
 * with each observation. Fading is done by letting new observations weigh more (forward decay) and rescaling rarely.
 *
 * Source: Masson, Rim, Lee, "DDSketch", VLDB 12 (2019), for log buckets with relative error; Cormode, Shkapenyuk,
 * Srivastava, Xu, "Forward decay", ICDE 2009. The pointer is the classic moving-pointer trick of streaming medians.
 */
export class MovingQuantiles {
  /** Estimate by target, NaN before its first observation. */
  declare readonly estimate: Float64Array;
  declare private readonly share: number;
  declare private readonly weights: Float64Array;
  /** Weight of the next observation, the total, and the total below the pointer's bucket. */
  declare private readonly nextWeight: Float64Array;
  declare private readonly total: Float64Array;
  declare private readonly below: Float64Array;
  declare private readonly pointer: Int32Array;

  /** @param share which quantile, in (0, 1), e.g. 0.95 */
  constructor(targets: number, share: number) {
    this.share = share;
    this.estimate = new Float64Array(targets).fill(NaN);
    this.weights = new Float64Array(targets * BUCKETS);
    this.nextWeight = new Float64Array(targets).fill(1);
    this.total = new Float64Array(targets);
    this.below = new Float64Array(targets);
    this.pointer = new Int32Array(targets);
  }

  /** Drops all observations of a target. */
  forget(target: number): void {
    if (this.total[target] === 0) return;
    this.weights.fill(0, target * BUCKETS, (target + 1) * BUCKETS);
    this.nextWeight[target] = 1;
    this.total[target] = 0;
    this.below[target] = 0;
    this.pointer[target] = 0;
    this.estimate[target] = NaN;
  }

  /**
   * @param valueMs a latency, above 0
   * @param keep    what earlier observations keep of their weight, in (0, 1]: 1 = never forget
   */
  observe(target: number, valueMs: number, keep: number): void {
    if (this.nextWeight[target]! > RESCALE_ABOVE * keep) this.rescale(target);
    const weight = (this.nextWeight[target]! /= keep);
    const bucket = bucketOf(valueMs);
    const base = target * BUCKETS;
    this.weights[base + bucket]! += weight;
    this.total[target]! += weight;
    if (bucket < this.pointer[target]!) this.below[target]! += weight;
    this.settle(target, base);
  }

  /** Moves the pointer to the bucket that holds the quantile and interpolates in it. */
  private settle(target: number, base: number): void {
    const goal = this.share * this.total[target]!;
    let pointer = this.pointer[target]!;
    let below = this.below[target]!;
    while (below + this.weights[base + pointer]! < goal && pointer < BUCKETS - 1) {
      below += this.weights[base + pointer]!;
      pointer++;
    }
    while (below > goal && pointer > 0) {
      pointer--;
      below -= this.weights[base + pointer]!;
    }
    this.pointer[target] = pointer;
    this.below[target] = below;
    const inBucket = this.weights[base + pointer]!;
    const part = inBucket > 0 ? Math.min(1, Math.max(0, (goal - below) / inBucket)) : 0;
    this.estimate[target] = FLOOR_MS[pointer]! * exp2Below(part);
  }

  /** Scales one target's weights so that the next observation weighs 1 again; drops what has faded to nothing. */
  private rescale(target: number): void {
    const scale = 1 / this.nextWeight[target]!;
    const base = target * BUCKETS;
    let total = 0;
    let below = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const scaled = this.weights[base + bucket]! * scale;
      const weight = scaled < NEGLIGIBLE ? 0 : scaled;
      this.weights[base + bucket] = weight;
      total += weight;
      if (bucket < this.pointer[target]!) below += weight;
    }
    this.nextWeight[target] = 1;
    this.total[target] = total;
    this.below[target] = below;
  }
}

const BUCKETS_PER_OCTAVE = 16;
const LOWEST_OCTAVE = -2;
const BUCKETS = 30 * BUCKETS_PER_OCTAVE;
const RESCALE_ABOVE = 1e9;
const NEGLIGIBLE = 1e-12;

/** Lower edge of each bucket, ms. */
const FLOOR_MS = Float64Array.from({ length: BUCKETS }, (_, b) => 2 ** (b / BUCKETS_PER_OCTAVE + LOWEST_OCTAVE));
/** Lower edges of the buckets of one octave, as multiples of its beginning, and the end. */
const EDGES = Float64Array.from({ length: BUCKETS_PER_OCTAVE + 1 }, (_, b) => 2 ** (b / BUCKETS_PER_OCTAVE));
/** By sixteenth of an octave's width: the bucket in which that sixteenth begins. */
const FIRST_BUCKET = Int32Array.from({ length: BUCKETS_PER_OCTAVE }, (_, i) =>
  Math.floor(Math.log2(1 + i / BUCKETS_PER_OCTAVE) * BUCKETS_PER_OCTAVE + 1e-9),
);
/** 2^-octave, to bring a value into [1, 2). */
const SHRINK = Float64Array.from({ length: 31 }, (_, octave) => 2 ** -octave);
const TO_LOWEST = 2 ** -LOWEST_OCTAVE;
const BEYOND = 2 ** (BUCKETS / BUCKETS_PER_OCTAVE);

/** floor(log2(valueMs x TO_LOWEST) x BUCKETS_PER_OCTAVE) by the octave and comparisons: a logarithm costs five times as much. */
function bucketOf(valueMs: number): number {
  const value = valueMs * TO_LOWEST;
  if (!(value >= 1)) return 0;
  if (value >= BEYOND) return BUCKETS - 1;
  const octave = 31 - Math.clz32(value | 0);
  const within = value * SHRINK[octave]!;
  let bucket = FIRST_BUCKET[((within - 1) * BUCKETS_PER_OCTAVE) | 0]!;
  while (within >= EDGES[bucket + 1]!) bucket++;
  return octave * BUCKETS_PER_OCTAVE + bucket;
}

const LN2_BY_BUCKETS = Math.LN2 / BUCKETS_PER_OCTAVE;

/** 2^(part / BUCKETS_PER_OCTAVE) for a part of a bucket in [0, 1]: eight terms of the series, exact to rounding. */
function exp2Below(part: number): number {
  const x = part * LN2_BY_BUCKETS;
  const upper = 1 + (x / 5) * (1 + (x / 6) * (1 + x / 7));
  return 1 + x * (1 + (x / 2) * (1 + (x / 3) * (1 + (x / 4) * upper)));
}
