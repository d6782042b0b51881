import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordSchedule } from "../../../simulator/bench/make-plan.ts";
import { measuredOutput } from "../../../simulator/bench/measured.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { summarise } from "../../../simulator/experiment/replication-stats.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { STRATEGIES } from "../../../simulator/strategies/index.ts";
import { budget } from "../../budget.ts";
import { HAIKU, planOf } from "../scenario/base.ts";
import { replayVirtually, simulateObserved } from "./virtual-wire.ts";

/** By `OUTCOME`. */
const KIND = ["ok", "throttled", "unavailable", "error", "unavailable", "timeout", "error", "error", "error"];

/** Every fault that strikes single calls, one call in two. */
const STREAM_FAULTS = [
  { kind: "stream", error: "reset", afterTokens: 5, share: "10%" },
  { kind: "stream", error: "ModelStreamErrorException", afterTokens: 20, share: "10%" },
  { kind: "stream", error: "empty", share: "5%" },
  { kind: "stream", error: "silence", afterTokens: 8, share: "5%" },
  { kind: "stream", error: "silence", afterTokens: 8, lasts: "400ms", share: "10%" },
  { kind: "stream", error: "drip", afterTokens: 3, gap: "150ms", share: "5%" },
  { kind: "stream", error: "drip", afterTokens: 3, gap: "400ms", share: "5%" },
  { kind: "stream", error: "silence", share: "3%" },
  { kind: "stream", error: "silence", lasts: "300ms", share: "3%" },
  { kind: "stream", error: "ThrottlingException", share: "3%" },
  { kind: "stream", error: "ModelTimeoutException", share: "3%" },
];
const IDLE = { idle: "300ms", firstByte: "2s" };

/** Two tight regions whose answers come token by token: quotas throttle, full waiting rooms refuse. */
function scenario(over: Partial<ScenarioInput> = {}, world: Partial<ScenarioInput["world"]> = {}): ScenarioInput {
  return {
    name: "parity",
    seed: 11,
    requests: budget(1500, 1000),
    replications: 1,
    routers: 3,
    drain: "10m",
    world: {
      regions: [{ name: "a" }, { name: "b" }, { name: "c" }],
      models: {
        m: {
          id: HAIKU,
          burndown: 1,
          capacity: {
            kind: "batching",
            stepBase: "10ms",
            stepPerSequence: "2ms",
            prefill: { base: "200ms" },
            noise: { lognormal: { mean: 1, cv: 0.5 } },
            maxBatch: 2,
            maxQueueDelay: "2s",
          },
        },
      },
      network: { roundTrips: "none", jitter: "none" },
      prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
      quotas: [
        { region: "a", tokensPerMinute: "10k", law: "token-bucket" },
        { region: "b", tokensPerMinute: "12k", law: "token-bucket" },
      ],
      ...world,
    },
    traffic: [
      {
        class: "all",
        arrivals: { poisson: "6/s" },
        tokens: {
          input: { lognormal: { mean: 100, cv: 0.5 } },
          output: { lognormal: { mean: 60, cv: 0.5 } },
          maxTokens: 150,
        },
        slo: { e2e: "3s" },
        deferrable: true,
      },
    ],
    strategies: ["round-robin"],
    client: { retry: "standard" },
    ...over,
  } as ScenarioInput;
}

