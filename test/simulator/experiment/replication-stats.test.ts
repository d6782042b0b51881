import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { simulate } from "../engine/run.ts";
import { classInput, HAIKU, scenarioInput, worldInput } from "../scenario/base.ts";

const HOUR_MS = 3_600_000;

describe("a replication summed up", () => {
  it("the bill by hand: tokens times prices, by hour of the attempt, by class and by region", () => {
    const { stats, total } = simulate(
      scenarioInput({
        duration: "3h",
        strategies: [{ single: { target: "b" } }],
        traffic: [classInput(), classInput({ class: "two" })],
      }),
      [
        { atMs: 0, input: 1000, output: 100 },
        { atMs: 1.5 * HOUR_MS, classIndex: 1, input: 2000, output: 10 },
      ],
    );
    // USD 1 and 5 per million tokens, in femto-dollars.
    const cost = (input: number, output: number) => BigInt(input + 5 * output) * 1_000_000_000n;
    assert.equal(total.cost.source.totalFUsd, cost(3000, 110));
    assert.deepEqual(
      stats.byClass.map((group) => group.cost.source.totalFUsd),
      [cost(1000, 100), cost(2000, 10)],
    );
    assert.deepEqual(
      stats.byRegion.map((group) => group.cost.destination.totalFUsd),
      [0n, cost(3000, 110), 0n],
    );
    assert.deepEqual(
      stats.byHour.map((group) => group.fields[FIELD.sent]),
      [1, 1],
    );
    assert.deepEqual(
      stats.byRegion.map((group) => group.fields[FIELD.sent]),
      [0, 2, 0],
    );
  });

  it("a quantile never lies beyond the largest latency", () => {
    const capacity = { kind: "slots", servers: "unlimited", service: { constant: "1001ms" } };
    const models = { m: { id: HAIKU, burndown: 1, capacity } } as unknown as ScenarioInput["world"]["models"];
    const { total } = simulate(scenarioInput({ world: worldInput({ models }), requests: 500 }));
    for (const p of ["p50", "p95", "p99"] as const) {
      assert.ok(total.e2e[p] <= total.e2e.max && total.e2e[p] > 1001 * (1 - 1 / 128), p);
    }
    assert.ok(Math.abs(total.e2e.max - 1001) < 1e-6);
  });

  it("pooled counts hold every served request", () => {
    const { stats, total } = simulate(scenarioInput());
    assert.equal(
      stats.e2eCounts.reduce((sum, count) => sum + count, 0),
      total.e2e.count,
    );
    assert.equal(
      stats.ttftCounts.reduce((sum, count) => sum + count, 0),
      total.e2e.count,
    );
  });
});
