import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { billedTierOf, quotaSourceOf, TARGET_TIERS } from "../../../simulator/scenario/tiers.ts";
import { simulate } from "../engine/run.ts";
import { classInput, HAIKU, planOf, schemaProblems } from "./base.ts";
import { at, CALL_USD, every, input, slots, usd } from "./one-region.ts";

const HOUR_MS = 3_600_000;
describe("batch", () => {
  const world = { models: { m: { id: HAIKU, batch: { capacity: slots(1, { service: "1h" }) }, capacity: slots(9) } } };
  const traffic = [classInput({ deferrable: true }), classInput({ class: "now" })];
  const batch = {
    traffic,
    strategies: at("a/batch"),
    client: { retry: "standard", timeout: "60s", hedge: { after: "1s" } },
  } as Partial<ScenarioInput>;
  const targets = { targets: ["a", "a/batch"] };

  it("costs half, has a queue of its own and no time limit; what is not done in a day has expired", () => {
    const run = simulate(input({ ...world, ...targets }, batch), every(1, 30));
    assert.deepEqual(run.ends, { served: 24, abandoned: 6 });
    assert.equal(run.attempts, 30, "no call times out, is hedged or tried again");
    assert.ok(Math.abs(usd(run.total.cost.source.totalFUsd) - (24 * CALL_USD) / 2) < 1e-12);
    const { totalFUsd, feeFUsd } = run.total.cost["lowest-cost"];
    assert.equal(totalFUsd - feeFUsd, run.total.cost.source.totalFUsd, "the cheapest of its tier");
    assert.ok(Math.abs(run.total.e2e.mean / HOUR_MS - 12.5) < 0.01);
  });

  it("is for deferrable classes only", () => {
    const { plan, ends } = simulate(input({ ...world, ...targets }, batch), every(1000, 5, { classIndex: 1 }));
    assert.deepEqual(
      plan.classes.map((each) => [...each.legal]),
      [
        [1, 1],
        [1, 0],
      ],
    );
    assert.equal(plan.classes[1]!.reasons[1], "batch is for deferrable classes");
    assert.deepEqual(ends, { served: 5 });
    assert.match(
      plan.notes.join(),
      /single sends requests elsewhere .* class "now" \(a\/batch: batch is for deferrable/,
    );
  });

  it("has as many machines as calls have, without others and without refusals, unless it says otherwise", () => {
    const capacity = slots(2, { waitingRoom: 0, background: { mean: 2 } });
    const plan = planOf(input({ models: { m: { id: HAIKU, capacity } }, ...targets }, batch));
    const { capacity: own, windowMs, id } = plan.world.endpoints[1]!;
    assert.deepEqual([id, windowMs], ["a/m/batch", 24 * HOUR_MS]);
    assert.ok(own.kind === "slots" && own.servers === 2 && own.waitingRoom === Infinity && own.background === null);
    assert.equal(plan.drainMs, 25 * HOUR_MS);
  });
});

describe("tiers on demand", () => {
  const tiered = (capacity: object, targets: readonly string[], over: object = {}) => ({
    models: { m: { id: HAIKU, capacity } },
    targets,
    prices: {
      book: "none",
      overrides: [
        { model: "m", input: 1, output: 5 },
        { model: "m", tier: "latency-optimized", input: 2, output: 10 },
      ],
    },
    ...over,
  });
  const both = [
    classInput({ targets: ["a"] }),
    classInput({ class: "other", targets: ["a@priority"] }),
  ] as ScenarioInput["traffic"];

  it("priority is served first: Cobham's waits of a non-preemptive M/M/1 with two levels", () => {
    const traffic = both.map((each) => ({ ...each, arrivals: { poisson: "0.4/s" } }));
    const capacity = { kind: "slots", servers: 1, service: { exponential: { mean: "1s" } } };
    const world = tiered(capacity, ["a", "a@priority"]);
    const run = simulate(input(world, { requests: 300_000, traffic, strategies: ["round-robin"] }));
    const [standard, priority] = run.stats.byClass.map((group) => group.wait.mean / 1000);
    // W1 = R / (1 - 0.4), W2 = R / ((1 - 0.4)(1 - 0.8)), R = 0.8 s.
    assert.ok(Math.abs(priority! / (0.8 / 0.6) - 1) < 0.05, `${priority}`);
    assert.ok(Math.abs(standard! / (0.8 / 0.12) - 1) < 0.12, `${standard}`);
    assert.ok(
      Math.abs(usd(run.stats.byClass[1]!.cost.source.totalFUsd) / (run.stats.byClass[1]!.e2e.count * CALL_USD) - 1.75) <
        1e-9,
    );
  });

  it("flex waits in half of the places only, and is refused before standard is", () => {
    const capacity = slots(1, { service: "1h", waitingRoom: 4 });
    const traffic = [
      classInput({ targets: ["a@flex"] }),
      classInput({ class: "s", targets: ["a"] }),
    ] as ScenarioInput["traffic"];
    const world = tiered(capacity, ["a", "a@flex"]);
    const flexFirst = [
      ...every(1, 6),
      ...every(1, 4, { classIndex: 1 }).map((row) => ({ ...row, atMs: row.atMs + 10 })),
    ];
    const run = simulate(input(world, { traffic, strategies: ["round-robin"], drain: "20h" }), flexFirst);
    const refused = run.stats.byClass.map((group) => group.fields[2]);
    // One served, two of four places; then standard fills the other two.
    assert.deepEqual(refused, [3, 2]);
    assert.ok(Math.abs(usd(run.stats.byClass[0]!.cost.source.totalFUsd) - (3 * CALL_USD) / 2) < 1e-12);
  });

  it("latency-optimised decodes faster; beyond its own quota a call is a standard one, and billed so", () => {
    const capacity = slots("unlimited", { service: "0", perOutputToken: "10ms" });
    const world = tiered(capacity, ["a@latency-optimized"], {
      tiers: { latencyOptimized: { speedUp: 1 } },
      quotas: [{ tier: "latency-optimized", requests: { limit: 5, law: "clock-window" } }],
    });
    const run = simulate(input(world, { strategies: at("a@latency-optimized") }), every(1, 20));
    // 50 tokens at 5 ms for five calls, at 10 ms for fifteen.
    assert.ok(Math.abs(run.total.e2e.mean - (5 * 250 + 15 * 500) / 20) < 1e-9);
    assert.ok(Math.abs(run.total.ttft.mean - (5 * 5 + 15 * 10) / 20) < 1e-9);
    assert.ok(Math.abs(usd(run.total.cost.source.totalFUsd) - (5 * 2 + 15) * CALL_USD) < 1e-12);
  });

  it("the same in a batch: half the steps after the first token", () => {
    const capacity = { kind: "batching", stepBase: "10ms", stepPerSequence: "0" };
    const world = tiered(capacity, ["a@priority"], { tiers: { priority: { speedUp: "25%" } } });
    const run = simulate(input(world, { strategies: at("a@priority") }), every(10_000, 5));
    assert.ok(Math.abs(run.total.e2e.mean - (10 + 49 * 8)) < 1e-6, `${run.total.e2e.mean}`);
  });

  it("queues serve by priority where a tier has a level, unless the scenario says otherwise; it then says so", () => {
    const disciplineOf = (targets: readonly string[], over: object = {}) => {
      const plan = planOf(input(tiered(slots(1, over), targets)));
      const { capacity } = plan.world.endpoints[0]!;
      return [capacity.kind === "slots" && capacity.discipline, plan.notes.length];
    };
    assert.deepEqual(disciplineOf(["a"]), ["fcfs", 0]);
    assert.deepEqual(disciplineOf(["a", "a@flex"]), ["priority", 0]);
    assert.deepEqual(disciplineOf(["a", "a@flex"], { discipline: "fcfs" }), ["fcfs", 1]);
  });
});

describe("what the schema refuses", () => {
  const problems = (world: object) => schemaProblems(input(world));

  it("a reservation of nothing, a window of nothing, shares above one, defaults with limits beside", () => {
    for (const [world, path] of [
      [
        { reserved: [{ region: "a", inputTokensPerMinute: 0, outputTokensPerMinute: 1 }] },
        "world.reserved.0.inputTokensPerMinute",
      ],
      [{ provisioned: [{ region: "a", units: 0, capacity: slots(1) }] }, "world.provisioned.0.units"],
      [{ tiers: { flex: { queueShare: 2 } } }, "world.tiers.flex.queueShare"],
      [{ quotas: [{ defaults: "aws-2026", tokensPerMinute: 5 }] }, "world.quotas.0.tokensPerMinute"],
    ] as const) {
      assert.equal(problems(world)[0]?.split(":")[0], path);
    }
  });
});

it("every tier has a price of its own but the reserved one, which is paid by the hour, and two draw on no quota", () => {
  assert.deepEqual(
    TARGET_TIERS.filter((tier) => billedTierOf(tier) !== tier),
    ["reserved"],
  );
  assert.deepEqual(
    TARGET_TIERS.filter((tier) => quotaSourceOf(tier) === "none"),
    ["batch", "reserved"],
  );
});
