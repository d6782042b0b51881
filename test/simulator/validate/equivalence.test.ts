import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  exactShareDifference,
  exactShareLimits,
  judge,
  requestsNeeded,
} from "../../../simulator/validate/equivalence.ts";

it("a difference is judged by where its interval lies", () => {
  assert.equal(judge({ low: -0.05, high: 0.05 }, 0.05), "equivalent");
  assert.equal(judge({ low: 0, high: 0.0501 }, 0.05), "undecided");
  assert.equal(judge({ low: -0.2, high: 0.2 }, 0.05), "undecided");
  assert.equal(judge({ low: 0.051, high: 0.2 }, 0.05), "different");
  assert.equal(judge({ low: -0.2, high: -0.051 }, 0.05), "different");
  assert.equal(judge({ low: Number.NaN, high: Number.NaN }, 0.05), "too few");
});

it("what an open question needs follows from the root law", () => {
  // Reach 0.08 must shrink to 0.04: four times the requests.
  assert.equal(requestsNeeded({ value: 0.01, low: -0.07, high: 0.09 }, 0.05, 1000), 4000);
  assert.equal(requestsNeeded({ value: 0, low: -0.01, high: 0.01 }, 0.05, 1000), 1000);
  assert.equal(requestsNeeded({ value: 0.0486, low: -0.003, high: 0.0985 }, 0.05, 1000), null, "1.3 million");
  assert.equal(requestsNeeded({ value: -0.06, low: -0.1, high: 0.01 }, 0.05, 1000), null);
});

const near = (a: number, b: number, within = 1e-5) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);

describe("exact limits of a share", () => {
  it("of no event are 0 and 1 - alpha^(1/n)", () => {
    const { low, high } = exactShareLimits(0, 299, 0.05);
    assert.equal(low, 0);
    near(high, 1 - 0.05 ** (1 / 299));
    assert.deepEqual(exactShareLimits(299, 299, 0.05).high, 1);
    near(exactShareLimits(299, 299, 0.05).low, 0.05 ** (1 / 299));
  });

  it("are those of published tables", () => {
    // Two-sided 95 % limits of 1 in 10, 5 in 20 and 8 in 1000: Clopper and Pearson.
    for (const [events, n, low, high] of [
      [1, 10, 0.00253, 0.44502],
      [5, 20, 0.08657, 0.49105],
      [8, 1000, 0.00346, 0.0157],
    ] as const) {
      const limits = exactShareLimits(events, n, 0.025);
      near(limits.low, low, 5e-5);
      near(limits.high, high, 5e-5);
    }
  });

  it("of a difference reach from the one's lower to the other's upper limit", () => {
    const { low, high } = exactShareDifference({ events: 0, n: 1800 }, { events: 0, n: 1800 }, 0.05);
    near(high, 1 - 0.025 ** (1 / 1800));
    near(low, -high);
    const wide = exactShareDifference({ events: 3, n: 50 }, { events: 0, n: 0 }, 0.05);
    assert.ok(wide.low < -0.9, "nothing is known of nothing");
  });
});
