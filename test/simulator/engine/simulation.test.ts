import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { chunkOf, type Row, simulate, simulatePlan } from "./run.ts";

type World = ScenarioInput["world"];
type Capacity = World["models"][string]["capacity"];

const capacity = (servers: number | "unlimited", service = "1s", over: object = {}): Capacity =>
  ({ kind: "slots", servers, service: { constant: service }, ...over }) as Capacity;
const world = (slots: Capacity, over: Partial<World> = {}) =>
  worldInput({ models: { m: { id: HAIKU, burndown: 1, capacity: slots } }, ...over });
const rows = (count: number, gapMs: number): Row[] => Array.from({ length: count }, (_, i) => ({ atMs: i * gapMs }));
const custom = (rules: object, over: object = {}): ScenarioInput["client"] =>
  ({ retry: { custom: rules }, ...over }) as ScenarioInput["client"];

describe("a run, request by request", () => {
  it("nothing arrives: nothing is counted, nothing hangs", () => {
    const { sent, ends, output, stats } = simulate(scenarioInput(), []);
    assert.deepEqual([sent, ends, output.inSystemAtEnd], [0, {}, 0]);
    assert.ok(Number.isNaN(stats.meanInSystem));
    assert.equal(stats.byHour.length, 0);
  });

  it("one request: its latency is its service, its wait nothing", () => {
    const { total, ends, attempts } = simulate(scenarioInput({ world: world(capacity(1)) }), [{ atMs: 500 }]);
    assert.deepEqual([ends, attempts], [{ served: 1 }, 1]);
    assert.deepEqual([total.e2e.mean, total.wait.mean, total.e2e.max], [1000, 0, 1000]);
    assert.equal(total.fields[FIELD.outputTokens], 50);
  });

  it("max_tokens cuts the answer short; unset, it is the model's maximum", () => {
    const cut = (maxTokens: number) =>
      simulate(scenarioInput({ world: world(capacity(1)) }), [{ atMs: 0, output: 90_000, maxTokens }]).total.fields;
    assert.equal(cut(1000)[FIELD.outputTokens], 1000);
    assert.equal(cut(0)[FIELD.outputTokens], 64_000);
  });

  it("the mean number in the system is Little's: arrivals times time in it", () => {
    const { stats, total, output } = simulate(scenarioInput({ requests: 20_000 }));
    const { e2e } = total;
    // 4 requests a second over two regions of 4 servers each.
    assert.ok(Math.abs(stats.meanInSystem / ((4 * e2e.mean) / 1000) - 1) < 0.03, `${stats.meanInSystem}`);
    assert.equal(output.stoppedEarlyAtMs, null);
  });

  it("time in gateways counts, in series, and so does the deadline while a request is in one", () => {
    const gateways = [capacity(1, "300ms"), capacity("unlimited", "200ms")];
    const input = scenarioInput({ world: world(capacity(9), { gateways }) });
    const { total, ends } = simulate(input, [{ atMs: 0 }, { atMs: 0 }]);
    assert.deepEqual(ends, { served: 2 });
    assert.deepEqual([total.e2e.mean, total.e2e.max], [1650, 1800]);
    assert.equal(total.wait.mean, 650);
    const late = simulate({ ...input, client: { retry: "none", deadline: "250ms" } }, rows(50, 10));
    assert.deepEqual(late.ends, { timedOut: 50 });
    assert.equal(late.attempts, 0, "nothing was sent for those whose callers had gone");
  });

  it("the warm-up is left out of counts, bill and the mean in the system", () => {
    const input = scenarioInput({ world: world(capacity("unlimited")), warmup: { requests: 10 } });
    const all = simulate({ ...input, warmup: "none" }, rows(40, 100));
    const rest = simulate(input, rows(40, 100));
    assert.deepEqual([all.sent, rest.sent], [40, 30]);
    assert.equal(rest.total.cost.source.totalFUsd * 4n, all.total.cost.source.totalFUsd * 3n);
    assert.ok(Math.abs(rest.stats.meanInSystem - 10) < 0.5, `${rest.stats.meanInSystem} in the system`);
    const timed = simulate({ ...input, duration: "1h", warmup: "1s" }, rows(40, 100));
    assert.equal(timed.sent, 30);
  });

  it("what has not ended when the drain is over is in flight", () => {
    const input = scenarioInput({
      world: world(capacity(1, "10s")),
      drain: "25s",
      strategies: [{ single: { target: "a" } }],
    });
    const { ends, output } = simulate(input, rows(5, 1));
    assert.deepEqual(ends, { served: 2, inFlight: 3 });
    assert.equal(output.inSystemAtEnd, 5);
  });
});

