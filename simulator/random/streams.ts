import xor128 from "seedrandom/lib/xor128.js";
import { purposeKey } from "./keyed-random.ts";
import type { RandomStream } from "./random-stream.ts";

/**
 * The stream of one purpose: `purposeStream(seed, "chat/arrivals")`. Streams of different seeds or purposes are
 * independent, and a new purpose changes no other's draws.
 *
 * The generator is xor128 (G. Marsaglia, "Xorshift RNGs", 2003) from seedrandom: 1.5 ns a draw, 32 bits. It is linear
 * in its seed, so seed and purpose are hashed first; otherwise four streams with related names would sum to zero.
 */
export function purposeStream(seed: number, purpose: string): RandomStream {
  let key = "";
  for (let word = 0; word < 4; word++) {
    key += (purposeKey(seed, `${purpose}#${word}`) >>> 0).toString(16).padStart(8, "0");
  }
  return { next: xor128(key) };
}
