import assert from "node:assert/strict";
import test from "node:test";
import { windowCounts } from "../../../../simulator/traffic/describe.ts";
import { simulate } from "../../../../simulator/traffic/fit/arrivals.ts";
import { cycles, fitHiddenStates, flashCrowd, stepRates } from "../../../../simulator/traffic/fit/changing-rates.ts";

test("a flash crowd is found where it was, and none where there was none", () => {
  const spec = { process: "flash", ratePerS: 5, atMs: 1_200_000, forMs: 120_000, factor: 6 } as const;
  const [found] = flashCrowd(simulate(spec, 3_600_000));
  assert.ok(found?.spec.process === "flash");
  assert.ok(Math.abs(found.spec.atMs - 1_200_000) < 20_000, String(found.spec.atMs));
  assert.ok(Math.abs(found.spec.forMs - 120_000) < 30_000, String(found.spec.forMs));
  assert.ok(Math.abs(found.spec.factor - 6) < 1 && Math.abs(found.spec.ratePerS - 5) < 0.3);
  assert.deepEqual(flashCrowd(simulate({ process: "poisson", ratePerS: 5 }, 3_600_000)), []);
});

test("daily and weekly cycles have the rate of each hour, in UTC, from Monday on", () => {
  // Two weeks from a Thursday: a request every 6 minutes, and every minute on Saturdays.
  const start = Date.UTC(2026, 8, 3);
  const times: number[] = [];
  for (let minute = 0; minute < 14 * 1440; minute++) {
    const isSaturday = new Date(start + minute * 60_000).getUTCDay() === 6;
    if (isSaturday || minute % 6 === 0) times.push(minute * 60_000);
  }
  const found = cycles(Float64Array.from(times), start);
  assert.deepEqual(
    found.map(({ name }) => name.replace(" with bursts", "")),
    ["daily cycle", "daily cycle", "weekly cycle", "weekly cycle"],
  );
  const { spec } = found[2]!;
  assert.ok(spec.process === "diurnal" && spec.shape.kind === "weights" && spec.shape.isUtc);
  const days = Array.from({ length: 7 }, (_, d) => spec.shape.kind === "weights" && spec.shape.weights[24 * d + 12]!);
  // One request in six minutes on six days, six on one: 7 / 12 and 6 times that.
  assert.deepEqual(
    days.map((rate) => Number(Number(rate).toFixed(2))),
    [0.58, 0.58, 0.58, 0.58, 0.58, 3.5, 0.58],
  );
  assert.deepEqual(cycles(Float64Array.from(times), undefined), []);
});

test("the course in steps keeps the number of requests and the rate of each step", () => {
  const times = Float64Array.from({ length: 6000 }, (_, i) => (i < 3000 ? i * 100 : 300_000 + (i - 3000) * 50));
  const [coarse] = stepRates(times);
  assert.ok(coarse?.spec.process === "steps");
  const { ratePerS, stepMs, weights } = coarse.spec;
  assert.equal(weights.length, 12);
  assert.ok(Math.abs(ratePerS * weights.length * stepMs - 6000 * 1000) < 2000);
  assert.ok(Math.abs(weights[11]! / weights[0]! - 2) < 0.02);
});

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
