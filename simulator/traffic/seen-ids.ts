/** Which request ids were seen before, in a few bytes each. */
import { mix32 } from "../random/keyed-random.ts";
import { letGo } from "./growing-columns.ts";

const SLOTS_AT_FIRST = 1024;

/**
 * A set of texts that keeps 64 bits of each: two of ten million ids are taken for one with a chance of three in a
 * million.
 */
export class SeenIds {
  size = 0;
  private highs = new Int32Array(SLOTS_AT_FIRST);
  private lows = new Int32Array(SLOTS_AT_FIRST);

  /** @returns whether the id is new */
  add(id: string): boolean {
    let high = 0x2545f491;
    let low = 0x9e3779b9 | 0;
    for (let i = 0; i < id.length; i++) {
      const code = id.charCodeAt(i);
      high = Math.imul(high ^ code, 0x85ebca6b);
      low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15);
    }
    // A slot of two zeros is free.
    return this.insert(mix32(high ^ id.length), mix32(low) | 1);
  }

  /** Empties the set, and gives its memory back. */
  clear(): void {
    letGo(this.highs);
    letGo(this.lows);
    this.highs = new Int32Array(SLOTS_AT_FIRST);
    this.lows = new Int32Array(SLOTS_AT_FIRST);
    this.size = 0;
  }

  private insert(high: number, low: number): boolean {
    const mask = this.highs.length - 1;
    let slot = high & mask;
    while (this.lows[slot] !== 0) {
      if (this.lows[slot] === low && this.highs[slot] === high) return false;
      slot = (slot + 1) & mask;
    }
    this.highs[slot] = high;
    this.lows[slot] = low;
    this.size++;
    if (2 * this.size > mask) this.grow();
    return true;
  }

  private grow(): void {
    const { highs, lows } = this;
    this.highs = new Int32Array(2 * highs.length);
    this.lows = new Int32Array(2 * highs.length);
    this.size = 0;
    for (let i = 0; i < lows.length; i++) if (lows[i] !== 0) this.insert(highs[i]!, lows[i]!);
    letGo(highs);
    letGo(lows);
  }
}
