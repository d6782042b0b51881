/** Rows of Meridian's own features (hedges, timeouts, outages, caches, profiles ...) whose answers are still known. */
import { erlangB, failoverShares, meanAttempts, mmcWait } from "../formulas.ts";
import { type Capacity, exponentialSlots, further, type Oracle, smallScenario } from "../oracle.ts";

const AT_ONCE: Capacity = { kind: "slots", servers: "unlimited", service: "0s" };
const EXPONENTIAL: Capacity = { kind: "slots", servers: "unlimited", service: { exponential: { mean: "1s" } } };

const SERVING: readonly Oracle[] = [
  further({
    id: "f-ps-2",
    model: "M/M/2-PS",
    quantity: "mean_response_s",
    formula: "as M/M/2 first come, first served: the same birth-death chain",
    value: mmcWait(2, 1.5, 1) + 1,
    sd: 0.0094,
    scenario: smallScenario({
      arrivals: { poisson: "1.5/s" },
      regions: { r1: exponentialSlots(2, 1, { discipline: "processor-sharing" }) },
    }),
  }),
  further({
    id: "f-batching-mmc",
    model: "continuous batching with beta 0 and at most 4 sequences = M/M/4",
    quantity: "mean_wait_s",
    formula: "C/(c mu - lambda)",
    value: mmcWait(4, 3, 1),
    sd: 0.012,
    scenario: smallScenario({
      arrivals: { poisson: "3/s" },
      regions: {
        r1: {
          kind: "batching",
          stepBase: "20ms",
          stepPerSequence: "0ms",
          maxBatch: 4,
          noise: { exponential: { mean: 1 } },
        },
      },
    }),
  }),
  further({
    id: "f-profile-overflow",
    model: "service-side routing: 8 servers, then 4 elsewhere",
    quantity: "share_served_by_r2",
    formula: "B(8, a) - B(12, a)",
    value: failoverShares([8, 4], 9).served[1]!,
    sd: 0.003,
    scenario: smallScenario({
      arrivals: { poisson: "4.5/s" },
      regions: {
        r1: exponentialSlots(8, 2, { waitingRoom: 0 }),
        r2: exponentialSlots(4, 2, { waitingRoom: 0 }),
      },
      profiles: { define: [{ name: "both", model: "m", destinations: ["r1", "r2"] }] },
      targets: [{ region: "r1", route: "both" }],
      strategy: { single: { target: "r1/both" } },
    }),
  }),
];

const QUOTAS: readonly Oracle[] = [
  further({
    id: "f-rolling",
    model: "rolling window: a grant holds one of L places for the window = M/D/L/L",
    quantity: "throttled_fraction",
    formula: "Erlang B",
    value: erlangB(20, 18),
    sd: 0.0069,
    scenario: smallScenario({
      arrivals: { poisson: "1.8/s" },
      regions: { r1: AT_ONCE },
      quotas: [{ requests: { limit: 20, window: "10s", law: "rolling-window" } }],
    }),
  }),
];

/** Probability that an exponential service time of mean 1 s exceeds 1.2 s. */
const LATE = Math.exp(-1.2);

const CLIENTS: readonly Oracle[] = [
  further({
    id: "f-hedge",
    model: "one hedge after 0.8 s, exponential answers of mean 1 s",
    quantity: "mean_response_s",
    formula: "1 - e^-d + e^-d/2: the first of two memoryless answers comes in half the time",
    value: 1 - Math.exp(-0.8) / 2,
    sd: 0.00084,
    scenario: smallScenario({
      arrivals: { poisson: "5/s" },
      regions: { r1: EXPONENTIAL },
      client: { retry: "none", hedge: { after: "800ms", max: 1 } },
    }),
  }),
  further({
    id: "f-hedge-attempts",
    model: "one hedge after 0.8 s, exponential answers of mean 1 s",
    quantity: "mean_attempts_per_call",
    formula: "1 + e^-d",
    value: 1 + Math.exp(-0.8),
    sd: 0.00053,
    scenario: smallScenario({
      arrivals: { poisson: "5/s" },
      regions: { r1: EXPONENTIAL },
      client: { retry: "none", hedge: { after: "800ms", max: 1 } },
    }),
  }),
  further({
    id: "f-client-timeout",
    model: "attempts given up after 1.2 s, at most 3",
    quantity: "mean_attempts_per_call",
    formula: "(1 - p^3)/(1 - p), p = e^-1.2",
    value: meanAttempts(LATE, 3),
    sd: 0.00087,
    scenario: smallScenario({
      arrivals: { poisson: "5/s" },
      regions: { r1: EXPONENTIAL },
      client: { timeout: "1200ms", retry: { custom: { on: ["timeout"], maxAttempts: 3, backoff: "100ms" } } },
    }),
  }),
];

const AVAILABILITY: readonly Oracle[] = [
  further({
    id: "f-outages",
    model: "random outages: mean 100 s up, 25 s down",
    quantity: "failed_fraction",
    formula: "MTTR/(MTBF + MTTR)",
    value: 0.2,
    sd: 0.02,
    scenario: smallScenario({
      arrivals: { poisson: "1/s" },
      regions: { r1: AT_ONCE },
      faults: [{ kind: "outage", mtbf: "100s", mttr: "25s" }],
    }),
  }),
];

/** A cached prefix expires five minutes after its last use. */
const FOUND = 1 - Math.exp(-300 / 240);
const USD_PER_1K = 1000 * (1e-6 * (2000 * 3 + 100 * 15) + 1e-6 * 4000 * (FOUND * 0.3 + (1 - FOUND) * 3.75));

const CACHING: readonly Oracle[] = [
  further({
    id: "f-prompt-cache",
    model: "one shared prefix of 4,000 tokens, a call every 240 s",
    quantity: "usd_per_1k_calls",
    formula: "read price x P(gap < 5 min) + write price x the rest",
    value: USD_PER_1K,
    sd: 0.00065,
    scenario: smallScenario({
      arrivals: { poisson: `${1 / 240}/s` },
      regions: { r1: AT_ONCE },
      cache: { ttl: "5m", minimumTokens: 1024 },
      tokens: { input: 6000, output: 100, maxTokens: 100, prefix: { tokens: 4000, share: 1, distinct: 1 } },
      prices: {
        book: "none",
        overrides: [{ model: "m", input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }],
      },
    }),
  }),
];

export const FEATURES: readonly Oracle[] = [...SERVING, ...QUOTAS, ...CLIENTS, ...AVAILABILITY, ...CACHING];
