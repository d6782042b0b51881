import { type Capacity, perSecond, type SmallWorld, smallScenario } from "../build.ts";
import { bucketRefusals, meanAttempts, windowRefusals } from "../closed-forms.ts";
import type { Oracle } from "../oracle.ts";
import { further } from "./further.ts";

const AT_ONCE: Capacity = { kind: "slots", servers: "unlimited", service: "0s" };

function limited(rate: number, quota: Readonly<Record<string, unknown>>): SmallWorld {
  return {
    arrivals: { poisson: perSecond(rate) },
    regions: { r1: AT_ONCE },
    quotas: [quota] as NonNullable<SmallWorld["quotas"]>,
  };
}

/** Tokens of each call of a small world: 100 in, 50 out, as many as it reserves. */
const TOKENS_PER_CALL = 150;

const QUOTAS: readonly Oracle[] = [
  further({
    id: "f-bucket-over",
    model: "token bucket above saturation",
    quantity: "throttled_fraction",
    formula: "M/D/1/B loss",
    value: bucketRefusals(12, 10, 8),
    sd: 0.0063,
    scenario: smallScenario(limited(12, { requests: { limit: 10, window: "1s", law: "token-bucket", burst: 8 } })),
  }),
  further({
    id: "f-bucket-small",
    model: "token bucket of 3",
    quantity: "throttled_fraction",
    formula: "M/D/1/B loss",
    value: bucketRefusals(5, 6, 3),
    sd: 0.005,
    scenario: smallScenario(limited(5, { requests: { limit: 360, window: "1m", law: "token-bucket", burst: 3 } })),
  }),
  further({
    id: "f-bucket-tokens",
    model: "token bucket over tokens per minute",
    quantity: "throttled_fraction",
    formula: "M/D/1/B loss, one call = 150 tokens",
    value: bucketRefusals(9, 10, 6),
    sd: 0.016,
    scenario: smallScenario(
      limited(9, {
        tokensPerMinute: { limit: 600 * TOKENS_PER_CALL, law: "token-bucket", burst: 6 * TOKENS_PER_CALL },
      }),
    ),
  }),
  further({
    id: "f-window-rpm",
    model: "requests per minute, clock window",
    quantity: "throttled_fraction",
    formula: "E[(N - L)+]/E[N]",
    value: windowRefusals(120, 130),
    sd: 0.033,
    scenario: smallScenario(limited(2, { requests: { limit: 130, law: "clock-window" } })),
  }),
  further({
    id: "f-window-tpm",
    model: "tokens per minute, clock window",
    quantity: "throttled_fraction",
    formula: "E[(N - L)+]/E[N], L = floor(limit/150)",
    value: windowRefusals(180, 170),
    sd: 0.016,
    scenario: smallScenario(
      limited(3, { tokensPerMinute: { limit: 170 * TOKENS_PER_CALL + 80, law: "clock-window" } }),
    ),
  }),
];

/** Each attempt fails with .4; at most five. */
function fiveAttempts(): SmallWorld {
  return {
    arrivals: { poisson: "5/s" },
    regions: { r1: AT_ONCE },
    errors: 0.4,
    client: { retry: { custom: { on: ["error"], maxAttempts: 5, backoff: "200ms" } } },
  };
}

const RETRIES: readonly Oracle[] = [
  further({
    id: "f-retry-attempts",
    model: "independent failures, at most 5 attempts",
    quantity: "mean_attempts_per_call",
    formula: "(1 - p^n)/(1 - p)",
    value: meanAttempts(0.4, 5),
    sd: 0.001,
    scenario: smallScenario(fiveAttempts()),
  }),
  further({
    id: "f-retry-failed",
    model: "independent failures, at most 5 attempts",
    quantity: "failed_fraction",
    formula: "p^n",
    value: 0.4 ** 5,
    sd: 0.015,
    scenario: smallScenario(fiveAttempts()),
  }),
];

export const LIMITS: readonly Oracle[] = [...QUOTAS, ...RETRIES];
