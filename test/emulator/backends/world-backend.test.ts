import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorldBackend, type WorldBackendOptions } from "../../../emulator/backends/world-backend.ts";
import type { InferenceCall, InferenceHandle } from "../../../emulator/model/backend.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { callOf, manualClock, recordedObserver } from "../support.ts";
import { planOf, SLOTS_1S, type SmallWorld } from "./worlds.ts";

const NOVA = "amazon.nova-pro-v1:0";

/** A world with a manual clock. */
async function worldOf(small: SmallWorld, options: WorldBackendOptions = {}) {
  return driven(await planOf(small), options);
}

function driven(plan: Plan, options: WorldBackendOptions = {}) {
  const { clock, advanceTo } = manualClock();
  const backend = createWorldBackend(clock, plan, options);
  const begin = (atMs: number, over: Partial<InferenceCall> = {}) => {
    advanceTo(atMs);
    const observer = recordedObserver();
    const call = callOf({ modelId: NOVA, maxTokens: 200, modelMaxTokens: 1000, wantedOutputTokens: 20, ...over });
    const admission = backend.begin(call, atMs, observer);
    return { admission, events: observer.events };
  };
  /** For calls that must be accepted. */
  const run = (atMs: number, over: Partial<InferenceCall> = {}) => {
    const { admission, events } = begin(atMs, over);
    assert.equal(admission.kind, "accepted", JSON.stringify(admission));
    return { handle: (admission as { handle: InferenceHandle }).handle, events };
  };
  return { backend, advanceTo, begin, run };
}

it("a latency-optimised call beyond its quota, or without a target of its tier, is served as a standard one", async () => {
  const us = `us.${NOVA}`;
  const small = { capacity: { kind: "slots", servers: "unlimited", service: "1s" } };
  const served = (target: string) => ({
    ...small,
    world: {
      targets: [target],
      quotas: [{ tier: "latency-optimized", requests: { limit: 2, law: "clock-window" } }],
    },
  });
  const fallbacks = async (target: string, latencyOptimized: boolean) => {
    const { run } = await worldOf(served(target));
    return [0, 1, 2].map((atMs) => run(atMs, { profileId: us, latencyOptimized }).handle.isFallback);
  };
  assert.deepEqual(await fallbacks("us-east-1/us@latency-optimized", true), [false, false, true]);
  assert.deepEqual(await fallbacks("us-east-1/us", true), [true, true, true]);
  assert.deepEqual(await fallbacks("us-east-1/us", false), [false, false, false]);
});

describe("world backend: slots", () => {
  it("one server takes one call at a time, in order", async () => {
    const { run, advanceTo } = await worldOf({ capacity: SLOTS_1S });
    const calls = [run(0), run(100), run(200)];
    advanceTo(4000);
    assert.deepEqual(
      calls.map(({ events }) => events),
      [["end@1000"], ["end@2000"], ["end@3000"]],
    );
  });

  it("tokens are evenly spaced after the first, also for a call that had to wait", async () => {
    const { run, advanceTo } = await worldOf({
      capacity: { kind: "slots", servers: 1, service: "400ms", perOutputToken: "30ms" },
    });
    run(0); // until 400 + 20 x 30 = 1000
    const { handle, events } = run(10);
    assert.deepEqual([handle.tokensWritten(900), handle.nextTokenMs(900)], [0, Number.POSITIVE_INFINITY]);
    advanceTo(1430);
    // 400 ms, then a token each 30 ms: the first at 1430, the 20th and the end at 2000.
    assert.deepEqual(events, ["first@1430"]);
    assert.deepEqual(
      [1430, 1459, 1460].map((ms) => handle.tokensWritten(ms)),
      [1, 1, 2],
    );
    assert.equal(handle.nextTokenMs(1460), 1490);
    assert.equal(handle.tokensWritten(1999), 19);
    advanceTo(2000);
    assert.deepEqual(events, ["first@1430", "end@2000"]);
    assert.equal(handle.tokensWritten(2000), 20);
  });

  it("a full queue is 503 with the service's message, a call that waits too long 408", async () => {
    const { run, begin, advanceTo } = await worldOf({
      capacity: { ...SLOTS_1S, waitingRoom: 1, patience: "300ms" },
    });
    run(0);
    const impatient = run(10);
    assert.deepEqual(begin(20).admission, { kind: "refused", fault: { name: "ServiceUnavailableException" } });
    advanceTo(400);
    assert.deepEqual(impatient.events, ["ModelTimeoutException@310"]);
  });

  it("a call whose caller disconnected keeps its server and notifies nothing more", async () => {
    const { run, advanceTo } = await worldOf({ capacity: SLOTS_1S });
    const gone = run(0);
    const next = run(0);
    gone.handle.cancel(100);
    advanceTo(3000);
    assert.deepEqual([gone.events, next.events], [[], ["end@2000"]]);
  });
});

