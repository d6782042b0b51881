/** The ports of a replaying router: its clock, timers, wire and sink for rows. */
import type { TimeoutPolicy } from "../client/request-rules.ts";
import type { OutcomeKind } from "../client/strategy.ts";
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
