import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { formatUsd, usdOf } from "../../../simulator/service/pricing/prices.ts";
import { simulate } from "../engine/run.ts";
import { planOf, SONNET, scenarioInput } from "./base.ts";

type World = ScenarioInput["world"];
const CAPACITY = { kind: "slots", servers: "unlimited", service: "2s" };

/** One call through the profile of the US; its tokens and its world as given. */
const call = (tokens: object, model: object = {}, world: object = {}): ScenarioInput =>
  scenarioInput({
    requests: 1,
    world: {
      regions: ["us-east-1"],
      profiles: { restrictToWorld: true },
      models: { m: { id: SONNET, capacity: CAPACITY, ...model } },
      targets: ["us-east-1/us"],
      ...world,
    } as World,
    traffic: [
      {
        class: "long",
        arrivals: { deterministic: { interval: "1s" } },
        tokens: { input: 300_000, output: 1000, maxTokens: 2000, ...tokens },
        origin: "us-east-1",
      },
    ] as ScenarioInput["traffic"],
  });
const billUsd = (input: ScenarioInput): string => formatUsd(simulate(input).total.cost.source.totalFUsd);

describe("the bill of a long prompt", () => {
  it("is twice the input and one and a half times the output, of the whole call", () => {
    // 300k x 6.60 + 1k x 24.75 USD a million.
    assert.equal(billUsd(call({})), "2.00475");
    assert.equal(billUsd(call({}, {}, { targets: ["us-east-1/global"] })), "1.8225");
    assert.equal(billUsd(call({}, { id: "anthropic.claude-sonnet-4-20250514-v1:0" })), "1.8225");
  });

  it("begins above the threshold", () => {
    assert.equal(billUsd(call({ input: 200_000 })), "0.6765");
    assert.equal(billUsd(call({ input: 200_001 })), formatUsd(200_001n * 6_600_000_000n + 1000n * 24_750_000_000n));
  });

  it("is as ever for a model with one price", () => {
    assert.equal(billUsd(call({}, { id: "anthropic.claude-sonnet-4-6" })), "1.0065");
    assert.equal(billUsd(call({}, { longContext: "none" })), "1.0065");
  });

  it("counts what a cache holds towards the threshold, and reads it at the factor of input", () => {
    const cached = (requests: number) =>
      simulate({ ...call({ input: 250_000, prefix: { tokens: 240_000 } }, { cache: {} }), requests }).total.cost.source;
    const second = usdOf(cached(2).totalFUsd - cached(1).totalFUsd);
    // 240k x 0.66 + 10k x 6.60 + 1k x 24.75: the cache was written by the first call.
    assert.ok(Math.abs(second - 0.24915) < 1e-9, String(second));
  });

  it("is halved by batch, like any bill", () => {
    const batch = call({}, {}, { targets: ["us-east-1/us@batch"] });
    const traffic = [{ ...batch.traffic[0]!, deferrable: true }];
    assert.equal(billUsd({ ...batch, traffic } as ScenarioInput), "1.002375");
  });

  it("holds under every billing rule, and for prices of the scenario's own", () => {
    const prices = { book: "none", overrides: [{ model: "m", input: 1, output: 10 }] };
    const { cost } = simulate(call({}, {}, { prices })).total;
    for (const rule of ["source", "destination"] as const) assert.equal(formatUsd(cost[rule].totalFUsd), "0.615");
    // The fee of one decision, 0.0005 USD per 1,000, comes on top.
    assert.equal(formatUsd(cost["lowest-cost"].totalFUsd), "0.6150005");
  });

  it("follows what the scenario says of the model", () => {
    const longContext = { above: "100k", input: 3, output: 2 };
    assert.equal(billUsd(call({ input: 100_001, output: 1 }, { longContext })), "0.9900429");
    assert.equal(billUsd(call({ input: 100_000, output: 1 }, { longContext })), "0.3300165");
  });

  it("follows hourly prices and shocks as the bill of a short one", () => {
    const prices = { shocks: [{ at: "0s", for: "1h", factor: 2 }] };
    assert.equal(billUsd(call({}, {}, { prices })), "4.0095");
  });

  it("does not apply to tokens that are paid for by the hour", () => {
    const capacity = { ...CAPACITY, servers: 1 };
    const provisioned = [{ region: "us-east-1", capacity, usdPerUnitHour: 0 }];
    const plan = planOf(call({}, { onDemand: true }, { targets: ["us-east-1/us"], provisioned }));
    const [us, own] = plan.world.routes;
    assert.deepEqual([us!.longPrompts?.aboveTokens, own!.longPrompts], [200_000, null]);
  });
});

it("keys and placements of short prompts are the same with and without a price of long ones", () => {
  const money = (longContext?: "none") => planOf(call({}, longContext === undefined ? {} : { longContext })).money;
  const [long, short] = [money(), money("none")];
  assert.deepEqual(long.schedule.keys.slice(0, short.schedule.keys.length), short.schedule.keys);
  assert.deepEqual(long.placements.slice(0, short.placements.length), short.placements);
  assert.equal(long.placements.length, 2 * short.placements.length);
});
