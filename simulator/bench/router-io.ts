import type { OutcomeKind } from "../client/strategy.ts";
import type { AttemptRow, RequestRow, ScheduledRequest } from "./rows.ts";

/**
 * The outside of a replaying router: a clock, timers, a wire and a place for rows. k6 gives it the real ones, a test an
 * event clock and the simulator's own world.
 */
export interface ReplayIo {
  /** ms since the run's start; must not go back. */
  nowMs(): number;
  /** Calls back once after so many ms; the answer undoes it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Sends an attempt and calls back once with what became of it, at any later time. */
  send(order: AttemptOrder, done: (answer: AttemptAnswer) => void): void;
  attemptEnded(row: AttemptRow): void;
  requestEnded(row: RequestRow): void;
}

export interface AttemptOrder {
  readonly request: ScheduledRequest;
  /** 0 for a request's first attempt. */
  readonly ordinal: number;
  readonly model: number;
  readonly target: number;
  readonly sentMs: number;
  /** The attempt fails as a timeout when it has no answer by then, ms after sending; Infinity = no limit. */
  readonly timeoutMs: number;
}

export interface AttemptAnswer {
  readonly kind: OutcomeKind;
  /** Not to be tried again, whatever the retry mode. */
  readonly isFinal: boolean;
  readonly endedMs: number;
  /** From sending to the first token, ms; NaN where there is none. */
  readonly ttftMs: number;
  /** What the service asks to wait, ms; NaN = nothing. */
  readonly retryAfterMs: number;
  readonly status: number;
  readonly serviceRequestId: string;
  readonly error: string;
  readonly usage: readonly [number, number, number, number] | null;
}
