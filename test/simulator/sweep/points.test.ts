import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Estimate } from "../../../simulator/base/statistics.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { questionsOf, rowsOf, type SweepClass } from "../../../simulator/sweep/points.ts";

const at = (value: number): Estimate => ({ value, low: value, high: value, n: 3 });
const latency = { mean: at(1), p50: at(1000), p95: at(2000), p99: at(3000), max: 4000, count: 9 };

/** One strategy with one class, of which a share fails. */
function resultOf(failedShare: number): RunResult {
  const group = {
    e2eMs: latency,
    ttftMs: latency,
    failedShare: at(failedShare),
    throttledAttemptShare: at(0),
    goodputShare: at(1 - failedShare),
    cost: { source: { usdPer1kServed: at(5), savingShare: null } },
  };
  const strategy = { name: "s", status: "stable", total: group, byClass: [{ ...group, name: "chat" }] };
  return { billing: "source", baseline: "s", strategies: [strategy] } as unknown as RunResult;
}

describe("the points of a sweep", () => {
  it("have a percentile only where fewer fail than it leaves out: survivors are not faster", () => {
    const known = (failed: number) => {
      const { p50, p95, p99, "ttft-p95": ttft } = rowsOf(0, [1], resultOf(failed))[1]!.metrics;
      return [p50, p95, p99, ttft].map(({ value }) => value);
    };
    assert.deepEqual(known(0), [1000, 2000, 3000, 2000]);
    assert.deepEqual(known(0.04), [1000, 2000, null, 2000]);
    assert.deepEqual(known(0.06), [1000, null, null, null]);
    assert.deepEqual(known(0.9), [null, null, null, null]);
  });

  it("are of all requests and of each class; a baseline saves nothing", () => {
    const rows = rowsOf(4, ["500k"], resultOf(0));
    assert.deepEqual(
      rows.map(({ point, group, values }) => [point, group, values]),
      [
        [4, "all", ["500k"]],
        [4, "chat", ["500k"]],
      ],
    );
    assert.deepEqual([rows[0]!.metrics.cost.value, rows[0]!.metrics.saving.value], [5, 0]);
  });
});

const chat: SweepClass = { name: "chat", sloE2eMs: 8000, sloTtftMs: 1000, sloShare: 0.95 };
const strict: SweepClass = { name: "strict", sloE2eMs: 2000, sloTtftMs: null, sloShare: 0.99 };
const batch: SweepClass = { name: "batch", sloE2eMs: null, sloTtftMs: null, sloShare: 0.95 };
const asked = { metric: "p95", group: null, objective: null } as const;
const short = (classes: readonly SweepClass[], more: object = {}) =>
  questionsOf(classes, { ...asked, ...more }).map(({ group, objective }) => [group, objective]);

describe("the question of a sweep", () => {
  it("is asked of each class with its own objective, first of the one that has one", () => {
    assert.deepEqual(short([batch, chat]), [
      ["chat", 8000],
      ["batch", null],
      ["all", null],
    ]);
    assert.deepEqual(short([batch]), [["batch", null]]);
    assert.deepEqual(short([batch, { ...batch, name: "other" }])[0], ["all", null]);
  });

  it("takes the class and the limit that are named", () => {
    assert.deepEqual(short([chat, batch], { group: "batch", objective: 3000 })[0], ["batch", 3000]);
    assert.deepEqual(short([chat, batch], { objective: 3000 })[0], ["all", 3000]);
  });

  it("judges a percentile only by an objective that is about it", () => {
    assert.deepEqual(short([strict]), [["strict", null]]);
    assert.deepEqual(short([strict], { metric: "p99" }), [["strict", 2000]]);
    assert.deepEqual(short([chat], { metric: "ttft-p95" }), [["chat", 1000]]);
    assert.deepEqual(short([chat], { metric: "failed" }), [["chat", null]]);
  });

  it("of money, counts only what keeps the latency", () => {
    assert.deepEqual(questionsOf([chat], { ...asked, metric: "saving" }), [
      { metric: "saving", group: "chat", objective: null, p95LimitMs: 8000 },
    ]);
  });
});
