/** Watching a run request by request: the contract, and the copies of rows that an observer gets. */
import type { SlotTable } from "../base/slot-table.ts";
import type { End } from "../client/request-rules.ts";
import type { RequestView, Strategy, TargetView } from "../client/strategy.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import { OUTCOME, type Outcome } from "../service/service.ts";
import { REQUEST_FLAG, UNKNOWN } from "./request-rows.ts";

/**
 * Watches one run request by request: for audits and series that a summary cannot give. A run without one pays a null
 * check. Both objects are reused between calls: keep what is needed, not the object.
 */
export interface SimulationObserver {
  /** The service is done with an attempt, or the run ended before it was. Once per attempt, in the order of time. */
  onAttemptEnd(attempt: ObservedAttempt): void;
  /** A request has ended for its caller. Attempts of it may still end later: hedges that lost, attempts given up. */
  onRequestEnd(request: ObservedRequest): void;
  /**
   * A strategy has chosen, and its choice is about to be carried out.
   *
   * @returns what is carried out: `choice`, or for a what-if another eligible target
   */
  onDecision?(decision: ObservedDecision, choice: number): number;
  /** The run is over: the last call. */
  onRunEnd(): void;
}

/** What a strategy was asked, in objects that are used again. */
export interface ObservedDecision {
  readonly request: RequestView;
  readonly targets: TargetView;
  readonly nowMs: number;
  readonly strategy: Strategy;
}

/**
 * Watches a run's counted attempts in the engine's own rows, without copies: for what every run collects. As for the
 * observer, an attempt is seen again when the service is done with it or the run has ended.
 */
export interface AttemptWatcher {
  /** An attempt leaves for its region and will reach it, in the order of time. */
  onSent(rows: SlotTable, attempt: number): void;
  onAttempt(rows: SlotTable, attempt: number): void;
  /** A request has ended for its caller. */
  onRequest(rows: SlotTable, request: number): void;
}

/** Indices are the plan's; instants are ms since the run's start. */
export interface ObservedAttempt {
  requestId: number;
  /** 0 for a request's first attempt. */
  ordinal: number;
  classIndex: number;
  model: number;
  target: number;
  /** Endpoint that had it last; -1 when it reached none. */
  endpoint: number;
  /** What the service made of it; -1 when the run ended first. */
  outcome: Outcome | -1;
  /** The caller had given it up by then: for the caller it timed out. */
  isGivenUp: boolean;
  /** Quota and limit (`REFUSED_BY`) of a throttled attempt; -1 and 0 otherwise. */
  refusedQuota: number;
  refusedBy: number;
  sentMs: number;
  endedMs: number;
  /** When it reached the source region, for attempts that got to an endpoint. */
  receivedMs: number;
  /** When its first and last token left the source region, of a served attempt. */
  firstTokenMs: number;
  answeredMs: number;
  /** All of the prompt, cached parts included. */
  inputTokens: number;
  outputTokens: number;
  /** The caller's max_tokens, or the model's maximum where unset. */
  maxTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** Quota that its tokens count against; -1 = none. */
  quota: number;
  /** Where in the ledger a served attempt is billed. */
  epoch: number;
  placement: number;
  /** False in the warm-up. */
  isCounted: boolean;
}

export interface ObservedRequest {
  requestId: number;
  classIndex: number;
  origin: number;
  arrivalMs: number;
  endedMs: number;
  end: End;
  /** Attempts that were sent, ended or not. */
  attempts: number;
  /** The attempt that served it; -1 = none. */
  servedBy: number;
  inputTokens: number;
  isCounted: boolean;
}

/** Copies rows of the engine's tables out to an observer. */
export class Observation {
  /** Whether decisions are watched at all: they are many. */
  declare readonly seesDecisions: boolean;
  declare private readonly observer: SimulationObserver;
  declare private readonly rows: SlotTable;
  private readonly attempt = newAttempt();
  private readonly request = newRequest();

  constructor(observer: SimulationObserver, rows: SlotTable) {
    this.observer = observer;
    this.rows = rows;
    this.seesDecisions = observer.onDecision !== undefined;
  }

  decided(decision: ObservedDecision, choice: number): number {
    return this.observer.onDecision!(decision, choice);
  }

