import type { TrafficChunk } from "../traffic/traffic.ts";

/**
 * Places of a direct call's row: eight doubles, one cache line, so that with a million calls in flight the end of one
 * fetches one line. The first three places are doubles, the others halves of the rest, read as 32-bit words.
 */
const FLOAT = {
  arrivalMs: 0,
  /** Before it starts: ms of service that it will take. From then on: when it started. */
  workOrStartMs: 1,
  /** When its latest attempt was sent, which without a network is when it was offered to its servers. */
  sentMs: 2,
} as const;
const FLOATS = 8;
export const DIRECT_FLOAT = FLOAT;
export const DIRECT_FLOATS = FLOATS;

const PLACE = {
  classIndex: 6,
  target: 7,
  inputTokens: 8,
  outputTokens: 9,
  maxTokens: 10,
  /** Price epoch of its latest attempt. */
  epoch: 11,
  /** Attempts sent so far. */
  attempts: 12,
  router: 13,
  /** Bits of `DIRECT_FLAG`. */
  flags: 14,
  requestId: 15,
} as const;
const WORDS = 16;
export const DIRECT = PLACE;
export const DIRECT_WORDS = WORDS;

export const DIRECT_FLAG = {
  /** Arrived after the warm-up. */
  isCounted: 1,
  /** It was put off, and `retries` has a row of it. */
  isAside: 2,
} as const;

/** Places of what only another attempt needs, in rows of their own. */
export const DIRECT_RETRY = {
  originIndex: 0,
  prefixTokens: 1,
  prefixId: 2,
  attemptsThrottled: 3,
  attemptsUnavailable: 4,
  lastRetryCost: 5,
} as const;
export const DIRECT_RETRIES = 8;

/** The rows of direct calls, over recycled slots. */
export class DirectRows {
  /** May be replaced by longer ones at any `allocate`: do not keep them across one. */
  floats = new Float64Array(0);
  words = new Int32Array(0);
  retries = new Int32Array(0);
  private free = new Int32Array(0);
  private freeCount = 0;

  constructor(capacity = 1024) {
    this.grow(capacity);
  }

  get inUse(): number {
    return this.free.length - this.freeCount;
  }

  /** A free slot; its row holds whatever was there before. */
  allocate(): number {
    if (this.freeCount === 0) this.grow(this.free.length * 2);
    return this.free[--this.freeCount]!;
  }

  release(slot: number): void {
    this.free[this.freeCount++] = slot;
  }

  /** In slot order: for the end of a run. */
  slotsInUse(): number[] {
    const isFree = new Uint8Array(this.free.length);
    for (let i = 0; i < this.freeCount; i++) isFree[this.free[i]!] = 1;
    return [...isFree.keys()].filter((slot) => isFree[slot] === 0);
  }

  private grow(size: number): void {
    const old = this.free.length;
    const floats = new Float64Array(size * FLOATS);
    floats.set(this.floats);
    this.floats = floats;
    this.words = new Int32Array(floats.buffer);
    const retries = new Int32Array(size * DIRECT_RETRIES);
    retries.set(this.retries);
    this.retries = retries;
    const free = new Int32Array(size);
    free.set(this.free);
    this.free = free;
    for (let slot = size - 1; slot >= old; slot--) this.free[this.freeCount++] = slot;
  }
}

/** Puts a row of traffic into a row, which may hold an earlier call. @param maxTokens where none is asked for */
export function writeDirectCall(
  { floats, words }: DirectRows,
  call: number,
  chunk: TrafficChunk,
  row: number,
  maxTokens: number,
): void {
  const at = call * WORDS;
  const asked = chunk.maxTokens[row]!;
  const limit = asked > 0 ? asked : maxTokens;
  const output = chunk.outputTokens[row]!;
  floats[call * FLOATS + FLOAT.arrivalMs] = chunk.arrivalMs[row]!;
  words[at + PLACE.classIndex] = chunk.classIndex[row]!;
  words[at + PLACE.target] = -1;
  words[at + PLACE.inputTokens] = chunk.inputTokens[row]!;
  words[at + PLACE.outputTokens] = output < limit ? output : limit;
  words[at + PLACE.maxTokens] = limit;
  words[at + PLACE.attempts] = 0;
}
