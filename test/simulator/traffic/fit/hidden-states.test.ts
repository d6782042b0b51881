import assert from "node:assert/strict";
import test from "node:test";
import { windowCounts } from "../../../../simulator/traffic/describe.ts";
import { simulate } from "../../../../simulator/traffic/fit/arrivals.ts";
import { fitHiddenStates } from "../../../../simulator/traffic/fit/hidden-states.ts";

test("recovers the rates and stays of a known chain", () => {
  const states = [
    { ratePerS: 1, meanStayMs: 40_000 },
    { ratePerS: 12, meanStayMs: 10_000 },
  ];
  const arrivals = simulate({ process: "mmpp", states, stepMs: 1000 }, 6 * 3_600_000);
  const { mean, transition } = fitHiddenStates(windowCounts(arrivals, 1000), 2);
  // Steps count from the first arrival, so that a step may see two states.
  assert.ok(Math.abs(mean[0]! - 1) < 0.1 && Math.abs(mean[1]! - 12) < 1, String(mean));
  assert.ok(Math.abs(1 / (1 - transition[0]!) - 40) < 8, String(transition));
  assert.ok(Math.abs(1 / (1 - transition[3]!) - 10) < 2, String(transition));
});

test("the criterion finds no hidden states in a Poisson process", () => {
  const counts = windowCounts(simulate({ process: "poisson", ratePerS: 5 }, 2_000_000), 1000);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const logLikelihood = counts.reduce((sum, count) => sum + count * Math.log(mean) - mean, 0);
  assert.ok(fitHiddenStates(counts, 2).bic > Math.log(counts.length) - 2 * logLikelihood);
});