const CASES: Record<string, ScenarioInput> = {
  "standard retries, 429 and 503": scenario(),
  "a primary with fallbacks and cooldown": scenario({
    strategies: [{ priority: { targets: ["a", "b", "c"], cooldown: "5s" } }] as never,
  }),
  "LiteLLM's fallbacks between groups of one, and their waits": scenario({
    strategies: [{ litellm: { fallbacks: [["b"], ["c"]] } }] as never,
    client: { retry: { litellm: { retries: 1 } } } as never,
  }),
  "latency signals": scenario({ strategies: [{ "cheapest-within": { p95: "2s" } }] as never }),
  "fewest in flight, legacy retries": scenario({ strategies: ["least-outstanding"], client: { retry: "legacy" } }),
  "two choices, no retries": scenario({ strategies: ["power-of-two"], client: { retry: "none" } }),
  "signals that are pictures, one router": scenario({
    routers: 1,
    signals: { age: "2s" },
    strategies: ["least-outstanding"],
  } as never),
  "a backoff of one's own, with a budget": scenario({
    client: {
      retry: {
        custom: {
          maxAttempts: 6,
          backoff: { grow: { base: "100ms", factor: 3, cap: "1s", jitter: "equal" } },
          budget: { tokens: 20, refund: 0.1 },
        },
      },
    } as never,
  }),
  "adaptive retries": scenario({ client: { retry: "adaptive" } as never }),
  "attempt timeouts": scenario({ client: { retry: "standard", timeout: "900ms" } as never }),
  "a caller's deadline": scenario({
    client: { retry: "standard", timeout: "1500ms", deadline: "2s" } as never,
  }),
  hedges: scenario({
    client: { retry: "standard", hedge: { after: "700ms", max: 2 } } as never,
    strategies: ["least-outstanding"],
  }),
  "hedges by quantile, within a budget": scenario({
    client: { retry: "standard", timeout: "6s", hedge: { after: "p80", max: 2, budget: "20%" } } as never,
    strategies: ["least-outstanding"],
  }),
  "a window of a longer run, with the quotas' minutes and an outage of its time": scenario(
    { arrivalsFrom: "35m", strategies: [{ priority: { targets: ["a", "b", "c"] } }] as never },
    {
      quotas: [{ region: "a", tokensPerMinute: "30k", law: "clock-window" }],
      faults: [{ kind: "outage", region: "b", at: "36m", for: "90s" }],
    } as never,
  ),
  "an outage that health checks see late": scenario({ strategies: ["least-outstanding"] }, {
    faults: [{ kind: "outage", region: "a", at: "60s", for: "90s" }],
  } as never),
};

for (const [name, client] of Object.entries({
  "no calls again": { retry: "standard" },
  "the whole again": { retry: "standard", brokenStreams: { again: "whole", delay: "100ms" } },
  "the rest of the answer": { retry: "adaptive", brokenStreams: { again: "resume", max: 3 } },
  "rules of one's own, a hedge, a deadline": {
    retry: { custom: { maxAttempts: 4, backoff: { grow: { base: "50ms" } } } },
    hedge: { after: "700ms" },
    deadline: "5s",
  },
  "whole answers": { retry: "standard", streams: false },
})) {
  CASES[`streams that stall and break, ${name}`] = scenario(
    { client: { limits: IDLE, timeout: "20s", ...client } as never, strategies: ["least-outstanding"] },
    // What is silent for good when its request's deadline passes has no end for a caller.
    {
      faults: STREAM_FAULTS.filter(
        ({ error, ...rest }) => !("deadline" in client) || error !== "silence" || "lasts" in rest,
      ),
    } as never,
  );
}

/** Options of strategies that need some. */
const OPTIONS: Readonly<Record<string, object>> = {
  single: { target: "b" },
  "cheapest-within": { p95: "2s" },
  "by-class": { targets: { all: ["b", "c"] } },
  "best-value": { quality: { a: 1, b: 2, c: 3 } },
  "quota-paced": { tokensPerMinute: { a: "10k", b: "12k" }, share: "33%", patience: "1s", full: "shed" },
  "sage-serve": { capacity: { a: 3, b: 3, c: 3 }, deadline: "10m", poll: "5s" },
  "cheapest-hour": { deadline: "1h", reserve: "1m" },
  score: { score: { price: 2, latency: 1, failures: 1 } },
  "drift-plus-penalty": { missed: "10%" },
};

