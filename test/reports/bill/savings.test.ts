import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ReplayReport, routingScenarios } from "../../../reports/bill/savings.ts";
import { ONE } from "../../../simulator/bill/bill-line.ts";

const saving = (strategy: string, share: number) => ({
  strategy,
  share: { value: share, n: 10, low: share - 0.02, high: share + 0.02 },
  usdPerMonth: { value: 1, n: 10, low: 1, high: 1 },
  shareWithHits: share,
  hitsToLose: null,
  unsure: [],
});

const report = (leftUsd: bigint): ReplayReport => ({
  savings: [
    {
      team: undefined,
      billedUsd: 300n * ONE,
      reproduction: 1,
      savings: [saving("global profile", 0.08), saving("cheapest", 0.08)],
    },
  ],
  loggedShare: 1,
  leftUsd,
  days: 30,
  isByDay: true,
});

describe("routings as prices of a projection", () => {
  it("stand once, with their saving and its error", () => {
    const [only, ...none] = routingScenarios(report(0n));
    assert.deepEqual([none.length, only!.name, only!.change, only!.fromMonth], [0, "global profile", -0.08, 1]);
    assert.ok(Math.abs(only!.changeError! - 0.04 / (2 * 1.959964)) < 1e-12);
  });

  it("save nothing of the spend that could not be replayed", () => {
    const [routed] = routingScenarios(report(100n * ONE));
    assert.ok(Math.abs(routed!.change + 0.06) < 1e-12, String(routed!.change));
    assert.ok(Math.abs(routed!.changeError! - (0.75 * 0.04) / (2 * 1.959964)) < 1e-12);
  });
});
