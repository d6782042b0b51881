/** Retry modes: what a scenario says of them, and the constants and formulas of the SDKs. */
import { MeridianError } from "../base/errors.ts";
import type { Sampler } from "../random/law.ts";
import type { OutcomeKind } from "./strategy.ts";

/** What a scenario says about retries, as plain values. `standard` of the Python SDK when it says nothing. */
export type RetrySpec =
  | {
      readonly mode: "standard" | "adaptive";
      readonly sdk?: Sdk;
      readonly generation?: RetryGeneration;
      readonly maxAttempts?: number;
    }
  | { readonly mode: "legacy"; readonly maxAttempts?: number }
  | { readonly mode: "none" }
  | LitellmRetrySpec
  | CustomRetrySpec;

/** Which SDK, since their constants differ. */
export type Sdk = "js" | "python";
/** "2026" is what today's SDKs do by default; "previous" what they did before. */
export type RetryGeneration = "2026" | "previous";

export interface LitellmRetrySpec {
  readonly mode: "litellm";
  /** `num_retries` + 1; the Router's own number is 3. */
  readonly maxAttempts?: number;
  /** `retry_after`: least wait, ms. */
  readonly retryAfterMs: number;
  /** The model group has one deployment. */
  readonly isLone: boolean;
}

export interface CustomRetrySpec {
  readonly mode: "custom";
  readonly backoff: CustomBackoff;
  /** First attempt included; null = no limit. */
  readonly maxAttempts: number | null;
  /** Which failures are tried again. */
  readonly on: readonly Exclude<OutcomeKind, "ok">[];
  /** Size of a retry budget: each retry takes one token, each request served without a retry gives `refund` back. */
  readonly budget?: { readonly tokens: number; readonly refund: number };
}

/** A delay law sampled with the attempt's jitter, or jitter × min(base × factor^attempt, cap). */
export type CustomBackoff =
  | { readonly kind: "law"; readonly sample: Sampler }
  | {
      readonly kind: "exponential";
      readonly baseMs: number;
      readonly factor: number;
      readonly capMs: number;
      /** full: U(0,1) of the delay; equal: half fixed, half drawn; none: all fixed. */
      readonly jitter: "full" | "equal" | "none";
    };

/** The constants and formulas of one retry mode, without state. */
export interface RetryRules {
  readonly attemptsMax: number;
  /** Size of the retry token bucket; Infinity without one. */
  readonly bucketTokens: number;
  /** By how much a server hint may exceed the computed delay, ms; 0 where the mode does not read hints. */
  readonly hintExtraMs: number;
  retries(kind: OutcomeKind): boolean;
  cost(kind: OutcomeKind): number;
  delayMs(attempt: number, kind: OutcomeKind, uniform: number): number;
  /** The wait that a server's hint makes, in place of all other rules for hints; null: as without one. */
  hintedMs?(hintMs: number, uniform: number): number | null;
  /** Tokens in the bucket after a served request. */
  afterSuccess(tokens: number, lastRetryCost: number): number;
}

const ATTEMPTS_MAX = 3;
const CAP_MS = 20_000;
const BUCKET_TOKENS = 500;
const HINT_EXTRA_MS = 5_000;

const retriesFailures = (kind: OutcomeKind) => kind !== "ok";
const free = () => 0;

/** Both SDKs today: 1 s base for throttling, 50 ms otherwise; a throttling retry is cheap, others cost 14. */
function baseMs2026(kind: OutcomeKind): number {
  return kind === "throttled" ? 1_000 : 50;
}

function cost2026(kind: OutcomeKind): number {
  return kind === "throttled" ? 5 : 14;
}

/** A success gives back what its last retry took, or 1 if there was none; never above the size of the bucket. */
function refund(tokens: number, lastRetryCost: number): number {
  return Math.min(BUCKET_TOKENS, tokens + (lastRetryCost > 0 ? lastRetryCost : 1));
}

/**
 * `standard` mode. Read in the sources: botocore 1.44.5 retries/standard.py and @smithy/core 3.41.0 retry
 * (both "2026"); botocore 1.40.0 and @smithy/util-retry 4.0.1 ("previous"). The JavaScript SDK floors a delay to whole
 * milliseconds. Its previous generation caps after the jitter, charges 10 for every transient failure (botocore only
 * for a timeout), and fills the bucket to 500 or more at any success, since it takes
 * a maximum where a minimum was meant.
 * The previous generations read no hint that Bedrock could send (a number of seconds in Retry-After was ignored).
 */
