import { SlotTable } from "../engine/slot-table.ts";

/**
 * Attempts that a region holds: places of a row's ints. The driver (the simulator's client side, or the emulator)
 * fills the request side of a slot before it hands it to the world; the world fills the rest; the last places are
 * the driver's own.
 */
export const ATTEMPT = {
  generation: 0,
  /** Request side. */
  requestId: 1,
  /** 0 for a request's first attempt. */
  ordinal: 2,
  classIndex: 3,
  modelIndex: 4,
  target: 5,
  inputTokens: 6,
  outputTokens: 7,
  /** The caller's max_tokens with the model's maximum put in where unset. */
  maxTokens: 8,
  prefixTokens: 9,
  prefixId: 10,
  /** Priority level of the class: 0 is served first, 3 last. The world moves it by the tier's. */
  queueLevel: 11,
  /** World side. */
  endpoint: 12,
  placement: 13,
  epoch: 14,
  quota: 15,
  cacheReadTokens: 16,
  cacheWriteTokens: 17,
  /** Driver's own. */
  request: 18,
  outcome: 19,
  /** The caller has given it up; the service goes on and bills it. */
  isDetached: 20,
  /** World side, of a throttled attempt: quota index << 2 | which of its limits (`REFUSED_BY`). */
  refusal: 21,
  /** World side: the caller's own level while its first route is tried, -1 once it has gone on to the overflow. */
  callerLevel: 22,
  /** World side: destinations of a profile that were tried, a bit each. */
  tried: 23,
} as const;
export const ATTEMPT_INTS = 24;

/** Places of a row's floats; instants in ms. */
export const ATTEMPT_FLOAT = {
  reservedTokens: 0,
  reservedAtMs: 1,
  /** When it was offered to the endpoint that took it. */
  offeredMs: 2,
  /** When service began. */
  startedMs: 3,
  /** When the first token was ready. */
  firstTokenMs: 4,
  /** Work at its endpoint: ms of service (slots), or the factor of its luck (batching). */
  work: 5,
  /** One-way extra delay between source and destination region. */
  hopMs: 6,
  /** Driver's own. */
  sentMs: 7,
  /** When the service side was done with it. */
  endedMs: 8,
  /** World side: time of a decoding step over the standard tier's, 1 unless the route is a faster one. */
  decodeFactor: 9,
} as const;
export const ATTEMPT_FLOATS = 10;

export function createAttemptTable(): SlotTable {
  return new SlotTable({ ints: ATTEMPT_INTS, floats: ATTEMPT_FLOATS });
}
