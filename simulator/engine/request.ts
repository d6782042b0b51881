import { RowPool } from "./row-pool.ts";

/**
 * A request whose caller still waits for it, or of which something is still under way. What is touched when it ends
 * comes first, so that with a million in flight few cache lines are fetched for it. `arrivalMs` starts as NaN: the
 * compiler then keeps it as a double from the first value on.
 */
export class Request {
  readonly slot: number;
  generation = 0;
  /** What keeps the row: attempts under way, an event that names it, and 1 as long as it has not ended. */
  holds = 0;
  isEnded = false;
  arrivalMs = Number.NaN;
  isCounted = false;
  classIndex = 0;
  modelIndex = 0;
  router = 0;
  /** Attempts whose answer the caller still awaits. */
  outstanding = 0;
  lastRetryCost = 0;
  inputTokens = 0;
  outputTokens = 0;
  /** Attempts sent so far. */
  attempts = 0;
  attemptsThrottled = 0;
  attemptsUnavailable = 0;
  lastTarget = -1;
  /** An event names it: a retry, a deferral, a station on the way. */
  isPending = false;
  hedges = 0;
  /** Number of the request in the traffic, from 0, modulo 2^32: what its luck is keyed by. */
  id = 0;
  originIndex = 0;
  maxTokens = 0;
  prefixTokens = 0;
  prefixId = -1;
  queueLevel = 0;
  /** When its latest attempt left; kept only where requests are hedged, ms. */
  lastSentMs = 0;

  constructor(slot: number) {
    this.slot = slot;
  }
}

export type Requests = RowPool<Request>;

export function createRequests(): Requests {
  return new RowPool((slot) => new Request(slot));
}
