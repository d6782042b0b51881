/** The rows of attempts in the service: which place of a row's ints and floats means what. */
import { SlotTable } from "../base/slot-table.ts";

/**
 * Places of a row's ints. The driver (the simulator's client side, or the emulator) fills the request side of a slot
 * before it hands it to the service; the service fills the service side; the rest is the driver's own. What the end
 * of an attempt reads comes first, so that with a million in flight few cache lines are fetched for it.
 */
export const ATTEMPT = {
  generation: 0,
  /** Request side. */
  classIndex: 1,
  modelIndex: 2,
  target: 3,
  inputTokens: 4,
  outputTokens: 5,
  /** Service side. */
  endpoint: 6,
  placement: 7,
  epoch: 8,
  quota: 9,
  cacheReadTokens: 10,
  cacheWriteTokens: 11,
  /** Driver's own, of an attempt: the row of its request. */
  request: 12,
  outcome: 13,
  /** The caller has given up on it; the service goes on and bills it. */
  isDetached: 14,
  /** Driver's own, of a request: see `engine/request-rows.ts`. */
  holds: 15,
  flags: 16,
  router: 17,
  outstanding: 18,
  attempts: 19,
  attemptsThrottled: 20,
  attemptsUnavailable: 21,
  lastTarget: 22,
  lastRetryCost: 23,
  /** Request side, not needed at the end. */
  requestId: 24,
  /** 0 for a request's first attempt. */
  ordinal: 25,
  /** The caller's max_tokens, or the model's maximum where unset. */
  maxTokens: 26,
  prefixTokens: 27,
  prefixId: 28,
  /** Priority level of the class: 0 is served first, 3 last. The service shifts it by the tier's. */
  queueLevel: 29,
  /** Service side, of a throttled attempt: quota index << 2 | which of its limits (`REFUSED_BY`). */
  refusal: 30,
  /** Service side: the caller's own level while its first route is tried, -1 once it has gone on to the overflow. */
  callerLevel: 31,
  /** Service side: destinations of a profile that were tried, one bit each. */
  tried: 32,
  /** Driver's own, not needed at the end. */
  originIndex: 33,
  hedges: 34,
  /** Changes with each attempt that the row has held. */
  attemptGeneration: 35,
  /** Driver's own, of a request: attempts that it gave up. */
  attemptsTimedOut: 36,
} as const;
export const ATTEMPT_INTS = 37;

/** Places of a row's floats; instants in ms. */
export const ATTEMPT_FLOAT = {
  /** When it was offered to the endpoint that took it. */
  offeredMs: 0,
  /** When service began. */
  startedMs: 1,
  /** When the first token was ready. */
  firstTokenMs: 2,
  /** Driver's own: when the service side was done with it. */
  endedMs: 3,
  /** Driver's own, of a request. */
  arrivalMs: 4,
  reservedTokens: 5,
  reservedAtMs: 6,
  /** One-way extra delay between source and destination region. */
  hopMs: 7,
  /** Driver's own. */
  sentMs: 8,
  /** Work at its endpoint: ms of service (slots), or its noise factor (batching). */
  work: 9,
  /** Service side: time of a decoding step over the standard tier's, 1 unless the route is a faster one. */
  decodeFactor: 10,
  /** Driver's own, of a request: when its latest attempt left; kept only where requests are hedged. */
  lastSentMs: 11,
  /** Driver's own: the jitter of its ways, a factor; and the way back with it, ms, without what faults add. */
  jitterThere: 12,
  jitterBack: 13,
  backMs: 14,
  /** Driver's own, of a first attempt, where the service is told that it has it: the draw that its work begins with. */
  workDraw: 15,
} as const;
export const ATTEMPT_FLOATS = 16;

/** An empty table of attempts. @param slots room that it has at first */
export function createAttemptTable(slots?: number): SlotTable {
  return new SlotTable({ ints: ATTEMPT_INTS, floats: ATTEMPT_FLOATS }, slots);
}
