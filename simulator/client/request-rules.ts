/**
 * The life of a request on its caller's side: what follows a failure, a timeout, silence, a deadline, a late answer,
 * and how a request ends. Pure functions on plain values, used by the engine (requests in rows) and by the k6 router
 * (requests as objects), so that each rule stands once.
 */
import { GIVE_UP, type RetryPolicy } from "./retry-policy.ts";
import type { OutcomeKind } from "./strategy.ts";

/** How a request ended. */
export const END = {
  served: 0,
  throttled: 1,
  refused: 2,
  timedOut: 3,
  /** It ran out of patience in a queue of the service. */
  abandoned: 4,
  failed: 5,
  /** No target is legal for it. */
  residencyRefused: 6,
  /** It had not ended when the run did. */
  inFlight: 7,
} as const;
export type End = (typeof END)[keyof typeof END];

/** Outcomes of an attempt that leave its request unserved. */
export type Failure = Exclude<OutcomeKind, "ok">;

/** Time limits of a client; Infinity where there is none. The service does not know of them: it goes on, and bills. */
export interface TimeoutPolicy {
  /** Of one attempt, from sending it to its last byte, ms: the caller's own. */
  readonly attemptMs: number;
  /** Of the way to the region, ms. */
  readonly connectMs: number;
  /** From sending an attempt to the first byte of its answer, which is the last of one that is not a stream, ms. */
  readonly firstByteMs: number;
  /** Between bytes, and from sending to the first (an SDK's read timeout on its socket), ms. */
  readonly idleMs: number;
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
  /** In its place, a quantile of what answers take lately, in (0, 1); 0 = none (`hedge-delays.ts`). */
  readonly quantile: number;
  /** Hedges per request; 0 = never. */
  readonly hedgesMax: number;
  /** Hedges over requests, of each router; Infinity = no budget. */
  readonly budgetShare: number;
}

/** What a caller's own code does about an answer that broke off, came empty or fell silent after it had begun. */
export interface BreakPolicy {
  /** whole: the request is sent again; resume: with what has come as its beginning, for the rest; never: it has failed. */
  readonly again: "never" | "whole" | "resume";
  /** Calls made again for a request, at most. */
  readonly callsMax: number;
  /** Wait before each, ms. */
  readonly delayMs: number;
}

/** How an answer that had begun ended without serving; idle also where its first byte did not come in time. */
export const INTERRUPTION = { none: 0, broken: 1, idle: 2, empty: 3 } as const;
export type Interruption = (typeof INTERRUPTION)[keyof typeof INTERRUPTION];

/** Requests whose unused hedges may be saved up: a quiet day must not pay for a storm. */
const SAVED_REQUESTS = 100;

/**
 * Keeps a router's hedges to a share of its requests, so that slow servers do not get more load for being slow. A token
 * bucket: each request puts its share in, each hedge takes one out, and what 100 requests put in is the most that is
 * saved up. As Finagle's backup requests and the retry budgets of Linkerd and Envoy.
 */
export class HedgeBudget {
  declare private readonly share: number;
  declare private readonly savedMax: number;
  private tokens = 0;

  /** @param share hedges over requests, above 0; Infinity = no budget */
  constructor(share: number) {
    this.share = share;
    this.savedMax = Math.max(1, share * SAVED_REQUESTS);
  }

  /** A request has arrived at the router. */
  request(): void {
    if (this.share < Number.POSITIVE_INFINITY) this.tokens = Math.min(this.savedMax, this.tokens + this.share);
  }

  /** Whether a hedge may leave; if so, it is paid for. */
  take(): boolean {
    if (this.share === Number.POSITIVE_INFINITY) return true;
    // Shares such as 0.1 do not add up to whole numbers exactly.
    if (this.tokens < 1 - 1e-9) return false;
    this.tokens -= 1;
    return true;
  }
}

/** What `putOffUntilMs` returns for an attempt that is not made at all. */
export const NEVER = Number.POSITIVE_INFINITY;

/**
 * Most output tokens that a request may get.
 *
 * @param asked    the caller's max_tokens; 0 = unset
 * @param modelMax the model's limit
 * @example outputLimit(200, 64_000) // => 200
 * @example outputLimit(0, 64_000) // => 64_000
 */
export function outputLimit(asked: number, modelMax: number): number {
  return asked > 0 ? asked : modelMax;
}

/**
 * Time left to a request's deadline, which counts from the intended arrival.
 *
 * @returns ms; Infinity without a deadline, 0 once it is past
 * @example deadlineInMs({ requestMs: 5_000 }, 1_000, 4_000) // => 2_000
 */
export function deadlineInMs(
  { requestMs }: Pick<TimeoutPolicy, "requestMs">,
  arrivalMs: number,
  nowMs: number,
): number {
  return Math.max(0, arrivalMs + requestMs - nowMs);
}

/**
 * Time from sending an attempt within which its first byte must come: a socket's read timeout runs from the start.
 *
 * @example firstByteLimitMs({ firstByteMs: Infinity, idleMs: 60_000 }) // => 60_000
 */
export function firstByteLimitMs({ firstByteMs, idleMs }: Pick<TimeoutPolicy, "firstByteMs" | "idleMs">): number {
  return Math.min(firstByteMs, idleMs);
}

/**
 * Whether a caller gives up an answer that pauses.
 *
 * @param gapMs between two bytes; Infinity = no more come
 * @example outlastsIdle({ idleMs: 3_000 }, 8_000) // => true
 */
