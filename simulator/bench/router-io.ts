/**
 * The ports of a replaying router (its clock, timers, wire and sink for rows), and what it keeps of a request in progress and
 * of an attempt in flight.
 */
import { resumedCall, type TimeoutPolicy } from "../client/request-rules.ts";
import type { OutcomeKind } from "../client/strategy.ts";
import type { QuotaHold, SpendOrder } from "./reservations.ts";
import type { AttemptRow, RequestRow, ScheduledRequest } from "./rows.ts";

/**
 * What a replaying router needs from outside. k6 provides real time and HTTP; a test provides an event clock and the
 * simulator's service.
 */
export interface ReplayIo {
  /** ms since the run's start; must not decrease. */
  nowMs(): number;
  /** Calls back once after `delayMs`. @returns cancels it */
  after(delayMs: number, callback: () => void): () => void;
  /** Sends an attempt and calls back once with its outcome, at any later time. */
  send(order: AttemptOrder, done: (answer: AttemptAnswer) => void): void;
  attemptEnded(row: AttemptRow): void;
  requestEnded(row: RequestRow): void;
}

/** An attempt to send. */
export interface AttemptOrder {
  readonly request: ScheduledRequest;
  /** 0 for a request's first attempt. */
  readonly ordinal: number;
  /** Indices of the plan. */
  readonly model: number;
  readonly target: number;
  readonly sentMs: number;
  /** Without its last byte by then the attempt fails as a timeout, ms after sending; Infinity = no limit. */
  readonly timeoutMs: number;
  /** The client's other limits, as far as a wire can see what they limit; Infinity = none. */
  readonly limits: Pick<TimeoutPolicy, "connectMs" | "firstByteMs" | "idleMs">;
}

/** The outcome of an attempt. */
export interface AttemptAnswer {
  readonly kind: OutcomeKind;
  /** Not to be retried, whatever the retry mode. */
  readonly isFinal: boolean;
  /**
   * broken, empty: the answer had begun, and broke off or had no token; idle: it fell silent, or its first byte did not
   * come in time.
   */
  readonly interruption?: "broken" | "empty" | "idle";
  /** Of an idle one: its first byte had come. */
  readonly hasBegun?: boolean;
  /** Tokens that came of an answer that was not whole, as far as is known. */
  readonly receivedTokens?: number;
  readonly endedMs: number;
  /** From sending to the first token, ms; NaN where there is none. */
  readonly ttftMs: number;
  /** The wait that the service asks for, ms; NaN = none. */
  readonly retryAfterMs: number;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly serviceRequestId: string;
  readonly error: string;
  /** Tokens: uncached input, output, cache read, cache write; null where not reported. */
  readonly usage: readonly [number, number, number, number] | null;
}

/** A request in progress. */
export interface Call {
  readonly request: ScheduledRequest;
  readonly begunMs: number;
  readonly maxTokens: number;
  attempts: number;
  /** Attempts without an answer so far. */
  outstanding: number;
  hedges: number;
  lastTarget: number;
  lastRetryCost: number;
  /** Attempts before its latest call: the SDK counts from there. */
  attemptsBefore: number;
  /** Calls that the caller's own code made again, and the tokens that they continue from. */
  callsAgain: number;
  resumedTokens: number;
  isEnded: boolean;
  cancelDeadline: () => void;
  cancelHedge: () => void;
}

export interface Flight {
  readonly call: Call;
  readonly ordinal: number;
  readonly target: number;
  readonly sentMs: number;
  /** Reserved from the budget; undefined where there is none. */
  readonly reserved: Reservation | undefined;
  /** Held of a quota that the client counts itself. */
  readonly held: QuotaHold | undefined;
}

export interface Reservation {
  readonly order: SpendOrder;
  readonly nanoUsd: number;
}

/** A request that a router takes up. @param maxTokens the caller's, or the model's limit */
export function newCall(request: ScheduledRequest, begunMs: number, maxTokens: number): Call {
  return {
    request,
    begunMs,
    maxTokens,
    attempts: 0,
    outstanding: 0,
    hedges: 0,
    lastTarget: -1,
    lastRetryCost: 0,
    attemptsBefore: 0,
    callsAgain: 0,
    resumedTokens: 0,
    isEnded: false,
    cancelDeadline: nothing,
    cancelHedge: nothing,
  };
}

/** What an attempt asks for: the request, or the rest of its answer where earlier calls brought the beginning. */
export function restOf({ request, maxTokens, resumedTokens }: Call): ScheduledRequest {
  if (resumedTokens === 0) return request;
  const outputTokens = Math.min(request.outputTokens, maxTokens);
  return { ...request, ...resumedCall({ ...request, outputTokens, maxTokens }, resumedTokens) };
}

export function nothing(): void {}
