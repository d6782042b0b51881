import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isDirect } from "../../../simulator/engine/direct-plan.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import { planJobs, runJob } from "../../../simulator/experiment/index.ts";
import type { SimulationObserver } from "../../../simulator/metrics/observer.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { chunkOf } from "./run.ts";

/** Nobody needs what it sees, but a run that is watched takes the general path. */
const watcher: SimulationObserver = { onAttemptEnd() {}, onRequestEnd() {}, onRunEnd() {} };

/** All strategies' figures of one replication, as text. */
function figures(plan: Plan, observer: SimulationObserver | null): string {
  const steps = runJob({ plan }, planJobs(plan, 1)[0]!, () => observer);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return JSON.stringify(step.value, (_, value) => {
    if (typeof value === "bigint") return String(value);
    return ArrayBuffer.isView(value) ? [...(value as unknown as number[])].map(String) : value;
  });
}

/** Constants and whole seconds are common on purpose: then many events fall on one instant. */
const service = fc.constantFrom(
  { constant: "0s" },
  { constant: "1s" },
  { exponential: { mean: "900ms" } },
  { lognormal: { mean: "1s", cv: 2 } },
);
const capacity = fc.record(
  {
    kind: fc.constant("slots"),
    servers: fc.constantFrom<number | "unlimited">(1, 3, "unlimited"),
    service,
    waitingRoom: fc.constantFrom<number | "unlimited">(0, 2, "unlimited"),
    maxQueueDelay: fc.constant("2s"),
  },
  { requiredKeys: ["kind", "servers", "service"] },
);
const quotas = fc.constantFrom(
  [],
  [{ tokensPerMinute: { limit: 9000, law: "token-bucket", burst: 2000 }, retryAfter: "3s" }],
  [{ tokensPerMinute: 9000, law: "clock-window" }],
  [
    { requests: 40, law: "rolling-window" },
    { region: "b", tokensPerMinute: 3000, tokensPerDay: 30_000 },
  ],
);
const retry = fc.constantFrom(
  "none",
  "standard",
  "legacy",
  { standard: { sdk: "js", generation: "previous" } },
  { custom: { maxAttempts: 4, backoff: { grow: { base: "500ms" } } } },
  { custom: { maxAttempts: "unlimited", budget: { tokens: 3, refund: 0.5 }, backoff: { constant: "0s" } } },
);
const scenario = fc
  .record({
    seed: fc.nat(),
    models: fc.tuple(capacity, capacity),
    quotas,
    retry,
    routers: fc.integer({ min: 1, max: 3 }),
    signals: fc.constantFrom({}, { age: "2s" }, { source: "shared" }, { source: "shared", age: "1s" }),
    warmup: fc.constantFrom("none", { requests: 30 }, "10s"),
    hourly: fc.constantFrom({}, { hourly: { sine: { swing: { peakToTrough: 1.3 }, peakAt: "15:00 UTC" } } }),
    rate: fc.constantFrom({ poisson: "6/s" }, { deterministic: { interval: "500ms" } }, { poisson: "20/h" }),
  })
  .map(({ models: [one, two], quotas, retry, hourly, rate, ...rest }) => {
    const world = {
      models: {
        m: { id: HAIKU, burndown: 5, capacity: one, capacityIn: { b: two }, cache: { minimumTokens: 10 } },
        n: { id: HAIKU, burndown: 1, capacity: two },
      },
      quotas,
      prices: {
        book: "none",
        overrides: ["m", "n"].map((model) => ({ model, input: 1, output: 5 })),
        ...hourly,
      },
    } as unknown as Partial<ScenarioInput["world"]>;
    return scenarioInput({
      ...(rest as Partial<ScenarioInput>),
      requests: 400,
      drain: "1m",
      world: worldInput(world),
      traffic: [
        classInput({ model: "m", arrivals: rate, slo: { e2e: "2s" } }),
        classInput({ class: "two", model: "n", arrivals: rate, deferrable: true } as object),
      ],
      client: { retry } as ScenarioInput["client"],
      strategies: [
        "round-robin",
        "least-outstanding",
        { name: "ties", "least-outstanding": { ties: "random" } },
        "power-of-two",
        "cheapest",
        { "cheapest-within": { p95: "1s" } },
        { priority: { targets: ["a", "b"] } },
      ] as ScenarioInput["strategies"],
    });
  });

describe("the direct path", () => {
  it("gives what the general path gives, to the last bit, whatever both can run", () => {
    fc.assert(
      fc.property(scenario, (input) => {
        const plan = planOf(input);
        assert.ok(isDirect(plan, plan.strategies[0]!, null));
        assert.equal(figures(plan, null), figures(plan, watcher));
      }),
      { numRuns: 60 },
    );
  });

  it("does not depend on how the traffic is cut into chunks", () => {
    const plan = planOf(scenarioInput({ strategies: ["least-outstanding"] }));
    const rows = Array.from({ length: 900 }, (_, i) => ({ atMs: i * 200, input: 10 + i }));
    const output = (sizes: readonly number[]) => {
      const run = new Simulation(plan, plan.strategies[0]!, replicationSeed(1, 0));
      let from = 0;
      for (const size of [...sizes, rows.length]) {
        run.run(chunkOf(rows.slice(from, from + size)));
        from = Math.min(rows.length, from + size);
      }
      return run.end();
    };
    assert.deepEqual(output([1, 255, 300, 44]), output([]));
  });

  it("a run that is stopped with calls waiting, in service and put off counts each of them once", () => {
    const world = worldInput({ quotas: [{ requests: 40, law: "clock-window" }] } as object);
    const plan = planOf(
      scenarioInput({ world, requests: 500, drain: "0s", traffic: [classInput({ arrivals: { poisson: "40/s" } })] }),
    );
    assert.equal(figures(plan, null), figures(plan, watcher));
  });
});
