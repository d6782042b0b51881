/** Retries as LiteLLM's Router makes them: at once where another deployment may serve, else after a wait. */
import type { LitellmRetrySpec, RetryRules } from "./retry-rules.ts";

const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 8_000;
const JITTER_MS = 750;
/** A Retry-After above this is not followed. */
const HINT_MS_MAX = 60_000;

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
      isLone ? Math.min(Math.max(FIRST_WAIT_MS * 2 ** attempt, retryAfterMs), WAIT_MS_MAX) + JITTER_MS * uniform : 0,
    hintedMs: (hintMs, uniform) =>
      isLone && hintMs >= 1_000 && hintMs <= HINT_MS_MAX ? hintMs + JITTER_MS * uniform : null,
    afterSuccess: (tokens) => tokens,
  };
}
