import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  cost,
  failedShare,
  type GroupSource,
  groupColumns,
  latencies,
  PERCENTILES,
  type Quantity,
  retries,
  split,
  throttledShare,
  unavailableShare,
} from "../../../simulator/validate/quantities.ts";
import type { RunSample } from "../../../simulator/validate/samples.ts";

const floats = (...values: number[]) => Float64Array.from(values);
/**
 * Three requests: of class 0, served by region 0 at once; of class 1, throttled by region 0 and served by region 1; of
 * class 1, refused with 503 by region 1 and never served.
 */
const SAMPLE: RunSample = {
  requests: 3,
  classIndex: Int32Array.of(0, 1, 1),
  e2eMs: floats(100, 300, Number.NaN),
  ttftMs: floats(40, 200, Number.NaN),
  region: Int32Array.of(0, 1, -1),
  attempts: [
    { sent: floats(1, 1, 0), throttled: floats(0, 1, 0), unavailable: floats(0, 0, 0) },
    { sent: floats(0, 1, 1), throttled: floats(0, 0, 0), unavailable: floats(0, 0, 1) },
  ],
  costUsd: floats(0.001, 0.002, 0.003),
};
const MARGINS = {
  p50: 0.05,
  p95: 0.06,
  p99: 0.1,
  throttled: 0.01,
  unavailable: 0.02,
  retries: 0.03,
  failed: 0.04,
  cost: 0.005,
  split: 0.07,
};
const sourceOf = (group: Parameters<typeof groupColumns>[1], isStreaming = true): GroupSource => {
  const columns = groupColumns(SAMPLE, group);
  return { simulated: columns, measured: groupColumns(SAMPLE, group), margins: MARGINS, isStreaming };
};
/** The value of a ratio, summed here by hand. */
function ratioOf({ simulated }: Quantity): number {
  assert.ok(simulated.kind === "ratio");
  const sum = (column: Float64Array) => column.reduce((total, value) => total + value, 0);
  return sum(simulated.numerator) / sum(simulated.denominator);
}

describe("quantities of all requests", () => {
  const all = sourceOf({});

  it("are shares of attempts and of requests, with the scenario's margins", () => {
    const values = [throttledShare, unavailableShare, retries, failedShare].map((make) => ratioOf(make(all)));
    assert.deepEqual(values, [1 / 4, 1 / 4, 1 / 3, 1 / 3]);
    const margins = [throttledShare, unavailableShare, retries, failedShare].map((make) => make(all).margin);
    assert.deepEqual(margins, [0.01, 0.02, 0.03, 0.04]);
    assert.equal(throttledShare(all).count, 4);
    assert.equal(failedShare(all).count, 3);
  });

  it("charge what unserved requests cost to the served ones", () => {
    assert.ok(Math.abs(ratioOf(cost(all)) - (1000 * 0.006) / 2) < 1e-12);
    assert.ok(cost(all).isRelative && !retries(all).isRelative);
  });

  it("split the served requests by region", () => {
    const ran = floats(0, 1, 0);
    const quantity = split(all, "b", [ran, ran]);
    assert.deepEqual([quantity.id, quantity.margin, ratioOf(quantity)], ["split.b", 0.07, 1 / 2]);
  });

  it("are percentiles of served requests, of first tokens only where answers stream", () => {
    assert.deepEqual(
      latencies(all).map(({ id, count, margin }) => [id, count, margin]),
      ["e2e", "ttft"].flatMap((metric) => PERCENTILES.map(({ name }) => [`${metric}.${name}`, 2, MARGINS[name]])),
    );
    assert.equal(latencies(sourceOf({}, false)).length, 3);
  });

  it("need as many requests as a 95 % interval of the percentile: 1 - p^n - (1 - p)^n >= 0.95", () => {
    for (const { share, countMin } of PERCENTILES) {
      const covers = (n: number) => 1 - share ** n - (1 - share) ** n >= 0.95;
      assert.ok(covers(countMin), `p${100 * share}`);
      if (share > 0.5) assert.ok(!covers(countMin - 1), `p${100 * share}`);
    }
  });
});

describe("quantities of a group", () => {
  it("of a class are those of its requests", () => {
    const ofClass = sourceOf({ classIndex: 1 });
    assert.equal(ratioOf(throttledShare(ofClass)), 1 / 3);
    assert.equal(ratioOf(failedShare(ofClass)), 1 / 2);
    assert.deepEqual([...ofClass.simulated.e2eMs], [Number.NaN, 300, Number.NaN]);
  });

  it("of a region are the attempts that called it and the requests that it ran", () => {
    const ofRegion = sourceOf({ region: 1 });
    assert.equal(ratioOf(unavailableShare(ofRegion)), 1 / 2);
    assert.equal(ratioOf(throttledShare(ofRegion)), 0);
    assert.deepEqual([...ofRegion.simulated.e2eMs], [Number.NaN, 300, Number.NaN]);
  });
});
