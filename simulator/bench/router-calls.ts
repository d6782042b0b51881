/** What a replaying router keeps of its requests and attempts while they are under way. */
import type { QuotaHold } from "./client-quotas.ts";
import type { ScheduledRequest } from "./rows.ts";
import type { SpendOrder } from "./spend.ts";

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

/** An attempt in flight. */
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

/** What an attempt holds of a budget. */
export interface Reservation {
  readonly order: SpendOrder;
  readonly nanoUsd: number;
}
