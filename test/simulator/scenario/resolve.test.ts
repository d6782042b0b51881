import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, problemsOf, SONNET, scenarioInput, worldInput } from "./base.ts";

type World = ScenarioInput["world"];

const codes = (input: ScenarioInput) => problemsOf(input).map((problem) => `${problem.code} ${problem.where}`);
const inWorld = (over: Partial<World>) => scenarioInput({ world: worldInput(over) });
const SLOTS = { kind: "slots", servers: 1 } as const;

describe("a scenario becomes a plan", () => {
  it("names become indices, texts become numbers", () => {
    const plan = planOf(
      scenarioInput({
        start: "2026-05-04T06:00:00Z",
        duration: "2h",
        warmup: "10m",
        routers: 3,
        signals: { source: "shared", age: "5s" },
        baseline: "second",
        strategies: ["round-robin", { cheapest: {}, name: "second" }],
        world: worldInput({
          regions: [{ name: "a", utcOffset: "+05:30" }, { name: "b" }],
          faults: [{ kind: "outage", region: "b", at: "30m", for: "5m" }],
          healthDelay: "10s",
        }),
        traffic: [classInput({ origin: { b: 3, a: 1 }, slo: { e2e: "8s" }, priority: 2, deferrable: true })],
      }),
    );
    assert.equal(plan.startMs, Date.parse("2026-05-04T06:00:00Z"));
    assert.deepEqual([plan.durationMs, plan.requestsMax], [7_200_000, 2000]);
    assert.deepEqual(plan.warmup, { kind: "duration", amount: 600_000 });
    assert.deepEqual(plan.signals, { source: "shared", ageMs: 5000 });
    assert.equal(plan.baseline, 1);
    assert.deepEqual(plan.regionNames, ["a", "b"]);
    assert.deepEqual(plan.originNames, ["b", "a"]);
    assert.deepEqual(
      plan.traffic[0]!.originShares.map(({ originIndex, share }) => [originIndex, share]),
      [
        [0, 0.75],
        [1, 0.25],
      ],
    );
    assert.deepEqual(
      plan.world.endpoints.map(({ id, localHourAtStart }) => [id, localHourAtStart]),
      [
        ["a/m", 11.5],
        ["b/m", 6],
      ],
    );
    const [fault] = plan.world.faults;
    assert.deepEqual([fault!.kind, fault!.region, fault!.atMs, fault!.forMs], ["outage", 1, 1_800_000, 300_000]);
    assert.ok(Number.isNaN(fault!.mtbfMs));
    assert.equal(plan.world.healthDelayMs, 10_000);
    const [one] = plan.classes;
    assert.deepEqual(
      [one!.sloE2eMs, one!.sloTtftMs, one!.sloShare, one!.queueLevel, one!.deferrable],
      [8000, Number.POSITIVE_INFINITY, null, 2, true],
    );
  });

  it("is plain data: what a worker gets is what was made", () => {
    const plan = planOf(scenarioInput());
    assert.deepEqual(structuredClone(plan), plan);
  });

  it("every name that is not there is a problem of its own, all at once", () => {
    assert.deepEqual(
      codes(
        scenarioInput({
          world: worldInput({
            faults: [{ kind: "brownout", region: "x", model: "y", at: "0", for: "1h", capacity: 0.5 }],
            quotas: [{ region: "x", model: "y", account: "z", tokensPerMinute: 100 }],
          }),
          baseline: "none-such",
          assert: ["p95(e2e, class=none) < 8s", "speed() > 3"],
        }),
      ).sort(),
      [
        "ACCOUNT_UNKNOWN world.quotas[0].account",
        "ASSERTION_UNKNOWN_CLASS assert[0]",
        "ASSERTION_UNKNOWN_METRIC assert[1]",
        "MODEL_UNKNOWN world.faults[0].model",
        "MODEL_UNKNOWN world.quotas[0].model",
        "REGION_UNKNOWN world.faults[0].region",
        "REGION_UNKNOWN world.quotas[0].region",
        "STRATEGY_UNKNOWN baseline",
      ],
    );
  });

  it("unknown regions, targets and models", () => {
    const [unknown] = problemsOf(inWorld({ regions: ["us-east-9"] }));
    assert.equal(unknown!.code, "REGION_UNKNOWN");
    assert.match(unknown!.what, /did you mean us-east-[12]/);
    assert.deepEqual(codes(inWorld({ targets: ["c"] })), ["REGION_UNKNOWN world.targets[0]"]);
    assert.deepEqual(codes(scenarioInput({ traffic: [classInput({ model: "n" })] })), [
      "MODEL_UNKNOWN traffic[0].model",
    ]);
    const models = { m: { id: HAIKU, capacity: SLOTS, regions: ["c"], capacityIn: { d: SLOTS } } };
    assert.deepEqual(codes(inWorld({ models })).slice(0, 2), [
      "REGION_UNKNOWN world.models.m.regions",
      "REGION_UNKNOWN world.models.m.capacityIn.d",
    ]);
  });

  it("things that are there twice", () => {
    assert.deepEqual(codes(inWorld({ regions: ["us-east-1", "us-east-1"] })), ["REGION_TWICE world.regions[1]"]);
    assert.equal(codes(inWorld({ regions: [{ name: "a" }, { name: "a" }] }))[0], "REGION_ALREADY_KNOWN world.regions");
    assert.deepEqual(codes(inWorld({ targets: ["a", "a"] })), ["TARGET_TWICE world.targets[1]"]);
    assert.deepEqual(codes(scenarioInput({ strategies: ["cheapest", "cheapest"] })), ["STRATEGY_TWICE strategies[1]"]);
    assert.deepEqual(codes(scenarioInput({ traffic: [classInput(), classInput()] })), ["CLASS_TWICE traffic[1].class"]);
  });

  it("strategies are tried out: a target that is not there, an option that is missing", () => {
    const [wrong] = problemsOf(scenarioInput({ strategies: [{ single: { target: "c" } }] }));
    assert.equal(wrong!.where, "strategies[0].single.target");
    const [missing] = problemsOf(scenarioInput({ strategies: ["single"] }));
    assert.equal(missing!.where, "strategies[0].single.target");
  });

  it("a class says which model it calls where there are several", () => {
    const models = { m: { id: HAIKU, capacity: SLOTS }, n: { id: SONNET, capacity: SLOTS } };
    const problems = codes(
      scenarioInput({ world: worldInput({ models, regions: ["us-east-1"], targets: ["us-east-1/us"], prices: {} }) }),
    );
    assert.ok(problems.includes("MODEL_MISSING traffic[0].model"), problems.join());
  });
});
