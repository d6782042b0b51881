/**
 * Requests and their attempts in rows of numbers: what is written when a request arrives and an attempt leaves, and
 * what a strategy is shown and a router learns of a row. `ATTEMPT` (service/attempt-table.ts) lists the columns.
 */

import type { SlotTable } from "../base/slot-table.ts";
import { outputLimit } from "../client/request-rules.ts";
import type { RequestView } from "../client/strategy.ts";
import { completeOutcome, type LearntOutcome } from "../client/target-view.ts";
import type { ClassPlan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import { OUTCOME, type Outcome } from "../service/service.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { KIND_OF_OUTCOME } from "./router.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;

/**
 * Bits of a request's `flags`. A request's row serves the request and one of its attempts at once, since most requests
 * have no two attempts at a time; an attempt beside it lies in a row of its own, whose `request` names the request's.
 *
 * The row is kept while `holds` is above 0: it counts the attempts under way, the events that name the row, and 1 for
 * as long as the request has not ended.
 */
export const REQUEST_FLAG = {
  isEnded: 1,
  /** Arrived after the warm-up. */
  isCounted: 2,
  /** An attempt is under way in the request's own row. */
  isSent: 4,
} as const;

/** Stands in an attempt's row for what is not known yet: its outcome, its endpoint. */
export const UNKNOWN = -1;

const NOT_KNOWN = UNKNOWN;
const OK = OUTCOME.ok;

/**
 * Puts a row of traffic into a row of the table, which may hold an earlier request.
 *
 * @param request   the row of the table
 * @param row       the row of the traffic
 * @param maxTokens the model's limit, where the caller asks for none
 */
export function writeRequest(
  rows: SlotTable,
  request: number,
  chunk: TrafficChunk,
  row: number,
  { model }: ClassPlan,
  maxTokens: number,
): void {
  const { ints } = rows;
  const at = request * INTS;
  // Whole numbers below 2^31, which the compiler cannot know: it would keep them as numbers of any kind.
  const limit = outputLimit(chunk.maxTokens[row]!, maxTokens | 0) | 0;
  const output = chunk.outputTokens[row]!;
  rows.floats[request * FLOATS + FLOAT.arrivalMs] = chunk.arrivalMs[row]!;
  ints[at + PLACE.classIndex] = chunk.classIndex[row]!;
  ints[at + PLACE.modelIndex] = model;
  ints[at + PLACE.inputTokens] = chunk.inputTokens[row]!;
  ints[at + PLACE.outputTokens] = output < limit ? output : limit;
  ints[at + PLACE.request] = request;
  ints[at + PLACE.outcome] = OK;
  ints[at + PLACE.holds] = 1;
  ints[at + PLACE.outstanding] = 0;
  ints[at + PLACE.attempts] = 0;
  ints[at + PLACE.attemptsThrottled] = 0;
  ints[at + PLACE.attemptsUnavailable] = 0;
  ints[at + PLACE.attemptsTimedOut] = 0;
  ints[at + PLACE.lastTarget] = -1;
  ints[at + PLACE.lastRetryCost] = 0;
  ints[at + PLACE.maxTokens] = limit;
  ints[at + PLACE.prefixTokens] = chunk.prefixTokens[row]!;
  ints[at + PLACE.prefixId] = chunk.prefixId[row]!;
  ints[at + PLACE.originIndex] = chunk.originIndex[row]!;
  ints[at + PLACE.hedges] = 0;
}

/** A row for the request's next attempt: its own, or one more while an attempt is under way in that. Returns the slot. */
export function beginAttempt(
  rows: SlotTable,
  request: number,
  target: number,
  { queueLevel }: ClassPlan,
  nowMs: number,
): number {
  const isSent = (rows.ints[request * INTS + PLACE.flags]! & REQUEST_FLAG.isSent) !== 0;
  const attempt = isSent ? copyRequest(rows, request) : request;
  const { ints } = rows;
  const at = attempt * INTS;
  const own = request * INTS;
  if (!isSent) ints[own + PLACE.flags]! |= REQUEST_FLAG.isSent;
  ints[at + PLACE.ordinal] = ints[own + PLACE.attempts]!++;
  ints[at + PLACE.target] = target;
  ints[at + PLACE.queueLevel] = queueLevel;
  ints[at + PLACE.isDetached] = 0;
  ints[at + PLACE.outcome] = NOT_KNOWN;
  ints[at + PLACE.endpoint] = NOT_KNOWN;
  rows.floats[attempt * FLOATS + FLOAT.sentMs] = nowMs;
  return attempt;
}

/** The attempt is over: its row is free for another, or for any request. */
export function endAttempt(rows: SlotTable, attempt: number): void {
  const { ints } = rows;
  const at = attempt * INTS;
  ints[at + PLACE.attemptGeneration] = (ints[at + PLACE.attemptGeneration]! + 1) | 0;
  if (ints[at + PLACE.request] === attempt) ints[at + PLACE.flags]! &= ~REQUEST_FLAG.isSent;
  else rows.release(attempt);
}

/** A row for an attempt of its own, with the request's part copied. */
function copyRequest(rows: SlotTable, request: number): number {
  const attempt = rows.allocate();
  const { ints } = rows;
  for (const place of REQUEST_SIDE) ints[attempt * INTS + place] = ints[request * INTS + place]!;
  return attempt;
}

const REQUEST_SIDE = [
  ATTEMPT.classIndex,
  ATTEMPT.modelIndex,
  ATTEMPT.inputTokens,
  ATTEMPT.outputTokens,
  ATTEMPT.request,
  ATTEMPT.requestId,
  ATTEMPT.maxTokens,
  ATTEMPT.prefixTokens,
  ATTEMPT.prefixId,
];

/** Which session a request is part of. */
interface SessionKeys {
  /** -1 for none. */
  keyOf(request: number): number;
}

/**
 * What a strategy is shown of a request: one object that reads the request's row, so that a decision costs only what
 * its strategy looks at; never the output's length.
 */
export class ShownRequest implements RequestView {
  sloE2eMs = Number.NaN;
  deferrable = false;
  declare private readonly rows: SlotTable;
  declare private readonly sessions: SessionKeys | null;
  private request = 0;
  private each: ClassPlan | null = null;

  constructor(rows: SlotTable, sessions: SessionKeys | null = null) {
    this.rows = rows;
    this.sessions = sessions;
  }

  /** The request in a row from now on, and its class. */
  show(request: number, each: ClassPlan): this {
    this.request = request;
    if (each !== this.each) {
      this.each = each;
      this.sloE2eMs = each.sloE2eMs;
      this.deferrable = each.deferrable;
    }
    return this;
  }

  get requestId(): number {
    return this.rows.ints[this.request * INTS + PLACE.requestId]!;
  }

  get classIndex(): number {
    return this.rows.ints[this.request * INTS + PLACE.classIndex]!;
  }

  get originIndex(): number {
    return this.rows.ints[this.request * INTS + PLACE.originIndex]!;
  }

  get inputTokens(): number {
    return this.rows.ints[this.request * INTS + PLACE.inputTokens]!;
  }

  get maxTokens(): number {
    return this.rows.ints[this.request * INTS + PLACE.maxTokens]!;
  }

  get prefixTokens(): number {
    return this.rows.ints[this.request * INTS + PLACE.prefixTokens]!;
  }

  get prefixId(): number {
    return this.rows.ints[this.request * INTS + PLACE.prefixId]!;
  }

  get sessionId(): number {
    return this.sessions === null ? -1 : this.sessions.keyOf(this.request);
  }

  get attempt(): number {
    return this.rows.ints[this.request * INTS + PLACE.attempts]!;
  }

  get previousTarget(): number {
    return this.rows.ints[this.request * INTS + PLACE.lastTarget]!;
  }

  get arrivalMs(): number {
    return this.rows.floats[this.request * FLOATS + FLOAT.arrivalMs]!;
  }
}

/**
 * Writes what the router of the attempt in a row learns of it now: latencies as its caller saw them, of served attempts.
 *
 * @param outcome written to
 * @param rttMs   by origin: round trip to each target, ms
 */
export function writeOutcome(
  outcome: LearntOutcome,
  { ints, floats }: SlotTable,
  attempt: number,
  result: Outcome,
  nowMs: number,
  rttMs: readonly Float64Array[],
): void {
  const at = attempt * INTS;
  const from = attempt * FLOATS;
  const target = ints[at + PLACE.target]!;
  const sentMs = floats[from + FLOAT.sentMs]!;
  const streamMs = floats[from + FLOAT.endedMs]! - floats[from + FLOAT.firstTokenMs]!;
  outcome.requestId = ints[at + PLACE.requestId]!;
  outcome.classIndex = ints[at + PLACE.classIndex]!;
  outcome.target = target;
  outcome.kind = KIND_OF_OUTCOME[result]!;
  outcome.sentMs = sentMs;
  outcome.nowMs = nowMs;
  outcome.ttftMs = nowMs - sentMs - streamMs;
  outcome.inputTokens = ints[at + PLACE.inputTokens]!;
  outcome.outputTokens = ints[at + PLACE.outputTokens]!;
  outcome.rttMs = rttMs[ints[ints[at + PLACE.request]! * INTS + PLACE.originIndex]!]![target]!;
  completeOutcome(outcome);
}
