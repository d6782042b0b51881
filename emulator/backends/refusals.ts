import { REFUSED_BY } from "../../simulator/world/quota/token-quota.ts";
import { OUTCOME, type Outcome } from "../../simulator/world/world.ts";
import type { ServiceFault } from "../errors.ts";

/** The words in which Bedrock refuses, by the limit that refused. Source: AWS re:Post and SDK issue threads, 2024-2026. */
const QUOTA_WORDS: Readonly<Record<number, string>> = {
  [REFUSED_BY.tokensPerMinute]: "Too many tokens, please wait before trying again.",
  [REFUSED_BY.tokensPerDay]: "Too many tokens per day, please wait before trying again.",
  [REFUSED_BY.requests]: "Too many requests, please wait before trying again.",
};

/**
 * How the service words an attempt's end that is not an answer.
 *
 * @param refusal      the world's note of which quota refused: quota index << 2 | which of its limits
 * @param retryAfterMs hint of that quota; NaN for none
 */
export function faultOf(
  outcome: Exclude<Outcome, typeof OUTCOME.ok>,
  refusal: number,
  retryAfterMs: number,
): ServiceFault {
  switch (outcome) {
    case OUTCOME.throttled:
      return {
        name: "ThrottlingException",
        message: QUOTA_WORDS[refusal & 3],
        ...(Number.isNaN(retryAfterMs) ? {} : { retryAfterMs }),
      };
    case OUTCOME.unavailable:
      return { name: "ServiceUnavailableException" };
    case OUTCOME.error:
      return { name: "InternalServerException" };
    case OUTCOME.abandoned:
    case OUTCOME.timeout:
      return { name: "ModelTimeoutException" };
  }
}