export function outlastsIdle({ idleMs }: Pick<TimeoutPolicy, "idleMs">, gapMs: number): boolean {
  return gapMs > idleMs;
}

/**
 * When an attempt that may not leave now is tried again, as the send limiter or the strategy asks.
 *
 * @param askedMs when they want it; a strategy's choice c < 0 asks for instant -1 - c
 * @returns an instant, at least 1 ms from now so that time advances; NEVER for a hedge, whose request is under way anyway
 * @example putOffUntilMs(2_500, 2_000, false) // => 2_500
 * @example putOffUntilMs(1_000, 2_000, false) // => 2_001
 */
export function putOffUntilMs(askedMs: number, nowMs: number, isHedge: boolean): number {
  return isHedge ? NEVER : Math.max(askedMs, nowMs + 1);
}

/**
 * When the next hedge is due unless an attempt is answered or sent before.
 *
 * @returns an instant, ms; Infinity when no more may be sent
 * @example hedgeDueMs({ afterMs: 400, hedgesMax: 1 }, 0, 1_000) // => 1_400
 * @example hedgeDueMs({ afterMs: 400, hedgesMax: 1 }, 1, 1_000) // => Infinity
 */
export function hedgeDueMs(
  { afterMs, hedgesMax }: Pick<HedgePolicy, "afterMs" | "hedgesMax">,
  hedgesSent: number,
  latestSentMs: number,
): number {
  return hedgesSent < hedgesMax ? latestSentMs + afterMs : Number.POSITIVE_INFINITY;
}

/**
 * Whether a hedge that is due leaves: only beside an attempt that is awaited. While a request waits for a retry or
 * a deferral there is no silence to hedge against.
 *
 * @param outstanding attempts whose answer is awaited
 * @example mayHedge({ hedgesMax: 2 }, 1, 1) // => true
 * @example mayHedge({ hedgesMax: 2 }, 1, 0) // => false
 */
export function mayHedge(
  { hedgesMax }: Pick<HedgePolicy, "hedgesMax">,
  hedgesSent: number,
  outstanding: number,
): boolean {
  return outstanding > 0 && hedgesSent < hedgesMax;
}

/**
 * What an answer, or the client's own timeout, does to its request.
 *
 * - `forget`: the request has ended (another attempt served it, or its deadline passed). The router's count of attempts
 *   in flight goes down; neither strategy nor signals, send limiter or retry budget learn of it.
 * - `serve`: the router learns, the retry budget gets back what the last retry took, the request ends as served.
 * - `fail`: the router learns, and `isStillUnderWay` and `retryDelayMs` say what follows.
 *
 * @example afterAnswer(false, true) // => "serve"
 * @example afterAnswer(true, true) // => "forget"
 */
export function afterAnswer(isEnded: boolean, isServed: boolean): "forget" | "serve" | "fail" {
  if (isEnded) return "forget";
  return isServed ? "serve" : "fail";
}

/**
 * Whether a request goes on without the attempt that has just failed: another one may still answer. Then the failure
 * asks for no retry of its own. A retry or deferral cannot be set already: one is set only while no answer is awaited.
 *
 * @param outstanding attempts whose answer is awaited, the failed one left out
 * @example isStillUnderWay(0) // => false
 */
export function isStillUnderWay(outstanding: number): boolean {
  return outstanding > 0;
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

/**
 * Whether the SDK itself tries again an attempt whose answer had begun: AWS's do not, once the headers are in, since the
 * caller has read what came. Rules of one's own stand around the reading, and try again what they list. An empty answer
 * is a success for all of them.
 */
export function retriesAfterStart(retry: RetryPolicy, interruption: Interruption): boolean {
  return retry.isOwn && interruption !== INTERRUPTION.empty;
}

/**
 * Whether the caller's own code makes the call again. It is then a call of its own: the SDK's attempts count from 1, and
 * it takes nothing from the SDK's retry budget.
 *
 * @param callsAgain that the request has had
 * @example callsAgainAfter({ again: "whole", callsMax: 2, delayMs: 0 }, 1) // => true
 */
export function callsAgainAfter({ again, callsMax }: BreakPolicy, callsAgain: number): boolean {
  return again !== "never" && callsAgain < callsMax;
}

/** Tokens of a request: prompt, answer, and the caller's limit for it. */
export interface CallTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxTokens: number;
}

/**
 * A call for the rest of an answer: what has come goes along as the answer's beginning, and is read as prompt.
 *
 * @example resumedCall({ inputTokens: 500, outputTokens: 400, maxTokens: 1_000 }, 150).inputTokens // => 650
 * @example resumedCall({ inputTokens: 500, outputTokens: 400, maxTokens: 1_000 }, 150).outputTokens // => 250
 */
export function resumedCall(
  { inputTokens, outputTokens, maxTokens }: CallTokens,
  received: number,
): { inputTokens: number; outputTokens: number; maxTokens: number } {
  const had = Math.min(received, outputTokens - 1);
  return { inputTokens: inputTokens + had, outputTokens: outputTokens - had, maxTokens: maxTokens - had };
}

/**
 * How a request ends that is given up after such a failure of its last attempt.
 *
 * @example endAfter("timeout") // => END.timedOut
 */
export function endAfter(kind: Failure): End {
  return END_AFTER[kind];
}

const END_AFTER: Readonly<Record<Failure, End>> = {
  throttled: END.throttled,
  unavailable: END.refused,
  timeout: END.timedOut,
  error: END.failed,
};
