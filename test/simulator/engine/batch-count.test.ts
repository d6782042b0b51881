import assert from "node:assert/strict";
import { it } from "node:test";
import { BatchCount } from "../../../simulator/engine/batch-count.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";

const planWith = (...isAsync: boolean[]) =>
  ({ targets: isAsync.map((each) => ({ isAsync: each })) }) as unknown as Plan;

it("counts who is at a target that answers in batches, wherever they come from and go to", () => {
  const batch = new BatchCount(planWith(false, true));
  batch.move(-1, 1);
  batch.move(-1, 0);
  batch.move(0, 1);
  assert.equal(batch.waiting, 2);
  batch.move(1, 0);
  batch.move(1, -1);
  assert.equal(batch.waiting, 0);
  assert.deepEqual(batch.isBatch, [false, true]);
});

it("stays at 0 where no target does", () => {
  const batch = new BatchCount(planWith(false, false));
  batch.move(-1, 1);
  batch.move(1, -1);
  assert.equal(batch.waiting, 0);
});
