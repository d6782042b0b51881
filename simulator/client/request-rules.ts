/**
 * The life of a request on its caller's side: what follows a failure, a timeout, silence, a deadline, a late answer,
 * and how a request ends. The engine (requests in rows) and the k6 router (requests as objects) both ask here, so that
 * a rule stands once. Pure functions on plain values: nothing is kept and nothing allocated.
 */

import { GIVE_UP, type RetryPolicy } from "./retry-policy.ts";
import type { OutcomeKind } from "./strategy.ts";

/** How a request ended. */
export const END = {
  served: 0,
  throttled: 1,
  refused: 2,
  timedOut: 3,
  /** It left its queue at the service, out of patience. */
  abandoned: 4,
  failed: 5,
  /** No target is legal for it. */
  residencyRefused: 6,
  /** The run was over before it was. */
  inFlight: 7,
} as const;
export type End = (typeof END)[keyof typeof END];

/** Outcomes of an attempt that leave its request unserved. */
export type Failure = Exclude<OutcomeKind, "ok">;

/** Time limits of a client; Infinity where there is none. */
export interface TimeoutPolicy {
  /** Of one attempt, from sending it (an SDK's read timeout), ms. The service does not know: it goes on, and bills. */
  readonly attemptMs: number;
  /** Of the whole request, from its intended arrival, over all attempts and waits (a caller's deadline), ms. */
  readonly requestMs: number;
}

/**
 * Hedged requests: when an attempt has not answered for a while, send another and take the first answer. The loser
 * runs to its end and is billed. Source: Dean, Barroso, "The tail at scale", CACM 56(2), 2013.
 */
export interface HedgePolicy {
  /** Silence after which the next hedge leaves, counted from the latest send, ms. */
  readonly afterMs: number;
  /** Hedges per request; 0 = never. */
  readonly hedgesMax: number;
}

/** What `putOffUntilMs` answers for an attempt that is not made at all. */
export const NEVER = Number.POSITIVE_INFINITY;

/** Output tokens that a request may ask for at most. @param asked the caller's max_tokens; 0 = unset */
export function outputLimit(asked: number, modelMax: number): number {
  return asked > 0 ? asked : modelMax;
}

/** From now to a request's deadline, ms: it runs from the intended arrival. Infinity without one; 0 once it is past. */
export function deadlineInMs({ requestMs }: TimeoutPolicy, arrivalMs: number, nowMs: number): number {
  return Math.max(0, arrivalMs + requestMs - nowMs);
}

/**
 * When an attempt that may not leave now is tried again, as the send limiter or the strategy asks.
 *
 * @param askedMs when they want it; a strategy's choice c < 0 asks for instant -1 - c
 * @returns an instant, at least 1 ms from now so that time goes on; NEVER for a hedge, whose request is under way anyway
 */
export function putOffUntilMs(askedMs: number, nowMs: number, isHedge: boolean): number {
  return isHedge ? NEVER : Math.max(askedMs, nowMs + 1);
}

/** When the next hedge is due if no attempt answers or leaves before; Infinity when no more may be sent. */
export function hedgeDueMs({ afterMs, hedgesMax }: HedgePolicy, hedgesSent: number, latestSentMs: number): number {
  return hedgesSent < hedgesMax ? latestSentMs + afterMs : Number.POSITIVE_INFINITY;
}

/**
 * Whether a hedge that is due leaves: only beside an attempt that is awaited. While a request waits for a retry or
 * a deferral there is no silence to hedge against.
 *
 * @param outstanding attempts whose answer is awaited
 */
export function mayHedge({ hedgesMax }: HedgePolicy, hedgesSent: number, outstanding: number): boolean {
  return outstanding > 0 && hedgesSent < hedgesMax;
}

/**
 * What an answer, or the client's own timeout, does to its request.
 *
 * - `forget`: the request has ended (another attempt served it, or its deadline passed). The router's count of attempts
 *   in flight goes down; neither strategy nor signals, send limiter or retry budget learn of it.
 * - `serve`: the router learns, the retry budget gets back what the last retry took, the request ends as served.
 * - `fail`: the router learns, and `isStillUnderWay` and `retryDelayMs` say what follows.
 */
export function afterAnswer(isEnded: boolean, isServed: boolean): "forget" | "serve" | "fail" {
  if (isEnded) return "forget";
  return isServed ? "serve" : "fail";
}

/**
 * Whether a request goes on without the attempt that has just failed: another one may still answer, or a retry or
 * deferral is already set. Then the failure asks for no retry of its own.
 *
 * @param outstanding attempts whose answer is awaited, the failed one left out
 * @param isPending   a retry or a deferral will send it
 */
export function isStillUnderWay(outstanding: number, isPending: boolean): boolean {
  return outstanding > 0 || isPending;
}

/**
 * How long a request waits for its next attempt, from the instant of the failure. Takes the retry from the budget: then
 * remember `retry.retryCost(kind)`, which a later success gives back.
 *
 * @param attemptsSent attempts of the request so far, the failed one included
 * @param isFinal      the failure is not to be tried again, whatever the retry mode: the request itself is wrong, or it
 *                     has left its queue
 * @param hintMs       what the service asks to wait, ms; NaN = nothing
 * @param uniform      the attempt's own jitter, in [0, 1)
 * @returns ms, or GIVE_UP: the request ends as `endAfter(kind)`
 */
export function retryDelayMs(
  retry: RetryPolicy,
  attemptsSent: number,
  kind: Failure,
  isFinal: boolean,
  hintMs: number,
  uniform: number,
): number {
  return isFinal ? GIVE_UP : retry.nextDelayMs(attemptsSent - 1, kind, hintMs, uniform);
}

/** How a request ends that is given up after such a failure of its last attempt. */
export function endAfter(kind: Failure): End {
  return END_AFTER[kind];
}

const END_AFTER: Readonly<Record<Failure, End>> = {
  throttled: END.throttled,
  unavailable: END.refused,
  timeout: END.timedOut,
  error: END.failed,
};
