import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { replicationSeed, Simulation } from "../../../simulator/engine/simulation.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { capacity, chunkOf, rows, simulate, simulatePlan, type World, world } from "./run.ts";

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

  it("max_tokens cuts the answer short; unset, it is the model's maximum, stated or known", () => {
    const cut = (maxTokens: number, model: object = {}) => {
      const models = { m: { id: HAIKU, capacity: capacity(1), ...model } };
      const row = { atMs: 0, output: 90_000, maxTokens };
      return simulate(scenarioInput({ world: worldInput({ models }) }), [row]).total.fields[FIELD.outputTokens];
    };
    assert.equal(cut(1000), 1000);
    assert.equal(cut(0), 4096, "Claude 3 Haiku writes no more");
    assert.equal(cut(0, { maxOutputTokens: "50k" }), 50_000);
    assert.equal(cut(0, { id: "acme.own-v1" }), 64_000, "the usual value of a model that nothing is known of");
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
