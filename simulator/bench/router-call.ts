/** What a replaying router keeps of a request in progress and of an attempt in flight. */
import { resumedCall } from "../client/request-rules.ts";
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
