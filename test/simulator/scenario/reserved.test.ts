import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assembleResult } from "../../../simulator/experiment/assemble.ts";
import { planJobs, runJob } from "../../../simulator/experiment/job.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { provisionedSchema, reservedSchema } from "../../../simulator/scenario/reserved.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { simulate } from "../engine/run.ts";
import { classInput, HAIKU, planOf } from "./base.ts";
import { at, CALL_USD, every, input, slots, usd } from "./one-region.ts";

function resultOf(plan: Plan) {
  const outputs = planJobs(plan, 1).map((job) => {
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
