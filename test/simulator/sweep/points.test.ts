import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Estimate } from "../../../simulator/base/statistics.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { rowsOf } from "../../../simulator/sweep/points.ts";

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
