import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantileSorted } from "../../../simulator/base/statistics.ts";
import type { AttemptRow, RequestRow } from "../../../simulator/bench/rows.ts";
import { createDraws } from "../../../studies/held-out/endpoints/server.ts";
import { e2eInterval, figuresOf, meanFigures, type Sample, sampleOf } from "../../../studies/held-out/figures.ts";

const attempt = (i: number, o: number, part: Partial<AttemptRow>): AttemptRow => ({
  t: "a",
  i,
  o,
  g: 0,
  s: 0,
  e: 0,
  k: "ok",
  c: 200,
  f: null,
  u: null,
  id: "",
  x: "",
  ...part,
});
const request = (i: number, e: number, n: number, w: number): RequestRow => ({ t: "r", i, b: 0, e, end: 0, n, w });

describe("samples and figures", () => {
  it("count latency from the intended arrival, over all attempts", () => {
    const sample = sampleOf({
      yaml: "",
      schedule: [
        [100, 0, 0, 1, 1, 0, 0, -1],
        [200, 0, 0, 1, 1, 0, 0, -1],
      ],
      attempts: [
        attempt(0, 0, { k: "throttled", s: 101, e: 110 }),
        attempt(0, 1, { g: 1, s: 400, f: 50, e: 900 }),
        attempt(1, 0, { k: "throttled", s: 201, e: 210 }),
      ],
      requests: [request(0, 900, 2, 1), request(1, 210, 1, -1)],
      facts: {
        strategy: "",
        target: "",
        targets: [],
        classes: [],
        origins: [],
        roundTripMs: {},
        lagMsP99: null,
        serverLateMsP99: null,
        k6: null,
      },
    });
    assert.deepEqual(sample.served, [{ arrivalMs: 100, e2eMs: 800, ttftMs: 350, target: 1 }]);
    const figures = figuresOf(sample);
    assert.equal(figures.e2eMsP95, 800);
    assert.equal(figures.ttftMsP50, 350);
    assert.equal(figures.throttledShare, 2 / 3);
    assert.equal(figures.firstTargetShare, 0);
    assert.equal(figures.servedShare, 0.5);
  });

  it("interpolate quantiles between order statistics", () => {
    assert.equal(quantileSorted([10, 20, 30, 40, 50], 0.95), 48);
    assert.equal(quantileSorted([10], 0.99), 10);
    assert.ok(Number.isNaN(quantileSorted([], 0.5)));
  });

  it("average figure by figure", () => {
    const one = figuresOf(exponential(1, 50));
    const other = figuresOf(exponential(2, 50));
    assert.equal(meanFigures([one, other]).e2eMsP95, (one.e2eMsP95 + other.e2eMsP95) / 2);
  });
});

describe("bootstrap of a measured quantile", () => {
  it("is as wide as theory says for independent requests", () => {
    // Standard error of a quantile: sqrt(p (1 - p) / n) / density; exponential with mean 1000: density at p95 is 0.05 / 1000.
    const n = 3000;
    const { low, high } = e2eInterval(exponential(5, n), 0.95);
    const expected = 2 * 1.96 * (Math.sqrt((0.95 * 0.05) / n) / (0.05 / 1000));
    assert.ok(Math.abs((high - low) / expected - 1) < 0.35, `${high - low}, ${expected}`);
    const truth = -1000 * Math.log(0.05);
    assert.ok(low < truth && truth < high);
  });

  it("is wider when neighbours are alike, and the same each time", () => {
    const alone = exponential(6, 1000);
    const alike: Sample = {
      ...alone,
      served: alone.served.map((each, i) => ({ ...each, e2eMs: alone.served[i - (i % 50)]!.e2eMs })),
    };
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    assert.ok(width(e2eInterval(alike, 0.9)) > 2 * width(e2eInterval(alone, 0.9)));
    assert.deepEqual(e2eInterval(alone, 0.9), e2eInterval(alone, 0.9));
  });
});

/** Ten requests a second with exponential latencies of mean 1000 ms. */
function exponential(seed: number, n: number): Sample {
  const draws = createDraws(seed);
  const served = Array.from({ length: n }, (_, i) => {
    const e2eMs = -1000 * Math.log(draws.uniform());
    return { arrivalMs: i * 100, e2eMs, ttftMs: e2eMs / 2, target: i % 2 };
  });
  return { served, requests: n, attempts: n, attemptsThrottled: 0 };
}
