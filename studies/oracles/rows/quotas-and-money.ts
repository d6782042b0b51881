/** Rows of quotas, of retries, and of bills under hourly prices. */
import { bucketRefusals, meanAttempts, windowRefusals } from "../formulas.ts";
import {
  type Capacity,
  further,
  type Oracle,
  type OracleScenario,
  perSecond,
  type SmallWorld,
  smallScenario,
} from "../oracle.ts";

const AT_ONCE: Capacity = { kind: "slots", servers: "unlimited", service: "0s" };

function limited(rate: number, quota: Readonly<Record<string, unknown>>): SmallWorld {
  return {
    arrivals: { poisson: perSecond(rate) },
    regions: { r1: AT_ONCE },
    quotas: [quota] as NonNullable<SmallWorld["quotas"]>,
  };
}

/** Tokens of each call of a small world: 100 in, 50 out, all of them reserved. */
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

const HOURS = [...Array(24).keys()];
const CALLS_PER_HOUR = 3600;
const TOKENS = { input: 1000, output: 500, maxTokens: 500 } as const;
const USD_PER_HOUR_AT_LIST = (CALLS_PER_HOUR * 1500 * 3) / 1e6;

/** Factor of region A by hour; B has it twelve hours later. */
function sineFactor(hour: number): number {
  return 1 + 0.2 * Math.sin((2 * Math.PI * hour) / 24);
}

/** Low prices at night, high ones in the afternoon. */
const TABLE = HOURS.map((hour) => (hour < 7 ? 0.7 : hour < 13 ? 1 : hour < 19 ? 1.35 : 0.95));

/**
 * A call a second for a day: the first a second after midnight, the last at the next midnight, priced like the first.
 */
function day(prices: NonNullable<SmallWorld["prices"]>, strategy?: unknown): OracleScenario {
  const region = { kind: "slots", servers: "unlimited", service: "0s" } as const;
  return smallScenario({
    arrivals: { deterministic: { interval: "1s" } },
    regions: { A: region, B: region },
    tokens: TOKENS,
    prices: { book: "none", overrides: [{ model: "m", input: 3, output: 3 }], ...prices },
    strategy: (strategy ?? { single: { target: "A" } }) as NonNullable<SmallWorld["strategy"]>,
    run: { requests: 24 * CALLS_PER_HOUR },
  });
}

const OPPOSITE: NonNullable<SmallWorld["prices"]> = {
  hourlyFor: [
    { region: "A", curve: { sine: { amplitude: 0.2, peakAt: "06:00 UTC" } } },
    { region: "B", curve: { sine: { amplitude: 0.2, peakAt: "18:00 UTC" } } },
  ],
};

function sumOver(factor: (hour: number) => number): number {
  let sum = 0;
  for (const hour of HOURS) sum += factor(hour);
  return sum;
}

const CHEAPER_USD = USD_PER_HOUR_AT_LIST * sumOver((hour) => Math.min(sineFactor(hour), sineFactor(hour + 12)));
const FEE_USD = (24 * CALLS_PER_HOUR * 0.002) / 1000;
/** The bill counts whole femto-dollars per token, and an hour's price has been rounded to them. */
const ROUNDING = 1e-7;

export const MONEY: readonly Oracle[] = [
  further({
    id: "f-cost-table",
    model: "hourly prices from a table, always A",
    quantity: "total_cost_usd",
    formula: "sum over hours of calls x tokens x price",
    value: USD_PER_HOUR_AT_LIST * sumOver((hour) => TABLE[hour]!),
    sd: 0,
    floor: ROUNDING,
    scenario: day({ hourly: { table: { factors: TABLE, clock: "utc" } } }),
  }),
  further({
    id: "f-cost-always-a",
    model: "opposite sines, always A",
    quantity: "total_cost_usd",
    formula: "24 hours at list price",
    value: USD_PER_HOUR_AT_LIST * sumOver(sineFactor),
    sd: 0,
    floor: ROUNDING,
    scenario: day(OPPOSITE),
  }),
  further({
    id: "f-cost-cheaper",
    model: "opposite sines, always the cheaper",
    quantity: "total_cost_usd",
    formula: "sum over hours of the lower price",
    value: CHEAPER_USD,
    sd: 0,
    floor: ROUNDING,
    scenario: day(OPPOSITE, "cheapest"),
  }),
  further({
    id: "f-cost-fee",
    model: "opposite sines, always the cheaper, with a routing fee",
    quantity: "total_cost_lowest_usd",
    formula: "the same + fee x decisions",
    value: CHEAPER_USD + FEE_USD,
    sd: 0,
    floor: ROUNDING,
    scenario: day({ ...OPPOSITE, billing: "lowest-cost", routingFeeUsdPer1kDecisions: 0.002 }, "cheapest"),
  }),
];
