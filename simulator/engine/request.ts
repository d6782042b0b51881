import type { ClassPlan } from "../scenario/plan.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
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

/** Writes a row of traffic into a request's row, which may hold an earlier one. @param maxTokens where none is asked for */
export function fillRequest(
  request: Request,
  chunk: TrafficChunk,
  row: number,
  { model, queueLevel }: ClassPlan,
  maxTokens: number,
): void {
  const asked = chunk.maxTokens[row]!;
  const limit = asked > 0 ? asked : maxTokens;
  const output = chunk.outputTokens[row]!;
  request.holds = 1;
  request.isEnded = false;
  request.arrivalMs = chunk.arrivalMs[row]!;
  request.classIndex = chunk.classIndex[row]!;
  request.modelIndex = model;
  request.outstanding = 0;
  request.lastRetryCost = 0;
  request.inputTokens = chunk.inputTokens[row]!;
  request.outputTokens = output < limit ? output : limit;
  request.attempts = 0;
  request.attemptsThrottled = 0;
  request.attemptsUnavailable = 0;
  request.lastTarget = -1;
  request.isPending = false;
  request.hedges = 0;
  request.originIndex = chunk.originIndex[row]!;
  request.maxTokens = limit;
  request.prefixTokens = chunk.prefixTokens[row]!;
  request.prefixId = chunk.prefixId[row]!;
  request.queueLevel = queueLevel;
}
