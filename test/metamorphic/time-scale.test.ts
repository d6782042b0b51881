import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import { runScenario } from "../../studies/oracles/ask.ts";

/** A world with everything that has a duration in it, every duration and every gap k times as long. */
function slowedBy(k: number): ScenarioInput {
  const s = (seconds: number) => `${seconds * k * 1000}ms`;
  return {
    name: "time-scale",
    seed: 11,
    requests: 6000,
    replications: 2,
    drain: s(36_000),
    signals: { source: "own", age: s(2) },
    world: {
      regions: [{ name: "a" }, { name: "b" }],
      models: {
        m: {
          id: "anthropic.claude-3-haiku-20240307-v1:0",
          burndown: 1,
          errors: 0.02,
          capacity: {
            kind: "slots",
            servers: 3,
            service: { lognormal: { mean: s(1), cv: 1 } },
            perOutputToken: s(0.002),
            waitingRoom: 20,
            patience: { exponential: { mean: s(8) } },
          },
          capacityIn: {
            b: {
              kind: "batching",
              stepBase: s(0.01),
              stepPerSequence: s(0.001),
              prefill: { base: s(0.1), perToken: s(0.0001) },
              maxBatch: 6,
            },
          },
        },
      },
      quotas: [{ region: "a", requests: { limit: 80, window: s(60), law: "clock-window" } }],
      network: {
        roundTrips: "none",
        jitter: { cv: 0.2 },
        overrides: [{ from: "*", to: "*", rtt: s(0.05) }],
      },
      prices: { book: "none", overrides: [{ model: "m", input: 3, output: 15 }] },
      faults: [{ kind: "brownout", region: "b", at: s(300), for: s(120), capacity: "50%" }],
      healthDelay: s(5),
    },
    traffic: [
      {
        class: "all",
        arrivals: { gamma: { rate: `${4 / k}/s`, cv: 1.5 } },
        tokens: { input: 400, output: { lognormal: { mean: 200, cv: 0.7 } }, maxTokens: 1000 },
      },
    ],
    strategies: [{ priority: { targets: ["a", "b"], cooldown: s(3) } }, "least-outstanding"],
    client: {
      timeout: s(12),
      retry: { custom: { maxAttempts: 3, backoff: { grow: { base: s(0.5), cap: s(4) } } } },
    },
  };
}

describe("scaling time by k scales every latency by k and changes no count", () => {
  for (const k of [0.5, 3, 16]) {
    it(`k = ${k}`, async () => {
      const [plain, slowed] = [await runScenario(slowedBy(1)), await runScenario(slowedBy(k))];
      for (const [i, { total }] of plain.strategies.entries()) {
        const other = slowed.strategies[i]!.total;
        assert.deepEqual(other.counts, total.counts);
        assert.ok(total.counts.served > 1000 && total.counts.throttled + total.counts.retried > 0);
        assert.deepEqual(other.cost.source.totalUsd, total.cost.source.totalUsd);
        for (const kind of ["e2eMs", "ttftMs", "queueWaitMs"] as const) {
          const ratio = other[kind].mean.value! / total[kind].mean.value! / k;
          assert.ok(Math.abs(ratio - 1) < 1e-9, `mean ${kind} scales by ${ratio * k}, not ${k}`);
          // Percentiles come from buckets 1/128 wide.
          const tail = other[kind].p95.value! / total[kind].p95.value! / k;
          assert.ok(Math.abs(tail - 1) < 0.008, `p95 ${kind} scales by ${tail * k}, not ${k}`);
        }
      }
    });
  }
});