  /** @param isLost no more of it ever came */
  attemptEnded(a: number, nowMs: number, isLost = false): void {
    const { attempt } = this;
    const { ints, floats } = this.rows;
    const at = a * ATTEMPT_INTS;
    const from = a * ATTEMPT_FLOATS;
    const outcome = ints[at + ATTEMPT.outcome]! as Outcome | -1;
    const isThrottled = outcome === OUTCOME.throttled;
    const hopMs = floats[from + ATTEMPT_FLOAT.hopMs]!;
    attempt.requestId = ints[at + ATTEMPT.requestId]!;
    attempt.ordinal = ints[at + ATTEMPT.ordinal]!;
    attempt.classIndex = ints[at + ATTEMPT.classIndex]!;
    attempt.model = ints[at + ATTEMPT.modelIndex]!;
    attempt.target = ints[at + ATTEMPT.target]!;
    attempt.endpoint = ints[at + ATTEMPT.endpoint]!;
    attempt.outcome = outcome;
    attempt.isGivenUp = isLost || ints[at + ATTEMPT.isDetached] === 1;
    attempt.refusedQuota = isThrottled ? ints[at + ATTEMPT.refusal]! >> 2 : -1;
    attempt.refusedBy = isThrottled ? ints[at + ATTEMPT.refusal]! & 3 : 0;
    attempt.sentMs = floats[from + ATTEMPT_FLOAT.sentMs]!;
    attempt.endedMs = nowMs;
    attempt.receivedMs = floats[from + ATTEMPT_FLOAT.offeredMs]! - hopMs;
    attempt.firstTokenMs = floats[from + ATTEMPT_FLOAT.firstTokenMs]! + hopMs;
    attempt.answeredMs = nowMs + hopMs;
    attempt.inputTokens = ints[at + ATTEMPT.inputTokens]!;
    attempt.outputTokens = ints[at + ATTEMPT.outputTokens]!;
    attempt.maxTokens = ints[at + ATTEMPT.maxTokens]!;
    attempt.cacheReadTokens = ints[at + ATTEMPT.cacheReadTokens]!;
    attempt.cacheWriteTokens = ints[at + ATTEMPT.cacheWriteTokens]!;
    attempt.quota = ints[at + ATTEMPT.quota]!;
    attempt.epoch = ints[at + ATTEMPT.epoch]!;
    attempt.placement = ints[at + ATTEMPT.placement]!;
    attempt.isCounted =
      (ints[ints[at + ATTEMPT.request]! * ATTEMPT_INTS + ATTEMPT.flags]! & REQUEST_FLAG.isCounted) !== 0;
    this.observer.onAttemptEnd(attempt);
  }

  /** @param a the serving attempt, or -1 */
  requestEnded(row: number, end: End, nowMs: number, a: number): void {
    const { request } = this;
    const { ints, floats } = this.rows;
    const at = row * ATTEMPT_INTS;
    request.requestId = ints[at + ATTEMPT.requestId]!;
    request.classIndex = ints[at + ATTEMPT.classIndex]!;
    request.origin = ints[at + ATTEMPT.originIndex]!;
    request.arrivalMs = floats[row * ATTEMPT_FLOATS + ATTEMPT_FLOAT.arrivalMs]!;
    request.endedMs = nowMs;
    request.end = end;
    request.attempts = ints[at + ATTEMPT.attempts]!;
    request.servedBy = a < 0 ? -1 : ints[a * ATTEMPT_INTS + ATTEMPT.ordinal]!;
    request.inputTokens = ints[at + ATTEMPT.inputTokens]!;
    request.isCounted = (ints[at + ATTEMPT.flags]! & REQUEST_FLAG.isCounted) !== 0;
    this.observer.onRequestEnd(request);
  }

  /** Hands over the attempts that the run's end found under way. */
  runEnded(nowMs: number): void {
    for (const a of this.rows.slotsInUse()) {
      if (this.rows.ints[a * ATTEMPT_INTS + ATTEMPT.outcome] === UNKNOWN) this.attemptEnded(a, nowMs);
    }
    this.observer.onRunEnd();
  }
}

function newAttempt(): ObservedAttempt {
  return {
    requestId: 0,
    ordinal: 0,
    classIndex: 0,
    model: 0,
    target: 0,
    endpoint: UNKNOWN,
    outcome: UNKNOWN,
    isGivenUp: false,
    refusedQuota: -1,
    refusedBy: 0,
    sentMs: 0,
    endedMs: 0,
    receivedMs: 0,
    firstTokenMs: 0,
    answeredMs: 0,
    inputTokens: 0,
    outputTokens: 0,
    maxTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    quota: -1,
    epoch: 0,
    placement: 0,
    isCounted: false,
  };
}

function newRequest(): ObservedRequest {
  return {
    requestId: 0,
    classIndex: 0,
    origin: 0,
    arrivalMs: 0,
    endedMs: 0,
    end: 0,
    attempts: 0,
    servedBy: -1,
    inputTokens: 0,
    isCounted: false,
  };
}
