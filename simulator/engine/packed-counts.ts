/**
 * Counts of which most are 0 and the others small, in few bytes: each count in as many bytes as it has groups of seven bits,
 * the lowest first, all but its last one marked; a 0 is followed by how many zeros there are.
 */

const BITS = 7;
const MORE = 1 << BITS;
const LOW = MORE - 1;

/** @example packCounts(Uint32Array.of(0, 0, 0, 5, 300)) // => Uint8Array.of(0, 3, 5, 0xac, 2) */
export function packCounts(counts: Uint32Array): Uint8Array {
  const bytes: number[] = [];
  let zeros = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) {
      bytes.push(0);
      push(bytes, zeros);
      zeros = 0;
    }
    push(bytes, count);
  }
  return Uint8Array.from(bytes);
}

function push(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > LOW; rest >>>= BITS) bytes.push((rest & LOW) | MORE);
  bytes.push(rest);
}

/** Adds a stretch of packed counts, from one of them on, to as many sums. */
export function addPacked(packed: Uint8Array, from: number, sums: Uint32Array): void {
  let place = -from;
  let isRun = false;
  for (let at = 0; at < packed.length && place < sums.length; at++) {
    let value = packed[at]! & LOW;
    for (let shift = BITS; packed[at]! > LOW; shift += BITS) value += (packed[++at]! & LOW) * 2 ** shift;
    if (isRun) place += value;
    else if (value > 0) {
      if (place >= 0) sums[place]! += value;
      place++;
    }
    isRun = !isRun && value === 0;
  }
}
