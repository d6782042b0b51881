import assert from "node:assert/strict";
import test from "node:test";
import { meanRateOf, mmpp } from "../../../../simulator/traffic/arrivals/mmpp.ts";
import { simulate } from "../../../../simulator/traffic/fit/arrivals.ts";
import { arrivalsUntil, histogram } from "../pull.ts";

const YAML = {
  mmpp: {
    states: [
      { rate: "5/s", stay: "10s" },
      { rate: "50/s", stay: "5s" },
    ],
  },
};

test("mmpp: the mean rate is weighted by the time in each state, and counts are over-dispersed", () => {
  // Rates 5 and 50 with 2/3 and 1/3 of the time: 20/s. Variance of counts in T from the closed form of the
  // two-state process: N(T) has variance mT + 2 d (T/s - (1 - exp(-sT)) / s²), d = p(1-p)(50-5)², s = 1/10 + 1/5.
  const seconds = 200_000;
  const windowS = 5;
  const times = arrivalsUntil(YAML, seconds * 1000);
  assert.ok(Math.abs(times.length / seconds / 20 - 1) < 0.02, `rate ${times.length / seconds}`);
  const counts = histogram(times, seconds * 1000, seconds / windowS);
  const mean = times.length / counts.length;
  const variance = counts.reduce((sum, c) => sum + (c - mean) ** 2, 0) / counts.length;
  const s = 0.3;
  const d = (2 / 3) * (1 / 3) * 45 ** 2;
  const expected = 20 * windowS + 2 * d * (windowS / s - (1 - Math.exp(-s * windowS)) / s ** 2);
  assert.ok(Math.abs(variance / expected - 1) < 0.04, `variance ${variance}, expected ${expected}`);
});

test("mmpp: a silent state is silent, and an all-silent process ends", () => {
  const onOff = {
    mmpp: {
      states: [
        { rate: "100/s", stay: "1s" },
        { rate: "0/s", stay: "1s" },
      ],
    },
  };
  const times = arrivalsUntil(onOff, 10_000_000);
  assert.ok(Math.abs(times.length / 10_000 / 50 - 1) < 0.05);
  const silent = {
    mmpp: {
      states: [
        { rate: "0/s", stay: "1s" },
        { rate: "0/s", stay: "1s" },
      ],
    },
  };
  assert.deepEqual(arrivalsUntil(silent, 1000), []);
});

test("mmpp: the YAML form becomes a plain spec in ms and requests per second", () => {
  assert.deepEqual(mmpp.schema.parse(YAML.mmpp), {
    process: "mmpp",
    states: [
      { ratePerS: 5, meanStayMs: 10_000 },
      { ratePerS: 50, meanStayMs: 5000 },
    ],
  });
});

test("states that follow by chance, in steps: mean rate and share of time as the chain's own", () => {
  const states = [
    { rate: "1/s", stay: "20s", next: [0, 1, 3] },
    { rate: "10/s", stay: "5s", next: [1, 0, 0] },
    { rate: "0/s", stay: "10s", next: [1, 1, 0] },
  ];
  const spec = mmpp.schema.parse({ states, step: "1s" });
  // Visits of the chain: a = b + c/2, b = a/4 + c/2, c = 3a/4, so that a : b : c = 8 : 5 : 6.
  const time = 8 * 20 + 5 * 5 + 6 * 10;
  const expected = (8 * 20 * 1 + 5 * 5 * 10) / time;
  assert.ok(Math.abs(meanRateOf(spec) / expected - 1) < 1e-9, `${meanRateOf(spec)} ${expected}`);
  const arrivals = simulate(spec, 40_000_000);
  assert.ok(Math.abs(arrivals.length / 40_000 / expected - 1) < 0.03, String(arrivals.length / 40_000));
  assert.throws(() => mmpp.schema.parse({ states: [{ rate: "1/s", stay: "1s", next: [1] }, states[1]] }), /each state/);
});
