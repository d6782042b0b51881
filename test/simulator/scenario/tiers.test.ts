import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import { planJobs, runJob } from "../../../simulator/experiment/job.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import {
  billedTierOf,
  provisionedSchema,
  quotaSourceOf,
  reservedSchema,
  TARGET_TIERS,
} from "../../../simulator/scenario/tiers.ts";
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

function resultOf(plan: Plan) {
  const outputs = planJobs({ plan }, 1).map((job) => {
    const run = runJob({ plan }, job);
    for (let step = run.next(); ; step = run.next()) if (step.done) return step.value;
  });
  return assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
}

describe("provisioned throughput", () => {
  const provisioned = (over: object = {}) => ({
    provisioned: [
      { region: "a", units: 2, usdPerUnitHour: 20, capacity: slots(1, { service: "2.5s", waitingRoom: 0 }), ...over },
    ],
  });

  it("units multiply the capacity of one; D/D/2/2 takes two calls of three and refuses the third", () => {
    const run = simulate(input(provisioned(), { strategies: at("a/provisioned") }), every(1000, 3000));
    assert.deepEqual(run.ends, { served: 2000, refused: 1000 });
    assert.equal(run.total.cost.source.totalFUsd, 0n);
  });

  it("what it refuses goes on to the region's endpoint, as a call on demand", () => {
    const world = provisioned({ overflow: "standard" });
    const run = simulate(input(world, { strategies: at("a/provisioned") }), every(1000, 3000));
    assert.deepEqual(run.ends, { served: 3000 });
    for (const { totalFUsd, feeFUsd } of Object.values(run.total.cost)) {
      assert.ok(Math.abs(usd(totalFUsd - feeFUsd) - 1000 * CALL_USD) < 1e-12, `${usd(totalFUsd)}`);
    }
    // 2,000 calls of 2.5 s and 1,000 of 1 s.
    assert.ok(Math.abs(run.total.e2e.mean - 2000) < 1e-6);
  });

  it("no quota holds it back, and its overflow has the quota of calls on demand", () => {
    const quotas = [{ requests: { limit: 1, law: "clock-window", window: "3s" } }];
    const world = { ...provisioned({ overflow: "standard" }), quotas };
    const run = simulate(input(world, { strategies: at("a/provisioned") }), every(1000, 3000));
    assert.deepEqual(run.ends, { served: 3000 });
    assert.equal(run.output.quotas[0]!.granted, 1000);
  });

  it("is on the bill by the hour, used or not, of those that hold it; the rest is as without it", () => {
    const scenario = (world: object) =>
      input(world, {
        duration: "30m",
        warmup: "6m",
        replications: 2,
        traffic: [classInput({ arrivals: { poisson: "1/s" } })],
        strategies: [
          { name: "plain", single: { target: "a" } },
          { name: "held", single: { target: "a/provisioned" } },
          { name: "shared", "round-robin": {} },
        ],
      } as unknown as Partial<ScenarioInput>);
    const { requests: _, ...timed } = scenario(provisioned({ overflow: "standard", strategies: ["held"] }));
    const result = resultOf(planOf(timed));
    const [plain, held, shared] = result.strategies;
    // 2 units at 20 USD over 24 of the 30 minutes.
    assert.deepEqual(
      held!.reserved!.map(({ usdPerHour, hours, usd }) => [usdPerHour, hours.value, usd.value]),
      [[40, 0.4, 16]],
    );
    assert.equal(held!.total.cost.source.reservedUsd!.value, 16);
    assert.equal(plain!.reserved, undefined);
    assert.equal(shared!.reserved, undefined, "a strategy that does not hold it is not offered it");
    const [one] = held!.replications;
    const tokens = held!.byClass[0]!.cost.source.totalUsd.value!;
    assert.ok(Math.abs(held!.total.cost.source.totalUsd.value! - 16 - tokens) < 1e-9);
    assert.ok(
      Math.abs(Number(one!.billUsd.source) / held!.total.counts.served / (one!.usdPer1kServed.source! / 2000) - 1) <
        0.1,
    );
    assert.ok(
      result.notes.some((note) =>
        note.startsWith("held: reserved capacity USD 16.00 in the total (a/provisioned m: 2 model units"),
      ),
    );
    const cost = result.comparisons.find((each) => each.strategy === "held" && each.metric === "usdPer1kServed")!;
    assert.equal(cost.verdict, "worse");
    assert.ok(cost.value! > 10, `${cost.value} USD per 1,000 with the reservation`);
    assert.equal(shared!.byRegion[0]!.counts.served, shared!.total.counts.served);
    assert.equal(shared!.total.cost.source.usdPer1kServed.value, plain!.total.cost.source.usdPer1kServed.value);
  });
});

describe("the reserved tier", () => {
  const world = {
    models: { m: { id: HAIKU, capacity: slots("unlimited") } },
    reserved: [{ region: "a", inputTokensPerMinute: "180k", outputTokensPerMinute: "30k", usdPerHour: 7 }],
    quotas: [{ tokensPerMinute: "1G" }],
  };

  it("pays for calls up to its tokens per minute; the others go on as standard and are billed so", () => {
    const rows = every(1000, 3600, { input: 6000, output: 1000, maxTokens: 1000 });
    const run = simulate(input(world, { strategies: at("a@reserved") }), rows);
    assert.deepEqual(run.ends, { served: 3600 });
    const [onDemand, reserved] = run.output.quotas;
    // A minute's worth at first, then half of the calls: the meter's refill is 3,000 tokens a second.
    assert.ok(Math.abs(reserved!.granted - 1830) <= 1, `${reserved!.granted}`);
    assert.equal(reserved!.granted + onDemand!.granted, 3600);
    const billed = onDemand!.granted * (6000e-6 + 5 * 1000e-6);
    assert.ok(Math.abs(usd(run.total.cost.source.totalFUsd) - billed) < 1e-9);
    assert.equal(run.plan.money.reserved[0]!.usdPerHour, 7);
  });
});

it("a reservation of nothing is refused", () => {
  assert.equal(
    reservedSchema.safeParse({ region: "a", inputTokensPerMinute: 0, outputTokensPerMinute: 1 }).success,
    false,
  );
  assert.equal(
    reservedSchema.safeParse({ region: "a", inputTokensPerMinute: 1, outputTokensPerMinute: 1 }).success,
    true,
  );
  assert.equal(provisionedSchema.safeParse({ region: "a", units: 0, capacity: slots(1) }).success, false);
  assert.equal(provisionedSchema.safeParse({ region: "a", units: 1, capacity: slots(1) }).success, true);
});