describe("refusals, retries and limits of time", () => {
  it("all regions down: requests fail, with their retries, and the run ends", () => {
    const faults: World["faults"] = [{ kind: "outage", at: "0", for: "10h" }];
    for (const retry of ["none", "standard", "adaptive", "legacy"] as const) {
      const { ends, total } = simulate(
        scenarioInput({ world: world(capacity(4), { faults, healthDelay: "1s" }), client: { retry } }),
        rows(100, 50),
      );
      assert.deepEqual(ends, { failed: 100 }, retry);
      assert.equal(total.cost.source.totalFUsd, 0n);
    }
  });

  it("throttled for ever with unlimited retries: ends with the drain", () => {
    const input = scenarioInput({
      world: world(capacity(4), { quotas: [{ tokensPerMinute: 100 }] }),
      client: custom({ maxAttempts: "unlimited", backoff: { constant: "10s" } }),
      drain: "10m",
    });
    const { ends, attempts } = simulate(input, rows(20, 10));
    assert.deepEqual(ends, { inFlight: 20 });
    assert.equal(attempts, 20 * 61, "one at once, one every ten seconds of the drain");
    const limited = simulate(
      { ...input, client: custom({ maxAttempts: "unlimited", backoff: { constant: "10s" } }, { deadline: "35s" }) },
      rows(20, 10),
    );
    assert.deepEqual([limited.ends, limited.attempts], [{ timedOut: 20 }, 80]);
  });

  it("attempts: (1 - p^n) / (1 - p) where each fails with probability p", () => {
    const models = { m: { id: HAIKU, capacity: capacity("unlimited", "10ms"), errors: "20%" } };
    const { attempts, total } = simulate(
      scenarioInput({
        requests: 20_000,
        world: worldInput({ models }),
        client: custom({ maxAttempts: 3, backoff: { constant: "0s" } }),
      }),
    );
    const [p, n] = [0.2, 3];
    assert.ok(Math.abs(attempts / 20_000 - (1 - p ** n) / (1 - p)) < 4 * (0.53 / Math.sqrt(20_000)));
    const failed = total.fields[5]! / 20_000;
    assert.ok(Math.abs(failed - p ** 3) < 4 * Math.sqrt((p ** 3 * (1 - p ** 3)) / 20_000), `${failed} failed`);
  });

  it("a 503 with nowhere to wait: refused; the next region takes it where a retry may go there", () => {
    const slots = capacity(1, "1s", { waitingRoom: 0 });
    const strategies: ScenarioInput["strategies"] = [{ priority: { targets: ["a", "b"] } }];
    const client = custom({ maxAttempts: 2, backoff: { constant: "0s" } });
    const { ends, total, stats } = simulate(scenarioInput({ world: world(slots), strategies, client }), rows(3, 1));
    assert.deepEqual(ends, { served: 2, refused: 1 });
    assert.equal(total.fields[FIELD.attemptsUnavailable], 3);
    assert.deepEqual(
      stats.byRegion.map((group) => group.fields[0]),
      [1, 1, 0],
    );
  });

  it("a time-out detaches the attempt: the service goes on and bills it, the caller tries again", () => {
    const input = scenarioInput({
      world: world(capacity("unlimited", "10s")),
      client: custom({ maxAttempts: 3, backoff: { constant: "500ms" } }, { timeout: "2s" }),
    });
    const { ends, attempts, total, output } = simulate(input, [{ atMs: 0 }]);
    assert.deepEqual([ends, attempts], [{ timedOut: 1 }, 3]);
    const one = simulate({ ...input, client: { retry: "none" } }, [{ atMs: 0 }]).total.cost.source.totalFUsd;
    assert.ok(one > 0n);
    assert.equal(total.cost.source.totalFUsd, 3n * one);
    assert.equal(output.inSystemAtEnd, 1);
  });

  it("a deadline ends a request wherever it is: in service, or waiting to try again", () => {
    const slow = scenarioInput({ world: world(capacity(1, "10s")), client: { retry: "none", deadline: "3s" } });
    assert.deepEqual(simulate(slow, rows(4, 0)).ends, { timedOut: 4 });
    const faults: World["faults"] = [{ kind: "outage", at: "0", for: "10h" }];
    const waiting = scenarioInput({
      world: world(capacity(1), { faults }),
      client: custom({ maxAttempts: 10, backoff: { constant: "2s" } }, { deadline: "3s" }),
    });
    const { ends, attempts } = simulate(waiting, rows(30, 7));
    assert.deepEqual([ends, attempts], [{ timedOut: 30 }, 60]);
  });

  it("patience: who leaves the queue is abandoned, and is not tried again", () => {
    const slots = capacity(1, "10s", { patience: { constant: "1s" } });
    const input = scenarioInput({
      world: world(slots),
      strategies: [{ single: { target: "a" } }],
      client: custom({ maxAttempts: 5, backoff: { constant: "1s" } }),
    });
    const { ends, attempts } = simulate(input, rows(3, 1));
    assert.deepEqual([ends, attempts], [{ served: 1, abandoned: 2 }, 3]);
  });
});

