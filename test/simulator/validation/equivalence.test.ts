import assert from "node:assert/strict";
import { it } from "node:test";
import { judge, requestsNeeded } from "../../../simulator/validation/equivalence.ts";

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