export const STANDARD_RULES: Readonly<Record<Sdk, Readonly<Record<RetryGeneration, RetryRules>>>> = {
  python: {
    "2026": {
      attemptsMax: ATTEMPTS_MAX,
      bucketTokens: BUCKET_TOKENS,
      hintExtraMs: HINT_EXTRA_MS,
      retries: retriesFailures,
      cost: cost2026,
      delayMs: (attempt, kind, uniform) => uniform * Math.min(baseMs2026(kind) * 2 ** attempt, CAP_MS),
      afterSuccess: refund,
    },
    previous: {
      attemptsMax: ATTEMPTS_MAX,
      bucketTokens: BUCKET_TOKENS,
      hintExtraMs: 0,
      retries: retriesFailures,
      cost: (kind) => (kind === "timeout" ? 10 : 5),
      delayMs: (attempt, _kind, uniform) => uniform * Math.min(1_000 * 2 ** attempt, CAP_MS),
      afterSuccess: refund,
    },
  },
  js: {
    "2026": {
      attemptsMax: ATTEMPTS_MAX,
      bucketTokens: BUCKET_TOKENS,
      hintExtraMs: HINT_EXTRA_MS,
      retries: retriesFailures,
      cost: cost2026,
      delayMs: (attempt, kind, uniform) => Math.floor(uniform * Math.min(baseMs2026(kind) * 2 ** attempt, CAP_MS)),
      afterSuccess: refund,
    },
    previous: {
      attemptsMax: ATTEMPTS_MAX,
      bucketTokens: BUCKET_TOKENS,
      hintExtraMs: 0,
      retries: retriesFailures,
      cost: (kind) => (kind === "throttled" ? 5 : 10),
      delayMs: (attempt, kind, uniform) =>
        Math.floor(Math.min(CAP_MS, uniform * (kind === "throttled" ? 500 : 100) * 2 ** attempt)),
      afterSuccess: (tokens, lastRetryCost) =>
        Math.max(BUCKET_TOKENS, tokens + (lastRetryCost > 0 ? lastRetryCost : 1)),
    },
  },
};

/** boto3's `legacy` mode: 5 attempts, U(0,1) × 2^attempt seconds, no cap, no bucket (botocore data/_retry.json). */
export const LEGACY_RULES: RetryRules = {
  attemptsMax: 5,
  bucketTokens: Infinity,
  hintExtraMs: 0,
  retries: retriesFailures,
  cost: free,
  delayMs: (attempt, _kind, uniform) => uniform * 1_000 * 2 ** attempt,
  afterSuccess: (tokens) => tokens,
};

const LITELLM_FIRST_WAIT_MS = 500;
const LITELLM_WAIT_MS_MAX = 8_000;
const LITELLM_JITTER_MS = 750;
/** A Retry-After above this is not followed. */
const LITELLM_HINT_MS_MAX = 60_000;

/**
 * Of several deployments, the next attempt leaves at once; when all of them cool down there is none, which the strategy
 * says. Of one: Retry-After where it is 1 to 60 s, else 0.5 s × 2^attempt, at least `retry_after` and at most 8 s; and
 * up to 0.75 s more. There is no budget of retries. (The Router waits once more after the last failure, before it
 * tells its caller: that wait is left out here.)
 *
 * Source: litellm 1.109.1, router_python_core.py `_time_to_sleep_before_retry`, utils.py `calculate_retry_after`.
 *
 * @example litellmRules({ mode: "litellm", retryAfterMs: 0, isLone: true }).delayMs(1, "error", 0.5) // => 1_375
 */
export function litellmRules({ retryAfterMs, isLone }: LitellmRetrySpec): RetryRules {
  return {
    attemptsMax: 3,
    bucketTokens: Number.POSITIVE_INFINITY,
    hintExtraMs: 0,
    retries: (kind) => kind !== "ok",
    cost: () => 0,
    delayMs: (attempt, _kind, uniform) =>
      isLone
        ? Math.min(Math.max(LITELLM_FIRST_WAIT_MS * 2 ** attempt, retryAfterMs), LITELLM_WAIT_MS_MAX) +
          LITELLM_JITTER_MS * uniform
        : 0,
    hintedMs: (hintMs, uniform) =>
      isLone && hintMs >= 1_000 && hintMs <= LITELLM_HINT_MS_MAX ? hintMs + LITELLM_JITTER_MS * uniform : null,
    afterSuccess: (tokens) => tokens,
  };
}

/**
 * The rules of a user's own retry mode.
 *
 * @throws MeridianError (usage) RETRY_BAD_OPTION
 */
export function customRules(spec: CustomRetrySpec): RetryRules {
  const size = spec.budget?.tokens ?? Infinity;
  const give = spec.budget?.refund ?? 0;
  requireAtLeastZero("budget.tokens", size);
  requireAtLeastZero("budget.refund", give);
  const cost = spec.budget === undefined ? free : () => 1;
  return {
    attemptsMax: Infinity,
    bucketTokens: size,
    hintExtraMs: 0,
    retries: (kind) => kind !== "ok" && spec.on.includes(kind),
    cost,
    delayMs: backoffOf(spec.backoff),
    afterSuccess: (tokens, lastRetryCost) => (lastRetryCost > 0 ? tokens : Math.min(size, tokens + give)),
  };
}

function backoffOf(backoff: CustomBackoff): RetryRules["delayMs"] {
  if (backoff.kind === "law") return (_attempt, _kind, uniform) => backoff.sample(uniform);
  const { baseMs, factor, capMs, jitter } = backoff;
  requireAtLeastZero("backoff.base", baseMs);
  requireAtLeastZero("backoff.factor", factor);
  requireAtLeastZero("backoff.cap", capMs);
  const fixed = jitter === "full" ? 0 : jitter === "equal" ? 0.5 : 1;
  return (attempt, _kind, uniform) => (fixed + (1 - fixed) * uniform) * Math.min(baseMs * factor ** attempt, capMs);
}

function requireAtLeastZero(where: string, value: number): void {
  if (value >= 0) return;
  throw new MeridianError("usage", {
    code: "RETRY_BAD_OPTION",
    where,
    what: `${value} is not a number of 0 or more`,
    fix: "give a number of 0 or more",
  });
}