describe("hedging", () => {
  const hedged = (after: string, over: object = {}, slots = capacity("unlimited", "1s")) =>
    scenarioInput({ world: world(slots), client: { retry: "none", hedge: { after, ...over } } });

  it("silence sends another; the first answer wins, and both are billed", () => {
    const slow = simulate(hedged("400ms"), [{ atMs: 0 }]);
    assert.deepEqual([slow.ends, slow.attempts, slow.total.e2e.mean], [{ served: 1 }, 2, 1000]);
    const quick = simulate(hedged("1100ms"), [{ atMs: 0 }]);
    assert.equal(quick.attempts, 1);
    assert.equal(slow.total.cost.source.totalFUsd, 2n * quick.total.cost.source.totalFUsd);
  });

  it("a hedge that finds a free server overtakes a queue", () => {
    const strategies: ScenarioInput["strategies"] = ["round-robin"];
    const { total, ends } = simulate({ ...hedged("100ms", {}, capacity(1)), strategies }, [
      { atMs: 0 },
      { atMs: 1 },
      { atMs: 2 },
    ]);
    assert.deepEqual(ends, { served: 3 });
    assert.ok(total.e2e.max < 2000 + 1);
  });

  it("no more than so many a request, each counted from the latest send", () => {
    const { attempts } = simulate(hedged("100ms", { max: 3 }), [{ atMs: 0 }]);
    assert.equal(attempts, 4);
    // The second request is refused at 80 and tried again at 160, where it takes 50 ms: at 180 it has been silent for
    // 20 ms, not for 100. The first is silent for 100 ms at 100, and its hedge is refused.
    const one = capacity(1, "0s", { waitingRoom: 0, perOutputToken: "1ms" });
    const input = scenarioInput({
      world: world(one),
      strategies: [{ single: { target: "a" } }],
      client: custom({ maxAttempts: 3, backoff: { constant: "80ms" } }, { hedge: { after: "100ms" } }),
    });
    const two = simulate(input, [
      { atMs: 0, output: 150 },
      { atMs: 80, output: 50 },
    ]);
    assert.deepEqual([two.ends, two.attempts], [{ served: 2 }, 2 + 2]);
  });

  it("with limits of time, retries and everything down, every request still ends once", () => {
    const slots = capacity(2, "1s", { waitingRoom: 3, patience: { exponential: { mean: "2s" } } });
    for (const faults of [[], [{ kind: "outage", mtbf: "20s", mttr: "10s" }]] as World["faults"][]) {
      for (const limits of [{ timeout: "1500ms" }, { deadline: "2500ms" }, { timeout: "900ms", deadline: "2500ms" }]) {
        const input = scenarioInput({
          requests: 3000,
          routers: 3,
          world: world(slots, {
            faults: faults ?? [],
            quotas: [{ tokensPerMinute: "30k" }],
            gateways: [capacity(8, "100ms")],
          }),
          client: custom(
            { maxAttempts: 4, backoff: { grow: { base: "50ms" } } },
            { hedge: { after: "300ms", max: 2 }, ...limits },
          ),
        });
        const { sent, output } = simulate(input);
        assert.equal(sent, 3000);
        assert.equal(output.stoppedEarlyAtMs, null);
      }
    }
  });
});

