import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Estimate } from "../../../simulator/base/statistics.ts";
import { analyse, axisValue, isLargerBetter } from "../../../simulator/sweep/analysis.ts";
import { parseRange } from "../../../simulator/sweep/factor.ts";
import { SWEEP_METRICS, type SweepMetric, type SweepRow } from "../../../simulator/sweep/points.ts";

const at = (value: number | null, half = 1): Estimate =>
  value === null ? { value, low: null, high: null, n: 0 } : { value, low: value - half, high: value + half, n: 5 };

function row(point: number, values: readonly unknown[], strategy: string, p95: Estimate, isUnstable = false): SweepRow {
  const metrics = Object.fromEntries(SWEEP_METRICS.map((metric) => [metric, p95])) as Record<SweepMetric, Estimate>;
  return { point, values, strategy, group: "chat", isUnstable, metrics };
}

const LOAD = parseRange("load", "1..4x4")!;
const SWING = parseRange("swing", "0..1x2")!;
const question = { metric: "p95", group: "chat", objective: 20 } as const;
const jobsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ key: String(i), values: [] }));

describe("what a sweep answers", () => {
  it("over one factor: where the metric crosses its objective; one that no longer exists lies beyond it", () => {
    const rows = [10, 15, 30, null].map((value, i) => row(i, [i + 1], "a", at(value)));
    const [curve] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, rows, question).curves;
    // Linear between (2, 15) and (3, 30): 20 is a third of the way.
    assert.ok(Math.abs(curve!.crossing!.load! - (2 + 1 / 3)) < 1e-12);
    const survivors = [10, null, null, null].map((value, i) => row(i, [i + 1], "a", at(value)));
    const [falling] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, survivors, question).curves;
    const backlog = [10, 15, 16, 17].map((value, i) => row(i, [i + 1], "a", at(value), i === 3));
    const [growing] = analyse({ design: "grid", factors: [LOAD], jobs: jobsOf(4) }, backlog, question).curves;
    assert.deepEqual(growing!.crossing, { load: 3.5, low: 3, high: 4, side: "crosses" }, "a backlog is beyond, too");
    // Nothing is known between the last load with a percentile and the first without one.
    assert.deepEqual(falling!.crossing, { load: 1.5, low: 1, high: 2, side: "crosses" });
  });

  it("over two factors: the best stable strategy of each point, and whether the next is apart", () => {
    const rows = [
      row(0, [1, 0], "a", at(10)),
      row(0, [1, 0], "b", at(20)),
      row(1, [2, 0], "a", at(10)),
      row(1, [2, 0], "b", at(11)),
      row(2, [3, 0], "a", at(1), true),
      row(2, [3, 0], "b", at(20)),
      row(3, [4, 0], "a", at(null)),
    ];
    const { map, curves } = analyse({ design: "grid", factors: [LOAD, SWING], jobs: jobsOf(4) }, rows, question);
    assert.deepEqual(
      map.map(({ best, isClear }) => [best, isClear]),
      [
        ["a", true],
        ["a", false],
        ["b", true],
        [null, false],
      ],
    );
    assert.deepEqual(curves, []);
  });

  it("one at a time: bars sorted by how far they swing", () => {
    const rows = [10, 9, 11, 2, 30].map((value, i) => row(i, [], "a", at(value)));
    const bars = analyse({ design: "tornado", factors: [LOAD, SWING], jobs: jobsOf(5) }, rows, question).tornado;
    assert.deepEqual(
      bars.map(({ path, base, low, high }) => [path, base, low, high]),
      [
        ["swing", 10, 2, 30],
        ["load", 10, 9, 11],
      ],
    );
  });

  it("places numbers with units on an axis", () => {
    assert.deepEqual(["500k", "2.5s", 3, "-1%", "x", null].map(axisValue), [500, 2.5, 3, -1, null, null]);
    assert.deepEqual(SWEEP_METRICS.filter(isLargerBetter), ["goodput", "saving"]);
  });
});
