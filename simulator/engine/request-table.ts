import { SlotTable } from "./slot-table.ts";

/** Requests that a caller still waits for: places of a row's ints. */
export const REQUEST = {
  generation: 0,
  /** Number of the request in the traffic, from 0, modulo 2^32: what its luck is keyed by. */
  id: 1,
  classIndex: 2,
  originIndex: 3,
  router: 4,
  inputTokens: 5,
  outputTokens: 6,
  maxTokens: 7,
  prefixTokens: 8,
  prefixId: 9,
  /** Attempts sent so far. */
  attempts: 10,
  attemptsThrottled: 11,
  attemptsUnavailable: 12,
  /** Attempts whose answer is still awaited. */
  outstanding: 13,
  hedges: 14,
  lastTarget: 15,
  isCounted: 16,
  /** An event names this slot: a retry, a deferral, a station on the way. */
  isPending: 17,
  /** It has ended, but an event still names its slot: that event will release it. */
  isEnded: 18,
} as const;
export const REQUEST_INTS = 20;

/** Places of a row's floats. */
export const REQUEST_FLOAT = {
  arrivalMs: 0,
  lastRetryCost: 1,
  /** Kept only where requests are hedged. */
  lastSentMs: 2,
} as const;
export const REQUEST_FLOATS = 4;

export function createRequestTable(): SlotTable {
  return new SlotTable({ ints: REQUEST_INTS, floats: REQUEST_FLOATS });
}