describe("many classes, models and routers", () => {
  it("two models and two classes: each class meets its own model, and its bill is its own", () => {
    const models = {
      m: { id: HAIKU, capacity: capacity("unlimited", "1s") },
      n: { id: HAIKU, capacity: capacity("unlimited", "3s") },
    };
    const prices = {
      book: "none",
      overrides: [
        { model: "m", input: 1, output: 1 },
        { model: "n", input: 10, output: 10 },
      ],
    } as const;
    const traffic = [classInput({ class: "one", model: "m" }), classInput({ class: "two", model: "n" })];
    const input = scenarioInput({
      world: worldInput({ models, prices: prices as unknown as World["prices"] & {} }),
      traffic,
    });
    const { stats } = simulate(input, [{ atMs: 0 }, { atMs: 1, classIndex: 1 }, { atMs: 2, classIndex: 1 }]);
    assert.deepEqual(
      stats.byClass.map((group) => group.e2e.mean),
      [1000, 3000],
    );
    const [one, two] = stats.byClass.map((group) => group.cost.source.totalFUsd);
    assert.equal(two, 20n * one!);
  });

  it("signals with an age or shared change decisions, never what adds up", () => {
    for (const signals of [{ age: "2s" }, { source: "shared" }, { source: "shared", age: "1s" }] as const) {
      for (const strategy of ["least-outstanding", "power-of-two", "cheapest-within"] as const) {
        const strategies = (
          strategy === "cheapest-within" ? [{ [strategy]: { p95: "2s" } }] : [strategy]
        ) as ScenarioInput["strategies"];
        const { sent } = simulate(scenarioInput({ signals, routers: 4, strategies, requests: 1500 }));
        assert.equal(sent, 1500);
      }
    }
  });

  it("the way back from another region takes its time even where callers are next door", () => {
    const plan = planOf(scenarioInput({ world: world(capacity("unlimited")) }));
    const routes = plan.world.routes.map((route) => ({ ...route!, hopMs: [60] }));
    const { total } = simulatePlan({ ...plan, world: { ...plan.world, routes } }, [{ atMs: 0 }]);
    assert.equal(total.e2e.mean, 30 + 1000 + 30);
  });
});

describe("a run, chunk by chunk", () => {
  it("does not depend on how the traffic is cut into chunks", () => {
    const plan = planOf(scenarioInput({ strategies: ["least-outstanding"] }));
    const all = Array.from({ length: 900 }, (_, i) => ({ atMs: i * 200, input: 10 + i }));
    const output = (sizes: readonly number[]) => {
      const run = new Simulation(plan, plan.strategies[0]!, replicationSeed(1, 0));
      let from = 0;
      for (const size of [...sizes, all.length]) {
        run.run(chunkOf(all.slice(from, from + size)));
        from = Math.min(all.length, from + size);
      }
      return run.end();
    };
    assert.deepEqual(output([1, 255, 300, 44]), output([]));
  });

  it("what is due happens before an arrival of the same instant", () => {
    const input = scenarioInput({ world: world(capacity(1)), strategies: [{ single: { target: "a" } }] });
    // The first is done at the very instant of the third's arrival: 1 + 2 waiting seconds, none at 5,000.
    const { total, output } = simulate(input, [{ atMs: 100 }, { atMs: 200 }, { atMs: 1100 }, { atMs: 5000 }]);
    assert.deepEqual([total.wait.mean, total.wait.max], [(900 + 1000) / 4, 1000]);
    assert.deepEqual([output.countedFromMs, output.countedToMs, output.inSystemAtEnd], [100, 5000, 1]);
  });

  it("a run that is stopped with requests waiting, in service and put off counts each of them once", () => {
    const quotas = [{ requests: 100, law: "clock-window" }] as unknown as NonNullable<World["quotas"]>;
    const input = scenarioInput({ world: world(capacity(4), { quotas }), drain: "0s", client: { retry: "legacy" } });
    const { ends, output } = simulate(input, rows(500, 5));
    const sum = Object.values(ends).reduce((total, count) => total + count, 0);
    assert.deepEqual([sum, ends.inFlight], [500, output.inSystemAtEnd]);
    assert.ok(output.inSystemAtEnd > 4 * 2, "more than are in service");
  });
});

it("replications and seeds differ, also beyond 32 bits", () => {
  const seeds = [0, 1, 2, 2 ** 32, 2 ** 33, 2 ** 53 - 1].flatMap((seed) =>
    [0, 1, 2].map((r) => replicationSeed(seed, r)),
  );
  assert.equal(new Set(seeds).size, seeds.length);
});
