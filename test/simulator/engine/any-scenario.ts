/** Random scenarios for tests of the engine: any mixture of what a scenario may have. */
import fc from "fast-check";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, scenarioInput, worldInput } from "../scenario/base.ts";

const time = fc.constantFrom("0s", "1ms", "50ms", "300ms", "1s", "4s", "30s");
/** In which nothing at all can be answered. */
const limit = fc.constantFrom("1us", "1ms", "50ms", "300ms", "1s", "4s", "30s");
const room = fc.constantFrom<number | "unlimited">(0, 2, "unlimited");
const servers = fc.constantFrom<number | "unlimited">(1, 3, "unlimited");
const impatience = fc.constantFrom({}, { patience: { constant: "0s" } }, { patience: { constant: "500ms" } });
const others = fc.constantFrom({}, { background: { mean: 2, swing: 1, noise: 1, step: "10s" } });

const slots = fc
  .tuple(
    fc.record({
      kind: fc.constant("slots"),
      servers,
      waitingRoom: room,
      service: fc.constantFrom({ constant: "0s" }, { constant: "1s" }, { exponential: { mean: "700ms" } }),
      discipline: fc.constantFrom("fcfs", "priority"),
    }),
    impatience,
    others,
  )
  .map((parts) => Object.assign({}, ...parts));
const sharing = fc.record({
  kind: fc.constant("slots"),
  servers,
  waitingRoom: room,
  service: fc.constant({ constant: "300ms" }),
  discipline: fc.constant("processor-sharing"),
});
const batching = fc
  .tuple(
    fc.record({
      kind: fc.constant("batching"),
      stepBase: fc.constantFrom("0s", "5ms"),
      stepPerSequence: fc.constantFrom("1ms", "0.1ms"),
      maxBatch: fc.constantFrom(1, 4, "unlimited"),
      kvTokens: fc.constantFrom(200, 1000, "unlimited"),
      prefill: fc.constantFrom({}, { base: "20ms", workPerToken: 0.1 }),
      waitingRoom: room,
    }),
    impatience,
    others,
  )
  .map((parts) => Object.assign({}, ...parts));
const empirical = fc.constant({ kind: "empirical", cells: [{ ttft: { constant: "0s" }, tpot: { constant: "1ms" } }] });

const fault = fc
  .tuple(
    fc.constantFrom(
      { kind: "outage" },
      { kind: "outage", region: "a" },
      { kind: "brownout", capacity: 0 },
      { kind: "quota-cut", quota: 0 },
      { kind: "latency-surge", add: "2s" },
      { kind: "packet-loss", share: 0.5 },
      { kind: "errors", share: 0.5 },
      { kind: "wrong-health" },
    ),
    fc.constantFrom({ at: "0", for: "1h" }, { at: "5s", for: "7s" }, { mtbf: "3s", mttr: "2s" }),
  )
  .map(([what, when]) => ({ ...what, ...when }));

const client = fc.record(
  {
    retry: fc.constantFrom(
      "none",
      "standard",
      "adaptive",
      "legacy",
      { custom: { maxAttempts: 4 } },
      { custom: { maxAttempts: "unlimited", budget: { tokens: 3 } } },
      { custom: { maxAttempts: "unlimited", backoff: { grow: { base: "500ms" } } } },
    ),
    timeout: limit,
    deadline: limit,
    hedge: fc.record({ after: time, max: fc.constantFrom(1, 3) }),
  },
  { requiredKeys: ["retry"] },
);

const PREFIX = { tokens: { constant: 60 }, share: 0.5, distinct: 3, zipf: 1 };
const DRAWN = { lognormal: { mean: 80, cv: 1 } };

const prices = ["standard", "latency-optimized"].map((tier) => ({ model: "m", tier, input: 1, output: 5 }));
const own = { kind: "slots", servers: 1, waitingRoom: 0, service: { constant: "1s" } };
const tiers = {
  targets: ["a", "a@priority", "b@flex", "b@latency-optimized", "a/batch"],
  tiers: { latencyOptimized: { speedUp: 1 } },
};
const provisioned = [{ region: "a", capacity: own, overflow: "standard" }];
const reserved = [{ region: "b", inputTokensPerMinute: 900, outputTokensPerMinute: 300 }];
const offers = fc.constantFrom({}, tiers, { ...tiers, provisioned, reserved }, { provisioned }, { reserved });

/**
 * Any mixture of capacities, faults, clients, strategies, quotas, tiers, reservations and gateways. What is drawn is small
 * on purpose, so that corners meet.
 */
export const anyScenario: fc.Arbitrary<ScenarioInput> = fc
  .record({
    seed: fc.nat(),
    offers,
    capacity: fc.oneof(slots, sharing, batching, empirical),
    faults: fc.array(fault, { maxLength: 3 }),
    client,
    routers: fc.integer({ min: 1, max: 3 }),
    signals: fc.constantFrom({}, { age: "2s" }, { source: "shared" }),
    gateways: fc.constantFrom([], [{ kind: "slots", servers: 2, service: { constant: "100ms" } }]),
    quotas: fc.constantFrom(
      [],
      [{ tokensPerMinute: 3000, retryAfter: "3s" }],
      [{ requests: 10, law: "rolling-window" }],
      [{ tier: "latency-optimized", requests: 3 }],
    ),
    warmup: fc.constantFrom("none", { requests: 30 }),
    strategy: fc.constantFrom(
      "round-robin",
      "least-outstanding",
      "power-of-two",
      "cheapest",
      "least-latency",
      "most-headroom",
      "prefix-affinity",
      "random",
      "bandit",
      { "cheapest-within": { p95: "1s" } },
      { priority: { targets: ["a", "b"] } },
    ),
  })
  .map(({ capacity, faults, gateways, offers, quotas, strategy, ...rest }) => {
    const world = {
      models: { m: { id: HAIKU, burndown: 5, capacity, cache: { minimumTokens: 10 } } },
      network: { roundTrips: "none", jitter: { cv: 0.2 }, overrides: [{ from: "a", to: "b", rtt: "40ms" }] },
      faults,
      gateways,
      quotas,
      prices: { book: "none", overrides: prices },
      ...offers,
    } as unknown as Partial<ScenarioInput["world"]>;
    return scenarioInput({
      ...(rest as Partial<ScenarioInput>),
      requests: 200,
      drain: "5m",
      world: worldInput(world),
      strategies: [strategy] as ScenarioInput["strategies"],
      traffic: [
        classInput({ priority: 0, tokens: { input: 100, output: 50, maxTokens: 200, prefix: PREFIX } }),
        classInput({
          class: "two",
          priority: 3,
          deferrable: true,
          tokens: { input: DRAWN, output: DRAWN, maxTokens: 300 },
        }),
      ],
    });
  });
