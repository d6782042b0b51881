/**
 * Answers that stall, break off, come empty or never come: what becomes of their attempts, and what their callers do.
 * A run whose plan has none of them makes no object of this class, and pays nothing for it.
 */
import type { SlotTable } from "../base/slot-table.ts";
import {
  callsAgainAfter,
  type End,
  firstByteLimitMs,
  INTERRUPTION,
  type Interruption,
  isStillUnderWay,
  NEVER,
  outlastsIdle,
  resumedCall,
  retriesAfterStart,
} from "../client/request-rules.ts";
import type { ClientPlan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../service/attempt-table.ts";
import { OUTCOME, type Outcome, type Service } from "../service/service.ts";
import type { ServicePlan, StreamFault } from "../service/service-plan.ts";
import { gapOf, hasStreamFaults } from "../service/stream-faults.ts";
import { FirstBytes, type GiveUp, type Interrupted, InterruptedRequests } from "./interruptions.ts";
import type { Observation } from "./observer.ts";
import { endAttempt } from "./request-rows.ts";
import { endAfterOutcome, type Router } from "./router.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const { ok: OK, broken: BROKEN, empty: EMPTY, error: ERROR } = OUTCOME;
const { none: WHOLE, idle: IDLE } = INTERRUPTION;

/** By outcome. */
const INTERRUPTION_OF: readonly Interruption[] = Object.values(OUTCOME).map((outcome) =>
  outcome === BROKEN ? INTERRUPTION.broken : outcome === EMPTY ? INTERRUPTION.empty : WHOLE,
);

/** Whether any answer of a run may end otherwise than whole, or be given up for a pause or a slow connection. */
export function mayBreak(world: ServicePlan, { timeout }: ClientPlan): boolean {
  return (
    firstByteLimitMs(timeout) < NEVER ||
    timeout.connectMs < NEVER ||
    hasStreamFaults(world) ||
    world.faults.some(({ kind }) => kind === "errors" || kind === "outage") ||
    world.endpoints.some(({ errorShare }) => errorShare > 0)
  );
}

/** The ordinary life of requests, which goes on from here (`requests.ts`). */
export interface Callers {
  readonly rows: SlotTable;
  readonly nowMs: number;
  readonly client: ClientPlan;
  readonly service: Service;
  readonly observation: Observation | null;
  /** The way of an attempt's answer back to its caller, ms. */
  backMs(attempt: number): number;
  routerOf(request: number): Router;
  isEnded(request: number): boolean;
  /** An attempt's answer reaches its caller at that instant. */
  bring(attempt: number, ms: number): void;
  giveUpAt(ms: number, giveUp: GiveUp): void;
  /** The caller gives an attempt up. */
  timeOut(attempt: number, interruption: Interruption, hasBegun: boolean): void;
  afterFailure(router: Router, request: number, outcome: Outcome, hintMs: number): void;
  forget(router: Router, attempt: number): void;
  later(request: number, ms: number): void;
  finalise(request: number, end: End, attempt: number): void;
  release(request: number): void;
}

export class Breaks {
  declare private readonly callers: Callers;
  declare private readonly rows: SlotTable;
  declare private readonly connectMs: number;
  private readonly interrupted = new InterruptedRequests();
  /** Attempts of which no further byte ever comes. */
  private readonly lost = new Set<number>();
  /** Attempts whose answers are made and on their way for longer than the way takes. */
  private readonly held = new Set<number>();
  private readonly firstBytes = new FirstBytes();

  constructor(callers: Callers) {
    this.callers = callers;
    this.rows = callers.rows;
    this.connectMs = callers.client.timeout.connectMs;
  }

  /** An attempt leaves: it asks for the whole answer, or for what is left of it. */
  sent(request: number, attempt: number): void {
    this.firstBytes.clear(attempt);
    const { ints } = this.rows;
    const at = attempt * INTS;
    const known = this.interrupted.get(request);
    const original = known?.original ?? null;
    if (original === null) {
      if (attempt !== request) ints[at + PLACE.outputTokens] = this.wholeTokens(request);
      return;
    }
    const rest = resumedCall(original, known!.resumedTokens);
    ints[at + PLACE.inputTokens] = rest.inputTokens;
    ints[at + PLACE.outputTokens] = rest.outputTokens;
    ints[at + PLACE.maxTokens] = rest.maxTokens;
  }

  /** Whether the way there takes longer than the caller tries to connect: then that is all that becomes of the attempt. */
  isUnreachable(attempt: number, thereMs: number): boolean {
    if (!(thereMs > this.connectMs)) return false;
    this.lost.add(attempt);
    this.scheduleGiveUp(attempt, this.callers.nowMs + this.connectMs, false);
    return true;
  }

  /** How an answer ended: also where the loss of its region has cut it, which is an error in the place of one otherwise. */
  interruptionOf(attempt: number, outcome: Outcome): Interruption {
    const { floats } = this.rows;
    const from = attempt * FLOATS;
    const hasBegun = floats[from + FLOAT.firstTokenMs]! <= floats[from + FLOAT.endedMs]!;
    const isCut = outcome === ERROR && this.callers.client.isStreaming && hasBegun;
    return isCut ? INTERRUPTION.broken : INTERRUPTION_OF[outcome]!;
  }

  /** No answer will ever come of an attempt. */
  lose(attempt: number): void {
    this.lost.add(attempt);
  }

  /** An answer falls silent: its caller gives it up where the pause is longer than its limit between bytes. */
  stall(attempt: number, fault: StreamFault, nowMs: number): void {
    const { timeout, isStreaming } = this.callers.client;
    if (!isStreaming || !outlastsIdle(timeout, gapOf(fault))) return;
    this.scheduleGiveUp(attempt, nowMs + this.callers.backMs(attempt) + timeout.idleMs, true);
  }

  /** @param firstTokenMs when the attempt's first token is made */
  noteFirstByte(attempt: number, firstTokenMs: number): void {
    const fault = this.callers.service.struckBy(attempt)?.fault;
    const heldMs = fault?.effect === "silence" && fault.afterTokens === 0 ? fault.lastsMs : 0;
    this.firstBytes.set(attempt, firstTokenMs + heldMs + this.callers.backMs(attempt));
  }

  /** The caller waits no longer for the first byte of an attempt. */
  firstByteIsDue(attempt: number, generation: number): void {
    if (!this.firstBytes.isIn(attempt, this.callers.nowMs)) this.giveUp({ attempt, generation, hasBegun: false });
  }

  /** The caller waits no longer for an attempt, which is void where its row holds another by now. */
  giveUp({ attempt, generation, hasBegun }: GiveUp): void {
    const { ints } = this.rows;
    const at = attempt * INTS;
    if (ints[at + PLACE.attemptGeneration] !== generation || ints[at + PLACE.isDetached] === 1) return;
    this.callers.timeOut(attempt, IDLE, hasBegun);
  }

  /** The caller has given an attempt up. */
  gaveUp(attempt: number): void {
    if (this.lost.has(attempt)) this.dropLost(attempt);
  }

  /**
   * The service has made an answer.
   *
   * @returns whether its caller gets it later than its way back takes, or never: then it is seen to here
   */
  holdsBack(attempt: number, heldMs: number): boolean {
    if (heldMs === 0) return false;
    const { callers } = this;
    const { ints, floats } = this.rows;
    const at = attempt * INTS;
    this.held.add(attempt);
    if (heldMs === NEVER) {
      this.lost.add(attempt);
      if (ints[at + PLACE.isDetached] === 1 || callers.isEnded(ints[at + PLACE.request]!)) this.dropLost(attempt);
      return true;
    }
    // A first token that came before the pause is not late.
    if (callers.service.struckBy(attempt)!.fault.afterTokens > 0) floats[attempt * FLOATS + FLOAT.endedMs]! += heldMs;
    callers.bring(attempt, callers.nowMs + heldMs + callers.backMs(attempt));
    return true;
  }

  /** An attempt's answer has reached its caller. */
  answered(attempt: number): void {
    const { observation, nowMs, service } = this.callers;
    if (this.held.delete(attempt) && observation !== null) observation.attemptEnded(attempt, nowMs);
    service.forget(attempt);
  }

  /** An attempt of a request has failed. */
  note(request: number, interruption: Interruption): void {
    this.interrupted.note(request, interruption);
  }

  /** Attempts of a request before its latest call: the SDK counts from there. */
  attemptsBefore(request: number): number {
    return this.interrupted.get(request)?.attemptsBefore ?? 0;
  }

  /** An answer that had begun has failed: the caller's own code calls again, or its own retry rules do, or it gives up. */
  afterBreak(router: Router, request: number, attempt: number, outcome: Outcome, interruption: Interruption): void {
    const { callers } = this;
    const { ints } = this.rows;
    const at = request * INTS;
    const { broken } = callers.client;
    const known = this.interrupted.get(request)!;
    if (!callsAgainAfter(broken, known.callsAgain)) {
      if (retriesAfterStart(router.retry, interruption)) callers.afterFailure(router, request, outcome, Number.NaN);
      else if (!isStillUnderWay(ints[at + PLACE.outstanding]!)) {
        callers.finalise(request, endAfterOutcome(outcome), -1);
      }
      return;
    }
    if (isStillUnderWay(ints[at + PLACE.outstanding]!)) return;
    known.callsAgain++;
    known.attemptsBefore = ints[at + PLACE.attempts]!;
    ints[at + PLACE.lastRetryCost] = 0;
    if (broken.again === "resume") this.resume(request, attempt, known);
    callers.later(request, callers.nowMs + broken.delayMs);
  }

  /** What has happened to a request's answers; undefined where nothing has. */
  of(request: number): Interrupted | undefined {
    return this.interrupted.get(request);
  }

  /** Tokens of a request's whole answer, though an attempt in its row may bring only some. */
  wholeTokens(request: number): number {
    return this.callers.service.struckBy(request)?.tokens ?? this.rows.ints[request * INTS + PLACE.outputTokens]!;
  }

  requestEnded(request: number): void {
    this.interrupted.forget(request);
    const { ints } = this.rows;
    for (const lost of this.lost) if (ints[lost * INTS + PLACE.request] === request) this.dropLost(lost);
  }

  /** The run is over: the service was done with these, and their callers had not got them. */
  runEnded(observation: Observation): void {
    for (const attempt of this.held) observation.attemptEnded(attempt, this.callers.nowMs);
  }

  /** The request's next calls are for the rest of the answer that an attempt has brought the beginning of. */
  private resume(request: number, attempt: number, known: Interrupted): void {
    const { callers } = this;
    const { ints, floats } = this.rows;
    const at = request * INTS;
    const struck = callers.service.struckBy(attempt);
    const tokens = struck?.tokens ?? ints[attempt * INTS + PLACE.outputTokens]!;
    // An error in place of an answer's end comes after all of its tokens.
    const isAtEnd = struck === undefined && ints[attempt * INTS + PLACE.outcome] === BROKEN;
    const received = struck?.fault.afterTokens ?? (isAtEnd ? tokens : 0);
    if (received === 0) return;
    known.original ??= {
      inputTokens: ints[at + PLACE.inputTokens]!,
      outputTokens: this.wholeTokens(request),
      maxTokens: ints[at + PLACE.maxTokens]!,
    };
    known.resumedTokens += Math.min(received, tokens - 1);
    if (Number.isNaN(known.firstTokenMs)) {
      known.firstTokenMs = floats[attempt * FLOATS + FLOAT.firstTokenMs]! + callers.backMs(attempt);
    }
  }

  private scheduleGiveUp(attempt: number, ms: number, hasBegun: boolean): void {
    const generation = this.rows.ints[attempt * INTS + PLACE.attemptGeneration]!;
    this.callers.giveUpAt(ms, { attempt, generation, hasBegun });
  }

  /** The row of an attempt that no byte comes of any more, and that its caller has given up, is free. */
  private dropLost(attempt: number): void {
    const { callers } = this;
    const { ints } = this.rows;
    const at = attempt * INTS;
    const request = ints[at + PLACE.request]!;
    this.lost.delete(attempt);
    this.held.delete(attempt);
    if (callers.observation !== null) callers.observation.attemptEnded(attempt, callers.nowMs, true);
    // Where the row goes on, no attempt is under way in it.
    ints[at + PLACE.outcome] = OK;
    if (ints[at + PLACE.isDetached] === 0) callers.forget(callers.routerOf(request), attempt);
    callers.service.forget(attempt);
    endAttempt(this.rows, attempt);
    callers.release(request);
  }
}
