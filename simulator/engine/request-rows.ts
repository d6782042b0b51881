/**
 * Requests and their attempts in rows of numbers: what is written when a request arrives and an attempt leaves, and
 * what a strategy is shown and a router learns of a row. Whose place is whose stands at `ATTEMPT` (world/attempt-table.ts).
 */

import type { SlotTable } from "../base/slot-table.ts";
import { outputLimit } from "../client/request-rules.ts";
import type { RequestView } from "../client/strategy.ts";
import type { ClassPlan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import { OUTCOME, type Outcome } from "../service/service.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { KIND_OF_OUTCOME, type LearntOutcome } from "./router.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;

/**
 * Bits of a call's `flags`. A call is a request whose caller still waits for it, or of which something is still under
 * way, and the attempts made for it. Its row serves the request and one attempt at once, since most requests have no
 * two attempts at a time; an attempt beside it lies in a row of its own, whose `request` names the call's.
 *
 * The row is kept by `holds`: attempts under way, an event that names it, and 1 as long as the request has not ended.
 */
export const CALL = {
  isEnded: 1,
  /** Arrived after the warm-up. */
  isCounted: 2,
  /** An event names it: a retry, a deferral, a station on the way. */
  isPending: 4,
  /** An attempt is under way in the call's own row. */
  isSent: 8,
} as const;

/** Stands in an attempt's row for what is not known yet: its outcome, its endpoint. */
export const UNKNOWN = -1;

const NOT_KNOWN = UNKNOWN;
const OK = OUTCOME.ok;

/**
 * Puts a row of traffic into a row of the table, which may hold an earlier call.
 *
 * @param call      the row of the table
 * @param row       the row of the traffic
 * @param maxTokens the model's limit, where the caller asks for none
 */
export function writeCall(
  calls: SlotTable,
  call: number,
  chunk: TrafficChunk,
  row: number,
  { model, queueLevel }: ClassPlan,
  maxTokens: number,
): void {
  const { ints } = calls;
  const at = call * INTS;
  const limit = outputLimit(chunk.maxTokens[row]!, maxTokens);
  const output = chunk.outputTokens[row]!;
  calls.floats[call * FLOATS + FLOAT.arrivalMs] = chunk.arrivalMs[row]!;
  ints[at + PLACE.classIndex] = chunk.classIndex[row]!;
  ints[at + PLACE.modelIndex] = model;
  ints[at + PLACE.inputTokens] = chunk.inputTokens[row]!;
  ints[at + PLACE.outputTokens] = output < limit ? output : limit;
  ints[at + PLACE.request] = call;
  ints[at + PLACE.outcome] = OK;
  ints[at + PLACE.holds] = 1;
  ints[at + PLACE.outstanding] = 0;
  ints[at + PLACE.attempts] = 0;
  ints[at + PLACE.attemptsThrottled] = 0;
  ints[at + PLACE.attemptsUnavailable] = 0;
  ints[at + PLACE.lastTarget] = -1;
  ints[at + PLACE.lastRetryCost] = 0;
  ints[at + PLACE.maxTokens] = limit;
  ints[at + PLACE.prefixTokens] = chunk.prefixTokens[row]!;
  ints[at + PLACE.prefixId] = chunk.prefixId[row]!;
  ints[at + PLACE.queueLevel] = queueLevel;
  ints[at + PLACE.originIndex] = chunk.originIndex[row]!;
  ints[at + PLACE.hedges] = 0;
}

/** A row for the call's next attempt: its own, or one more while an attempt is under way in that. Returns the slot. */
export function beginAttempt(
  calls: SlotTable,
  call: number,
  target: number,
  { queueLevel }: ClassPlan,
  nowMs: number,
): number {
  const isSent = (calls.ints[call * INTS + PLACE.flags]! & CALL.isSent) !== 0;
  const attempt = isSent ? copyCall(calls, call) : call;
  const { ints } = calls;
  const at = attempt * INTS;
  const own = call * INTS;
  if (!isSent) ints[own + PLACE.flags]! |= CALL.isSent;
  ints[at + PLACE.ordinal] = ints[own + PLACE.attempts]!++;
  ints[at + PLACE.target] = target;
  ints[at + PLACE.queueLevel] = queueLevel;
  ints[at + PLACE.isDetached] = 0;
  ints[at + PLACE.outcome] = NOT_KNOWN;
  ints[at + PLACE.endpoint] = NOT_KNOWN;
  calls.floats[attempt * FLOATS + FLOAT.sentMs] = nowMs;
  return attempt;
}

/** The attempt is over: its row is free for another, or for any call. */
export function endAttempt(calls: SlotTable, attempt: number): void {
  const { ints } = calls;
  const at = attempt * INTS;
  ints[at + PLACE.attemptGeneration] = (ints[at + PLACE.attemptGeneration]! + 1) | 0;
  if (ints[at + PLACE.request] === attempt) ints[at + PLACE.flags]! &= ~CALL.isSent;
  else calls.release(attempt);
}

/** Request side of the call's row, in a row of an attempt's own. */
function copyCall(calls: SlotTable, call: number): number {
  const attempt = calls.allocate();
  const { ints } = calls;
  for (const place of REQUEST_SIDE) ints[attempt * INTS + place] = ints[call * INTS + place]!;
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

type ShownView = { -readonly [Field in keyof RequestView]: RequestView[Field] };

/** What a strategy is shown of a request: one object, written anew for each decision; never the output's length. */
export class ShownRequest {
  declare readonly view: RequestView;
  private readonly fields = newView();

  constructor() {
    this.view = this.fields;
  }

  show({ ints, floats }: SlotTable, call: number, each: ClassPlan): void {
    const { fields } = this;
    const at = call * INTS;
    fields.requestId = ints[at + PLACE.requestId]!;
    fields.classIndex = ints[at + PLACE.classIndex]!;
    fields.originIndex = ints[at + PLACE.originIndex]!;
    fields.inputTokens = ints[at + PLACE.inputTokens]!;
    fields.maxTokens = ints[at + PLACE.maxTokens]!;
    fields.prefixTokens = ints[at + PLACE.prefixTokens]!;
    fields.prefixId = ints[at + PLACE.prefixId]!;
    fields.attempt = ints[at + PLACE.attempts]!;
    fields.previousTarget = ints[at + PLACE.lastTarget]!;
    fields.arrivalMs = floats[call * FLOATS + FLOAT.arrivalMs]!;
    fields.sloE2eMs = each.sloE2eMs;
    fields.deferrable = each.deferrable;
  }
}

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
function newView(): ShownView {
  return {
    requestId: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 0,
    maxTokens: 0,
    prefixTokens: 0,
    prefixId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: Number.NaN,
    sloE2eMs: Number.NaN,
    deferrable: false,
  };
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
  const isOk = result === OK;
  const streamMs = floats[from + FLOAT.endedMs]! - floats[from + FLOAT.firstTokenMs]!;
  outcome.requestId = ints[at + PLACE.requestId]!;
  outcome.classIndex = ints[at + PLACE.classIndex]!;
  outcome.target = target;
  outcome.kind = KIND_OF_OUTCOME[result]!;
  outcome.sentMs = sentMs;
  outcome.nowMs = nowMs;
  outcome.e2eMs = isOk ? nowMs - sentMs : Number.NaN;
  outcome.ttftMs = isOk ? nowMs - sentMs - streamMs : Number.NaN;
  outcome.inputTokens = ints[at + PLACE.inputTokens]!;
  outcome.outputTokens = isOk ? ints[at + PLACE.outputTokens]! : 0;
  outcome.rttMs = rttMs[ints[ints[at + PLACE.request]! * INTS + PLACE.originIndex]!]![target]!;
}
