/** Sequential streams of uniforms, one per purpose, and blocks of draws of a law from them. */
import xor128 from "seedrandom/lib/xor128.js";
import { purposeKey, type RandomStream } from "./keyed-random.ts";
import type { Law } from "./law.ts";
import { compileBlockSampler } from "./sampler.ts";

/** A stream that can also be drawn from in blocks, at about 1 ns a draw. */
export interface BlockStream extends RandomStream {
  /** Writes the next `count` uniforms to the head of `out`: the same numbers that as many calls of `next` give. */
  fill(out: Float64Array, count: number): void;
}

/**
 * The stream of one purpose: `purposeStream(seed, "chat/arrivals")`. Streams of different seeds or purposes are
 * independent, and a new purpose changes no draws of another.
 *
 * The generator is xor128 (G. Marsaglia, "Xorshift RNGs", 2003) as seedrandom seeds it, with 32 random bits a draw.
 * It is linear in its seed, so seed and purpose are hashed first; otherwise four streams with related names would
 * cancel out.
 */
export function purposeStream(seed: number, purpose: string): BlockStream {
  let key = "";
  for (let word = 0; word < 4; word++) {
    key += (purposeKey(seed, `${purpose}#${word}`) >>> 0).toString(16).padStart(8, "0");
  }
  return new Xor128(xor128(key, { state: true }).state());
}

/**
 * seedrandom's recurrence on its own state: a closure for each stream is not inlined where several streams meet and
 * then costs five times as much. Gives the same numbers as the package's generator.
 */
class Xor128 implements BlockStream {
  declare private x: number;
  declare private y: number;
  declare private z: number;
  declare private w: number;

  constructor({ x, y, z, w }: { x: number; y: number; z: number; w: number }) {
    this.x = x;
    this.y = y;
    this.z = z;
    this.w = w;
  }

  next(): number {
    const t = this.x ^ (this.x << 11);
    this.x = this.y;
    this.y = this.z;
    this.z = this.w;
    this.w ^= (this.w >>> 19) ^ t ^ (t >>> 8);
    return (this.w >>> 0) * TO_UNIT;
  }

  fill(out: Float64Array, count: number): void {
    let { x, y, z, w } = this;
    for (let i = 0; i < count; i++) {
      const t = x ^ (x << 11);
      x = y;
      y = z;
      z = w;
      w ^= (w >>> 19) ^ t ^ (t >>> 8);
      out[i] = (w >>> 0) * TO_UNIT;
    }
    this.x = x;
    this.y = y;
    this.z = z;
    this.w = w;
  }
}

const TO_UNIT = 1 / 2 ** 32;

/** Most values of one block: few enough to stay in the processor's first-level cache. */
export const BLOCK = 1024;

/**
 * Draws values of a law in blocks: `draw(count)` gives the next `count` values (at most `BLOCK`) in a buffer that the
 * next call overwrites. Cutting the draws into blocks differently gives the same sequence.
 */
export function blockDraw(law: Law, stream: BlockStream): (count: number) => Float64Array {
  const sample = compileBlockSampler(law);
  const uniforms = new Float64Array(BLOCK);
  const values = new Float64Array(BLOCK);
  return (count) => {
    stream.fill(uniforms, count);
    sample(uniforms, values, count);
    return values;
  };
}
