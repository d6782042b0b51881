import assert from "node:assert/strict";
import { it } from "node:test";
import { ReplayColumns, type ReplayPlan } from "../../../simulator/bench/plan.ts";
import { TargetViewState } from "../../../simulator/client/target-view.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { replayPlanOf } from "./virtual-wire.ts";

const IDS = ["a", "b"];
const plan: ReplayPlan = {
  ...replayPlanOf(planOf(scenarioInput()), 0, [[0, 0, 0, 100, 50, 200, 0, -1]]),
  rttMs: [[10, 80]],
  prices: [
    { fromMs: 0, inUsdPerMTok: [[1, 2]], outUsdPerMTok: [[5, 6]] },
    { fromMs: 1000, inUsdPerMTok: [[3, 4]], outUsdPerMTok: [[7, 8]] },
  ],
  health: [
    { fromMs: 0, isHealthy: [true, true] },
    { fromMs: 500, isHealthy: [false, true] },
    { fromMs: 1500, isHealthy: [false, false] },
  ],
};

it("a view shows the prices and the healthy targets of the instant", () => {
  const columns = new ReplayColumns(plan);
  const view = new TargetViewState(IDS, []);
  const shown = (ms: number) => {
    columns.refresh(ms);
    columns.show(view, 0, 0);
    return {
      eligible: [...view.eligible.subarray(0, view.eligibleCount)],
      prices: [...view.priceInUsdPerMTok, ...view.priceOutUsdPerMTok],
    };
  };
  assert.deepEqual(shown(499.9), { eligible: [0, 1], prices: [1, 2, 5, 6] });
  assert.deepEqual(shown(500), { eligible: [1], prices: [1, 2, 5, 6] });
  assert.deepEqual(shown(1000), { eligible: [1], prices: [3, 4, 7, 8] });
  assert.deepEqual(shown(9000), { eligible: [0, 1], prices: [3, 4, 7, 8] }, "when none looks healthy, all are tried");
  assert.deepEqual([...view.rttMs], [10, 80]);
  assert.equal(columns.roundTripMs(0, 1), 80);
});

it("a class that may be sent nowhere has no target", () => {
  const columns = new ReplayColumns({ ...plan, classes: [{ ...plan.classes[0]!, legal: [] }] });
  columns.refresh(0);
  assert.equal(columns.eligibleTargets(0), 0);
});