describe("world backend: batching", () => {
  // A step takes 10 ms + 2 ms for each sequence; no prefill.
  const capacity = { kind: "batching", stepBase: "10ms", stepPerSequence: "2ms" };

  it("paces a stream by the steps of the batch, which slow down when another joins and speed up when it leaves", async () => {
    const { run, advanceTo } = await worldOf({ capacity });
    const long = run(0, { wantedOutputTokens: 50 });
    advanceTo(12);
    assert.deepEqual(long.events, ["first@12"]);
    assert.deepEqual(
      [12, 35, 36, 119, 120].map((ms) => long.handle.tokensWritten(ms)),
      [1, 2, 3, 9, 10],
    );
    assert.equal(long.handle.nextTokenMs(120), 132);
    // From 120 on a step takes 14 ms; the newcomer's five tokens take 70 ms.
    const short = run(120, { wantedOutputTokens: 5 });
    assert.equal(long.handle.nextTokenMs(120), 134);
    advanceTo(134);
    assert.deepEqual(short.events, ["first@134"]);
    assert.equal(long.handle.tokensWritten(161), 12);
    assert.equal(long.handle.tokensWritten(162), 13);
    advanceTo(190);
    assert.deepEqual(short.events, ["first@134", "end@190"]);
    assert.equal(long.handle.tokensWritten(190), 15);
    // 35 tokens are left at 12 ms.
    advanceTo(190 + 35 * 12);
    assert.deepEqual(long.events, ["first@12", `end@${190 + 35 * 12}`]);
  });

  it("an estimate never takes tokens back, and no token is reported before it exists", async () => {
    const { run, advanceTo } = await worldOf({ capacity });
    const { handle } = run(0, { wantedOutputTokens: 1000 });
    let last = 0;
    for (let ms = 1; ms < 6000; ms += 7) {
      advanceTo(ms);
      if (ms % 30 === 0) run(ms, { wantedOutputTokens: 1 + (ms % 90) });
      const tokens = handle.tokensWritten(ms);
      assert.ok(tokens >= last && tokens <= Math.floor(ms / 12), `${tokens} tokens at ${ms} ms`);
      last = tokens;
    }
    assert.ok(last > 50);
  });

  it("an endpoint without capacity stops, and resumes when capacity returns", async () => {
    const { run, advanceTo } = await worldOf({
      capacity,
      world: { faults: [{ kind: "brownout", at: "1200ms", for: "2s", capacity: "0%" }] },
    });
    const { handle, events } = run(0, { wantedOutputTokens: 200 });
    advanceTo(1300);
    assert.equal(handle.tokensWritten(3000), 100);
    assert.equal(handle.nextTokenMs(1300), 1300 + 250);
    advanceTo(5000);
    assert.deepEqual(events, ["first@12", `end@${2400 + 2000}`]);
  });
});

