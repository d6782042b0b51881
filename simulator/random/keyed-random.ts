/**
 * Counter-based uniforms: each draw is a hash of (seed, purpose, request, attempt, draw number), not of earlier draws.
 * Every strategy thus meets the same draws for the same request (common random numbers), at a few nanoseconds each and
 * without state per request.
 */

/**
 * Mixes the bits of a 32-bit word; a bijection. Applied once per word of the key; two outputs give 53 bits.
 * Source: `lowbias32` of C. Wellons, "Prospecting for hash functions", 2018 (bias 0.17).
 */
export function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

const GOLDEN = 0x9e3779b9;
const TO_UNIT_21 = 1 / 2 ** 21;
const TO_UNIT_53 = 1 / 2 ** 53;

/** Hashes a seed and the name of a purpose into one 32-bit key. @param seed whole number below 2^53 */
export function purposeKey(seed: number, purpose: string): number {
  let key = mix32((seed >>> 0) ^ GOLDEN) ^ mix32(Math.floor(seed / 2 ** 32) | 0);
  for (let i = 0; i < purpose.length; i++) key = mix32(Math.imul(key, 31) + purpose.charCodeAt(i));
  return key | 0;
}

/** One uniform in [0, 1) for (key, request, attempt): the cheap form where a single draw is needed. */
export function keyedUniform(key: number, request: number, attempt: number): number {
  const a = mix32(key ^ Math.imul(request + 1, GOLDEN));
  const b = mix32(a ^ Math.imul(attempt + 1, 0x85ebca6b));
  const c = mix32(b + GOLDEN);
  return ((b >>> 0) * 2 ** 21 + (c >>> 11)) * TO_UNIT_53;
}

/** A stream that can be set to any (request, attempt) and then drawn from. Reused for every decision. */
export class KeyedRandom implements RandomStream {
  declare private readonly key: number;
  private state = 0;
  private request = 0;
  private attempt = 0;
  /** The key is mixed in at the first draw: most decisions draw nothing. */
  private isFresh = false;

  constructor(seed: number, purpose: string) {
    this.key = purposeKey(seed, purpose);
  }

  seek(request: number, attempt: number): void {
    this.request = request;
    this.attempt = attempt;
    this.isFresh = true;
  }

  next(): number {
    if (this.isFresh) {
      const mixed = mix32(this.key ^ Math.imul(this.request + 1, GOLDEN));
      this.state = mix32(mixed ^ Math.imul(this.attempt + 1, 0x85ebca6b));
      this.isFresh = false;
    }
    this.state = (this.state + GOLDEN) | 0;
    const a = mix32(this.state);
    const b = mix32(a ^ 0x68e31da4);
    return ((a >>> 0) + (b >>> 11) * TO_UNIT_21) / 2 ** 32;
  }
}

/** A source of uniform numbers. Every sampler takes one; nothing in the core falls back on a global source. */
export interface RandomStream {
  /** The next uniform number in [0, 1). */
  next(): number;
}
