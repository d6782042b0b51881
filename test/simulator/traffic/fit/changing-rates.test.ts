import assert from "node:assert/strict";
import test from "node:test";
import { simulate } from "../../../../simulator/traffic/fit/arrivals.ts";
import { cycles, flashCrowd, stepRates } from "../../../../simulator/traffic/fit/changing-rates.ts";

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
