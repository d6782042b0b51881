import assert from "node:assert/strict";
import { test } from "node:test";
import { limitRows, type Purchase, ratioRows } from "../../../simulator/experiment/bound-limits.ts";
import { INPUT, OUTPUT } from "../../../simulator/service/pricing/prices.ts";
import { classInput, planOf, scenarioInput, worldInput } from "../scenario/base.ts";

const plan = planOf(
  scenarioInput({
    duration: "2h",
    requests: undefined,
    world: worldInput({ quotas: [{ region: "a", tokensPerMinute: "100k", law: "clock-window" }] } as never),
    traffic: [classInput()],
  } as never),
);
const route = plan.world.routes[0]!;
const purchase = (kind: number, epoch: number, quota: number): Purchase => ({
  classIndex: 0,
  kind,
  epoch,
  offer: { route, quota, reservation: -1 },
});

test("a quota's row of an hour: 61 windows, input and output alike, of that quota only", () => {
  const columns = [purchase(INPUT, 0, 0), purchase(OUTPUT, 0, 0), purchase(INPUT, 0, -1), purchase(INPUT, 1, 0)];
  const [first, second, ...others] = limitRows(plan, columns, null);
  assert.deepEqual(first!.row, { columns: [0, 1], coefficients: [1, 1], relation: "<=", limit: 6.1 });
  assert.deepEqual([first!.minutes, second!.row.columns, others.length], [61, [3], 0]);
  assert.equal(limitRows(plan, columns, null, 0.5)[0]!.row.limit, 3.05);
});

test("calls of 100 in and 50 out have no more than half as much output as input", () => {
  const columns = [purchase(INPUT, 0, 0), purchase(OUTPUT, 0, 0)];
  assert.deepEqual(ratioRows(plan, columns, [[0, 1]]), [
    { columns: [0, 1], coefficients: [-0.5, 1], relation: "<=", limit: 0 },
  ]);
  assert.deepEqual(ratioRows(plan, columns, [[1]]), [], "without input there is nothing to compare");
});