/** Every strategy that a client can run: three regions whose prices differ, and turn about at each hour. */
for (const { name, signals } of STRATEGIES) {
  if (signals.includes("quotaHeadroom") && name !== "score") continue;
  const prices = [1, 2, 3].map((price, i) => ({ model: "m", region: "abc"[i], input: price, output: 5 * price }));
  CASES[`strategy ${name}`] = scenario(
    { requests: 300, strategies: [{ [name]: OPTIONS[name] ?? {} }] as never, drain: "2h" },
    {
      prices: {
        book: "none",
        overrides: prices,
        shocks: [{ at: "30m", for: "90m", region: "a", factor: 0.5 }],
      } as never,
    },
  );
}

describe("a replaying router and the simulated client", () => {
  for (const [name, input] of Object.entries(CASES)) {
    it(`do the same, attempt by attempt: ${name}`, () => {
      const plan = planOf(input);
      const simulated = simulateObserved(plan, 0);
      const replayed = replayVirtually(plan, 0);
      const key = (a: string, b: string) => (a < b ? -1 : 1);
      const theirs = simulated.attempts
        .filter((each) => each.outcome >= 0 || each.isGivenUp)
        .map((each) => {
          const kind = each.isGivenUp ? "timeout" : KIND[each.outcome]!;
          return `${each.requestId}.${each.ordinal} to ${each.target} at ${each.sentMs.toFixed(3)}: ${kind}`;
        })
        .sort(key);
      const ours = replayed.attempts
        .filter((row) => row.k !== "unfinished")
        .map((row) => `${row.i}.${row.o} to ${row.g} at ${row.s.toFixed(3)}: ${row.k}`)
        .sort(key);
      assert.ok(ours.length >= 200, "requests were tried");
      assert.deepEqual(ours, theirs);
      const ends = (rows: readonly { id: number; end: number; ms: number; attempts: number }[]) =>
        [...rows]
          .sort((a, b) => a.id - b.id)
          .map((row) => `${row.id}: ${row.end} ${row.ms.toFixed(3)} ${row.attempts}`);
      assert.deepEqual(
        ends(replayed.requests.map((row) => ({ id: row.i, end: row.end, ms: row.e, attempts: row.n }))),
        ends(
          simulated.requests.map((row) => ({
            id: row.requestId,
            end: row.end,
            ms: row.endedMs,
            attempts: row.attempts,
          })),
        ),
      );
    });
  }

  it("are counted and billed the same", () => {
    const plan = planOf(scenario());
    const theirs = summarise(plan, 0, 0, simulateObserved(plan, 0).output);
    const { attempts, requests, ranIn } = replayVirtually(plan, 0);
    const schedule = recordSchedule(plan);
    const run = { schedule, attempts, requests, isStreaming: true, ranIn: ranInOf(ranIn) };
    const ours = summarise(plan, 0, 0, measuredOutput(plan, run));
    for (const part of ["total", "byClass", "byRegion", "byHour"] as const) {
      const [mine, other] = [[ours[part]].flat(), [theirs[part]].flat()];
      assert.equal(mine.length, other.length, part);
      mine.forEach((group, i) => {
        const fields = Array.from(group.fields);
        const expected = Array.from(other[i]!.fields);
        // Queues at the service are hidden from a client.
        fields[FIELD.waited] = expected[FIELD.waited]!;
        assert.deepEqual(fields, expected, part);
        assert.deepEqual(group.cost, other[i]!.cost, part);
        assert.equal(group.e2e.count, other[i]!.e2e.count, part);
        if (group.e2e.count === 0) return;
        assert.ok(Math.abs(group.e2e.mean - other[i]!.e2e.mean) < 1e-6, part);
        assert.ok(Math.abs(group.ttft.p95 - other[i]!.ttft.p95) < 0.1, part);
      });
    }
    assert.deepEqual(ours.regionHours, theirs.regionHours);
    assert.ok(Math.abs(ours.meanInSystem - theirs.meanInSystem) < 1e-6);
    assert.ok(theirs.total.fields[FIELD.attempts]! > theirs.total.fields[FIELD.sent]!, "some were retried");
  });
});

function ranInOf(ranIn: ReadonlyMap<string, string>) {
  return ({ i, o }: { readonly i: number; readonly o: number }) => ranIn.get(`${i}.${o}`);
}
