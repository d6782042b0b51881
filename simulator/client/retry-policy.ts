/** The retries of one router: when a failed attempt is tried again, and the budget that pays for it. */
import { MeridianError } from "../base/errors.ts";
import { createAdaptiveLimiter } from "./limits.ts";
import {
  customRules,
  LEGACY_RULES,
  litellmRules,
  type RetryRules,
  type RetrySpec,
  STANDARD_RULES,
} from "./retry-rules.ts";
import type { OutcomeKind } from "./strategy.ts";

/** What `nextDelayMs` returns when the request is given up. */
export const GIVE_UP = -1;

/**
 * When and whether a failed attempt is tried again. One instance per router (SDK client): it owns the retry token
 * bucket and, in adaptive mode, the send limiter. What belongs to a request stays with the caller as plain numbers:
 * the attempt's index and the cost of its last retry. Nothing is allocated per call.
 *
 * Protocol per request: `sendWaitMs` before each attempt until it answers 0; after each attempt `onResponse`; after a
 * failure `nextDelayMs`, and if it grants a retry remember `retryCost(kind)`; after success `onSuccess(that cost)`.
 */
export interface RetryPolicy {
  /** All attempts of a request, the first included; Infinity where there is no limit. */
  readonly attemptsMax: number;
  /** Rules of the caller's own, around all of a call; not those of an SDK, which end when the answer's headers are in. */
  readonly isOwn: boolean;
  /**
   * Decides on another attempt and pays for it from the token bucket.
   *
   * @param attempt      index of the attempt that failed, 0 for the first
   * @param serverHintMs retry-after of the answer in ms, 0 or NaN if it had none
   * @param uniform      the attempt's own jitter, in [0, 1)
   * @returns ms to wait from now, or GIVE_UP
   */
  nextDelayMs(attempt: number, kind: OutcomeKind, serverHintMs: number, uniform: number): number;
  /** Tokens that a retry after this failure takes from the bucket; 0 without a bucket. */
  retryCost(kind: OutcomeKind): number;
  /** A request was served. @param lastRetryCost cost of its last retry; 0 if it was never retried */
  onSuccess(lastRetryCost: number): void;
  /** 0: the attempt may leave now, and has its send token. More: ask again after so many ms (adaptive mode). */
  sendWaitMs(nowMs: number): number;
  /** Every answer, good or bad, goes to the send limiter (adaptive mode). */
  onResponse(kind: OutcomeKind, nowMs: number): void;
}

/**
 * Makes the retry behaviour of one router.
 *
 * @throws MeridianError (usage) RETRY_BAD_OPTION for a number out of range
 * @example createRetryPolicy({ mode: "none" }).nextDelayMs(0, "throttled", NaN, 0.5) // => GIVE_UP
 * @example createRetryPolicy({ mode: "standard" }).nextDelayMs(1, "throttled", NaN, 0.5) // => 1_000
 */
export function createRetryPolicy(spec: RetrySpec): RetryPolicy {
  const rules = rulesOf(spec);
  const limiter = spec.mode === "adaptive" ? createAdaptiveLimiter() : undefined;
  let tokens = rules.bucketTokens;
  return {
    attemptsMax: rules.attemptsMax,
    isOwn: spec.mode === "custom",
    nextDelayMs(attempt, kind, serverHintMs, uniform) {
      if (attempt + 1 >= rules.attemptsMax || !rules.retries(kind)) return GIVE_UP;
      const cost = rules.cost(kind);
      if (cost > tokens) return GIVE_UP;
      tokens -= cost;
      const delayMs = rules.hintedMs?.(serverHintMs, uniform) ?? rules.delayMs(attempt, kind, uniform);
      if (rules.hintedMs !== undefined) return delayMs;
      return serverHintMs > delayMs ? Math.min(serverHintMs, delayMs + rules.hintExtraMs) : delayMs;
    },
    retryCost: rules.cost,
    onSuccess(lastRetryCost) {
      if (rules.bucketTokens < Infinity) tokens = rules.afterSuccess(tokens, lastRetryCost);
    },
    sendWaitMs: (nowMs) => (limiter === undefined ? 0 : limiter.waitMs(nowMs)),
    onResponse(kind, nowMs) {
      limiter?.onResponse(kind === "throttled", nowMs);
    },
  };
}

function rulesOf(spec: RetrySpec): RetryRules {
  switch (spec.mode) {
    case "standard":
    case "adaptive":
      return withAttempts(STANDARD_RULES[spec.sdk ?? "python"][spec.generation ?? "2026"], spec.maxAttempts);
    case "legacy":
      return withAttempts(LEGACY_RULES, spec.maxAttempts);
    case "litellm":
      return withAttempts(litellmRules(spec), spec.maxAttempts);
    case "none":
      return withAttempts(LEGACY_RULES, 1);
    case "custom":
      return withAttempts(customRules(spec), spec.maxAttempts ?? Infinity);
  }
}

function withAttempts(rules: RetryRules, attemptsMax: number | undefined): RetryRules {
  if (attemptsMax === undefined) return rules;
  if (attemptsMax >= 1 && (attemptsMax === Infinity || Number.isInteger(attemptsMax))) return { ...rules, attemptsMax };
  throw new MeridianError("usage", {
    code: "RETRY_BAD_OPTION",
    where: "maxAttempts",
    what: `${attemptsMax} is not a number of attempts`,
    fix: "give a whole number, 1 or more (the first attempt counts)",
  });
}
