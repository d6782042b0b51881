import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frontierOf, type Outcome, regionsWorthIt } from "../../../simulator/advice/outcomes.ts";

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