describe("world backend: quotas", () => {
  const capacity = { kind: "slots", servers: "unlimited", service: "1s" };
  const message = ({ admission }: { admission: unknown }) =>
    (admission as { fault?: { name: string; message?: string } }).fault;

  it("names the limit that refused with the service's message", async () => {
    for (const [quota, expected] of [
      [{ requests: 2 }, "Too many requests, please wait before trying again."],
      [{ tokensPerMinute: 700 }, "Too many tokens, please wait before trying again."],
      [{ tokensPerDay: 700 }, "Too many tokens per day, please wait before trying again."],
    ] as const) {
      const { run, begin } = await worldOf({ capacity, world: { quotas: [{ ...quota, law: "clock-window" }] } });
      // Each reserves 100 input + 200 max_tokens.
      run(0, { inputTokens: 100 });
      run(0, { inputTokens: 100 });
      assert.deepEqual(message(begin(0, { inputTokens: 100 })), { name: "ThrottlingException", message: expected });
    }
  });

  it("returns unused reservations at the end; without a limit, the model's maximum is reserved", async () => {
    const { run, begin, advanceTo } = await worldOf({
      capacity,
      world: { quotas: [{ tokensPerMinute: 1200, law: "clock-window" }] },
    });
    run(0, { inputTokens: 100, maxTokens: undefined });
    assert.equal(begin(10, { inputTokens: 100 }).admission.kind, "refused");
    advanceTo(1000);
    // 120 of 1100 were used.
    assert.equal(begin(1001, { inputTokens: 100 }).admission.kind, "accepted");
  });

  it("counts an abandoned call in full", async () => {
    const { run, begin, advanceTo } = await worldOf({
      capacity,
      world: { quotas: [{ tokensPerMinute: 400, law: "clock-window" }] },
    });
    run(0, { inputTokens: 100, wantedOutputTokens: 190 }).handle.cancel(10);
    advanceTo(1000);
    assert.equal(begin(1001, { inputTokens: 100 }).admission.kind, "refused");
  });

  it("is that of the class's account, which requestMetadata.class names", async () => {
    const shape = { arrivals: { poisson: "1/s" }, tokens: { input: 1, output: 1, maxTokens: 1 } };
    const { begin } = await worldOf({
      capacity,
      world: { quotas: [{ requests: 1, account: "b", law: "clock-window" }] },
      traffic: [
        { class: "one", account: "a", ...shape },
        { class: "two", account: "b", ...shape },
      ],
    });
    const kinds = ["two", "two", "one", "one", undefined].map(
      (name) => begin(0, { requestMetadata: name === undefined ? {} : { class: name } }).admission.kind,
    );
    assert.deepEqual(kinds, ["accepted", "refused", "accepted", "accepted", "accepted"]);
  });

  it("sends a retry hint if the scenario says so", async () => {
    const { run, begin } = await worldOf({
      capacity,
      world: { quotas: [{ requests: 1, law: "clock-window", retryAfter: "2s" }] },
    });
    run(0);
    assert.equal((message(begin(0)) as { retryAfterMs?: number }).retryAfterMs, 2000);
  });
});

