import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { capacityWorth, frontierOf, type Outcome, regionsWorthIt } from "../../../simulator/advice/outcomes.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";

const estimate = (value: number) => ({ value, low: null, high: null, n: 1 });

function outcome(strategy: string, usd: number, p95Ms: number, over: Partial<Outcome> = {}): Outcome {
  return {
    run: "as it is",
    strategy,
    usdPerMonth: estimate(usd),
    usdPer1kServed: estimate(1),
    savingShare: null,
    p95Ms: estimate(p95Ms),
    throttledShare: estimate(0),
    failedShare: estimate(0),
    level: "keeps objectives",
    reason: null,
    ...over,
  };
}

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
