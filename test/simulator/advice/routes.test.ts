import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadReference } from "../../../scripts/io/reference.ts";
import { busiestWindow, demandOf } from "../../../simulator/advice/demand.ts";
import {
  candidateTargets,
  capacityWorth,
  distinctOptions,
  frontierOf,
  type Outcome,
  outcomeOf,
  regionsWorthIt,
  routeOptions,
} from "../../../simulator/advice/routes.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { classOf, strategyOf } from "../experiment/answers.ts";
import { NOVA, SONNET, worldPlan } from "./worlds.ts";

const { profiles } = await loadReference();

describe("ways to route", () => {
  const targets = ["us-east-1", "eu-central-1", "eu-west-1", "eu-west-1/eu", "us-east-1@batch"];
  const plan = worldPlan(NOVA, targets, [{ residency: "eu" }, { deferrable: true, origin: "us-east-1" }]);
  const of = (name: string) => routeOptions(plan).find((option) => option.name === name);

  it("go from each class's own region, the nearest first, inside its residency rule", () => {
    assert.deepEqual(of("one region")!.targets, { c0: ["eu-west-1"], c1: ["us-east-1"] });
    assert.deepEqual(of("2 regions")!.targets, { c0: ["eu-west-1", "eu-central-1"], c1: ["us-east-1", "eu-west-1"] });
    assert.deepEqual(of("3 regions")!.targets.c0, ["eu-west-1", "eu-central-1"]);
  });

  it("name the classes that cannot take them, and why", () => {
    assert.deepEqual(of("batch")!.targets, { c0: ["eu-west-1"], c1: ["us-east-1@batch", "us-east-1"] });
    assert.deepEqual(of("batch")!.left, [{ name: "c0", reason: "its callers wait for it (deferrable is not set)" }]);
    assert.equal(of("global profile"), undefined);
  });

  it("are run once where two of them route alike", () => {
    const runAs = distinctOptions(routeOptions(plan));
    assert.equal(runAs.get("1 region")!.name, "one region");
    assert.equal(runAs.get("2 regions")!.name, "2 regions");
  });

  it("candidates are the regions' own endpoints, the profiles of the models there, and batch through each", () => {
    const found = candidateTargets(worldPlan(SONNET, ["eu-west-1/eu"], [{}]), profiles);
    for (const id of ["us-east-1/us", "us-east-1/global", "eu-west-1/global@batch", "eu-west-1/eu@batch", "eu-west-1"])
      assert.ok(found.includes(id), id);
    assert.ok(!found.includes("eu-west-1/eu") && !found.includes("us-east-1/eu"));
  });
});

describe("what traffic asks for", () => {
  it("counts calls and tokens by minute and hour", () => {
    const demand = demandOf(
      worldPlan(NOVA, ["eu-west-1"], [{}, { tokens: { input: 10, output: 900, maxTokens: 256 } }]),
    );
    const [first, second] = demand.byClass;
    assert.deepEqual([demand.minutes, demand.callsByHour.length, demand.fromMinute], [60, 1, 0]);
    assert.deepEqual([first!.input[7], first!.output[7]], [60 * 400, 60 * 60]);
    // An answer ends at max_tokens.
    assert.equal(second!.output[7], 60 * 256);
  });

  it("finds the longest stretch around the busiest hour that a budget allows", () => {
    const hours = Float64Array.of(1, 5, 9, 4, 8);
    assert.deepEqual(busiestWindow(hours, 5), { fromHour: 2, hours: 1, calls: 9 });
    assert.deepEqual(busiestWindow(hours, 18), { fromHour: 1, hours: 3, calls: 18 });
    assert.deepEqual(busiestWindow(hours, 99), { fromHour: 0, hours: 5, calls: 27 });
  });
});

const estimate = (value: number) => ({ value, low: null, high: null, n: 1 });

function outcome(strategy: string, usd: number, p95Ms: number, over: Partial<Outcome> = {}): Outcome {
  return {
    run: "as it is",
    strategy,
    usdPerMonth: estimate(usd),
    usdPer1kServed: estimate(1),
    savingShare: null,
    isLikeBaseline: true,
    p95Ms: estimate(p95Ms),
    throttledShare: estimate(0),
    failedShare: estimate(0),
    level: "keeps objectives",
    reason: null,
    ...over,
  };
}

it("an outcome has no p95 where more of the watched class fail than it leaves out", () => {
  const result = { billing: "source", classes: [classOf("chat", 6000)], strategies: [] } as unknown as RunResult;
  const p95At = (failed: number) =>
    outcomeOf("routes", result, strategyOf("one", { chat: { failed, p95: 4000 } }), "chat").p95Ms;
  assert.deepEqual([Math.round(p95At(0.04).value!), p95At(0.33).value, p95At(0.33).low], [4000, null, null]);
});

describe("what a faster answer costs", () => {
  it("goes from the fastest to the cheapest, past what is beaten on both and what fails", () => {
    const steps = frontierOf([
      outcome("cheap", 100, 9000),
      outcome("fast", 180, 4000),
      outcome("beaten", 190, 5000),
      outcome("middle", 150, 6000),
      outcome("survivors", 10, 1000, { level: "fails requests" }),
    ]);
    assert.deepEqual(
      steps.map(({ outcome: { strategy }, savedUsd, slowerMs }) => [strategy, savedUsd, slowerMs]),
      [
        ["fast", null, null],
        ["middle", 30, 2000],
        ["cheap", 50, 3000],
      ],
    );
  });
});

describe("how many regions are worth it", () => {
  const step = (regions: number, throttled: number, p95Ms: number) => ({
    regions,
    outcome: outcome(`${regions}`, 1, p95Ms, { throttledShare: estimate(throttled) }),
  });

  it("the fewest from which no further one gains anything", () => {
    assert.equal(regionsWorthIt([step(1, 0, 100), step(2, 0, 99.5)]), 1);
    assert.equal(regionsWorthIt([step(1, 0.2, 100), step(2, 0.1, 100), step(3, 0, 100), step(4, 0, 100)]), 3);
    // The second brings nothing by itself, the third does.
    assert.equal(regionsWorthIt([step(1, 0.2, 100), step(2, 0.2, 100), step(3, 0, 100)]), 3);
    assert.equal(regionsWorthIt([step(1, 0, 100), step(2, 0, 80)]), 2);
  });
});

describe("what more capacity is worth", () => {
  const strategy = {
    name: "home",
    total: { cost: { source: { usdPerMonth: estimate(3_040), totalUsd: estimate(100) } } },
  } as unknown as RunResult["strategies"][number];
  const resultOf = (bound: unknown) => ({ billing: "source", bound }) as unknown as RunResult;
  const endpoints = [
    { id: "a", usdPerTenthMore: 0.5 },
    { id: "b", usdPerTenthMore: 2 },
  ];

  it("dual values of the strategy's bound, scaled as its cost is, the dearest first", () => {
    const found = capacityWorth(resultOf({ strategies: [{ strategy: "home", endpoints }], missing: null }), strategy);
    assert.deepEqual(
      found?.map(({ id, usdPerMonthPerTenth }) => [id, Math.round(usdPerMonthPerTenth * 1e9) / 1e9]),
      [
        ["b", 60.8],
        ["a", 15.2],
      ],
    );
  });

  it("null where the run states no bound, or one without capacity", () => {
    assert.equal(capacityWorth(resultOf({ strategies: [], missing: "why" }), strategy), null);
    const without = { strategies: [{ strategy: "home", endpoints }], missing: null, isWithoutLimits: true };
    assert.equal(capacityWorth(resultOf(without), strategy), null);
  });
});