describe("world backend: regions", () => {
  const profile = {
    profiles: { define: [{ name: "two", model: NOVA, destinations: ["us-east-1", "us-west-2"] }] },
    network: { roundTrips: "none", jitter: "none", overrides: [{ from: "us-east-1", to: "us-west-2", rtt: "60ms" }] },
    targets: ["us-east-1/two", "us-west-2"],
  };
  const small = { regions: ["us-east-1", "us-west-2"], capacity: SLOTS_1S, world: profile };
  const through = { profileId: "two" };

  it("a profile runs a call elsewhere when its source is full; the answer comes back over the backbone", async () => {
    const { run, advanceTo } = await worldOf(small);
    const here = run(0, through);
    const there = run(0, through);
    advanceTo(2000);
    assert.deepEqual([here.handle.destinationRegion, there.handle.destinationRegion], ["us-east-1", "us-west-2"]);
    assert.deepEqual([here.events, there.events], [["end@1000"], ["end@1060"]]);
  });

  it("all endpoints of the fleet share one world", async () => {
    const { run, advanceTo } = await worldOf(small);
    run(0, { region: "us-west-2" });
    const first = run(0, through);
    const second = run(0, through);
    advanceTo(3000);
    // us-west-2 is busy with its own caller's call, so the second waits in its source region.
    assert.deepEqual([first.events, second.events], [["end@1000"], ["end@2000"]]);
    assert.equal(second.handle.destinationRegion, "us-east-1");
  });

  it("an outage of the called region resets calls, one of a destination gives 500; afterwards calls succeed", async () => {
    const outage = { faults: [{ kind: "outage", region: "us-east-1", at: "500ms", for: "1s" }] };
    const { run, begin, advanceTo } = await worldOf({ ...small, world: { ...profile, ...outage } });
    const inside = run(0, through);
    advanceTo(600);
    assert.deepEqual(inside.events, ["break@500"]);
    assert.deepEqual(begin(600, through).admission, { kind: "dropped", how: "reset" });
    assert.equal(begin(1600, through).admission.kind, "accepted");
    const far = { faults: [{ kind: "outage", region: "us-west-2", at: "500ms", for: "1s" }] };
    const other = await worldOf({ ...small, world: { ...profile, ...far } });
    other.run(0, through);
    const elsewhere = other.run(0, through);
    other.advanceTo(1000);
    assert.deepEqual(elsewhere.events, ["InternalServerException@530"]);
  });

  it("answers fail with 500 by the share of errors", async () => {
    const { run, advanceTo } = await worldOf({ capacity: SLOTS_1S, model: { errors: "100%" } });
    const { events } = run(0);
    advanceTo(1000);
    assert.deepEqual(events, ["InternalServerException@1000"]);
  });

  it("knows the network between its callers and its endpoints", async () => {
    const plan = await planOf({
      ...small,
      traffic: [
        {
          class: "all",
          arrivals: { poisson: "1/s" },
          tokens: { input: 1, output: 1, maxTokens: 1 },
          origin: { "us-east-1": 1, "us-west-2": 1 },
        },
      ],
    });
    const { backend } = driven(plan);
    assert.equal(backend.roundTripMs?.("us-west-2", "us-east-1"), 60);
    assert.equal(backend.roundTripMs?.(undefined, "us-east-1"), 0);
    const far = driven(plan, { origin: "us-west-2" }).backend;
    assert.equal(far.roundTripMs?.(undefined, "us-east-1"), 60);
    assert.equal(far.roundTripMs?.("mars", "us-east-1"), 60);
    assert.equal(far.roundTripMs?.("us-east-1", "us-east-1"), 0);
  });

  it("refuses ids that no target offers", async () => {
    const { begin } = await worldOf(small);
    assert.deepEqual(begin(0).admission, { kind: "refused", fault: { name: "ValidationException" } });
  });
});

describe("world backend: prompts", () => {
  const capacity = { kind: "slots", servers: "unlimited", service: "1s" };
  const point = (prefixId: string, tokens: number) => ({ prefixId, tokens, ttlMs: 300_000 });

  it("caches by content where it was written, reads the longest known prefix and writes the rest", async () => {
    const { run, advanceTo } = await worldOf({
      regions: ["us-east-1", "us-west-2"],
      capacity,
      model: { cache: {} },
    });
    const use = (atMs: number, points: ReturnType<typeof point>[], region = "us-east-1") => {
      const { handle } = run(atMs, { inputTokens: 5000, cachePoints: points, region });
      return [handle.cacheReadTokens, handle.cacheWriteTokens];
    };
    assert.deepEqual(use(0, [point("a", 2000)]), [0, 2000]);
    assert.deepEqual(use(1, [point("a", 2000)]), [2000, 0]);
    assert.deepEqual(use(2, [point("a", 2000), point("b", 3500)]), [2000, 1500]);
    assert.deepEqual(use(3, [point("a", 2000), point("b", 3500)]), [3500, 0]);
    assert.deepEqual(use(4, [point("a", 2000)], "us-west-2"), [0, 2000]);
    // Nova Pro caches prefixes of 1,000 tokens and more.
    assert.deepEqual(use(5, [point("c", 999)]), [0, 0]);
    assert.deepEqual(use(6, [point("d", 1000)]), [0, 1000]);
    advanceTo(400_000);
    assert.deepEqual(use(400_000, [point("a", 2000)]), [0, 2000]);
  });

  it("cached input is not prefilled", async () => {
    const { run, advanceTo } = await worldOf({
      capacity: { kind: "batching", stepBase: "10ms", stepPerSequence: "0ms", prefill: { perToken: "1ms" } },
      model: { cache: {} },
    });
    const call = { inputTokens: 3000, cachePoints: [point("a", 2000)], wantedOutputTokens: 1 };
    const cold = run(0, call);
    advanceTo(10_000);
    const warm = run(10_000, call);
    advanceTo(20_000);
    assert.deepEqual([cold.events, warm.events], [["end@3010"], ["end@11010"]]);
  });

  it("an answer without a requested length follows its class's distribution, cut at the caller's limit", async () => {
    const uniform = { uniform: { min: 50, max: 150 } };
    const shape = { arrivals: { poisson: "1/s" } };
    const { run } = await worldOf({
      capacity,
      traffic: [
        { class: "long", ...shape, tokens: { input: 1, output: uniform, maxTokens: 1000 } },
        { class: "short", ...shape, tokens: { input: 1, output: 3, maxTokens: 1000 } },
      ],
    });
    const lengths = Array.from({ length: 400 }, () => run(0, { wantedOutputTokens: undefined }).handle.outputTokens);
    const mean = lengths.reduce((sum, tokens) => sum + tokens, 0) / lengths.length;
    // Standard error 28.9 / 20 = 1.4.
    assert.ok(Math.abs(mean - 100) < 6, `mean ${mean}`);
    assert.ok(Math.min(...lengths) >= 50 && Math.max(...lengths) <= 150);
    const short = run(0, { wantedOutputTokens: undefined, requestMetadata: { class: "short" } });
    assert.equal(short.handle.outputTokens, 3);
    assert.equal(run(0, { wantedOutputTokens: undefined, maxTokens: 20 }).handle.outputTokens, 20);
  });
});

