import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { moneyOf } from "../../../simulator/scenario/money.ts";
import type { ClassPlan } from "../../../simulator/scenario/plan.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";
import type { Targets } from "../../../simulator/scenario/targets.ts";
import { planOf, scenarioInput, worldInput } from "./base.ts";

const priced = (prices: object, over: object = {}) =>
  scenarioInput({ world: worldInput({ prices, ...over } as never) });
const flat = { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] };

describe("prices of a run", () => {
  it("what `lowest-cost` may bill is what a class's legal routes and their overflows sell on demand, each once", () => {
    const scenario = scenarioSchema.parse(
      priced({ ...flat, billing: "lowest-cost", routingFeeUsdPer1kDecisions: 0.5 }),
    );
    const { schedule } = planOf(priced(flat)).money;
    const keys = ["standard", "standard", "prepaid"].map((tier) => ({ ...schedule.keys[0]!, tier }));
    const route = (placement: number, overflow: object | null = null) => ({ placements: [placement], overflow });
    const targets = {
      targets: [{}, {}, {}],
      routes: [route(0), route(2, route(1)), route(1)],
      placements: [0, 1, 2].map((key) => ({ sourceKey: key, destinationKey: key })),
      placementRegion: [0, 1, 0],
      keyOfTarget: Int32Array.of(0, 2, 1),
    } as unknown as Targets;
    const legal = (...mask: number[]) => ({ model: 0, legal: Uint8Array.from(mask) }) as unknown as ClassPlan;
    const classes = [legal(1, 1, 1), legal(0, 1, 0), legal(0, 0, 0)];
    const money = moneyOf(scenario, targets, classes, { ...schedule, keys } as typeof schedule, []);
    assert.deepEqual(money.candidateKeys, [[0, 1], [1], []]);
    assert.deepEqual([money.billing, money.routingFeeUsdPer1kDecisions, money.reserved], ["lowest-cost", 0.5, []]);
  });

  it("a run that ends by its requests has prices for 45 days and what its last day needs", () => {
    const daily = { ...flat, hourly: { sine: { amplitude: 0.2, peakAt: "15:00 local" } } };
    const { epochStartMs } = planOf(priced(daily)).world;
    const lastDay = epochStartMs.at(-1)! / 86_400_000;
    assert.ok(lastDay >= 44 && lastDay < 47, `the last price begins on day ${lastDay}`);
  });
});