describe("world backend: time", () => {
  it("begins at the given scenario time", async () => {
    const faults = [{ kind: "outage", region: "us-east-1", at: "2h", for: "1h" }];
    const { begin } = await worldOf({ capacity: SLOTS_1S, world: { faults } }, { startMs: 9_000_000 });
    assert.equal(begin(0).admission.kind, "dropped");
    assert.equal(begin(1_800_001).admission.kind, "accepted");
  });

  it("uses the random draws of the request that a call names, in any order of arrival", async () => {
    const small: SmallWorld = { capacity: { kind: "slots", servers: 9, service: { exponential: { mean: "1s" } } } };
    const endsOf = async (ids: readonly string[], options: WorldBackendOptions) => {
      const { run, advanceTo } = await worldOf(small, options);
      const calls = ids.map((requestId) => run(0, { requestMetadata: { requestId } }));
      advanceTo(60_000);
      return new Map(calls.map(({ events }, i) => [ids[i]!, events.at(-1)!]));
    };
    const one = await endsOf(["17.0", "17.1", "4.0"], { drawsByRequest: true });
    const other = await endsOf(["4.0", "17.1", "17.0"], { drawsByRequest: true });
    assert.equal(new Set(one.values()).size, 3, "attempts of a request differ");
    for (const [id, end] of one) assert.equal(other.get(id), end);
    const inOrder = await endsOf(["4.0", "17.1", "17.0"], {});
    assert.deepEqual([...inOrder.values()], [...(await endsOf(["a", "b", "c"], { drawsByRequest: true })).values()]);
  });

  it("tolerates calls that arrive out of order and timers that are late", async () => {
    const { begin, advanceTo } = await worldOf({
      capacity: { kind: "batching", stepBase: "10ms", stepPerSequence: "0ms" },
    });
    const late = begin(100, { wantedOutputTokens: 10 });
    const early = begin(40, { wantedOutputTokens: 10 });
    advanceTo(1000);
    assert.deepEqual(
      [late.events, early.events],
      [
        ["first@110", "end@200"],
        ["first@110", "end@200"],
      ],
    );
  });

  it("an idle world sets no timer, and catches up when a call arrives", async () => {
    const plan = await planOf({
      capacity: { kind: "slots", servers: 2, service: "1s", background: { mean: 1, swing: "0%" } },
    });
    let wakes = 0;
    const schedule = () => {
      wakes++;
      return { cancel: () => {} };
    };
    const clock = { nowMs: () => 0, schedule, stop: () => {} };
    const backend = createWorldBackend(clock, plan);
    assert.equal(wakes, 0);
    backend.begin(callOf({ modelId: NOVA, modelMaxTokens: 1000 }), 3_600_000, recordedObserver());
    assert.equal(wakes, 1);
  });
});
