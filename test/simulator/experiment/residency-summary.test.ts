import assert from "node:assert/strict";
import { test } from "node:test";
import { residencySummary } from "../../../simulator/experiment/residency-summary.ts";
import { eventful } from "../engine/watched.ts";
import { planOf } from "../scenario/base.ts";

test("regions that the rule allows, and each target with the reason against it", () => {
  const plan = planOf(eventful());
  const { regions, targets } = residencySummary(plan, plan.classes[0]!);
  assert.deepEqual(regions, ["eu-west-1", "eu-central-1"]);
  assert.deepEqual(
    targets.map(({ target, legal }) => [target, legal]),
    [
      ["eu-west-1", true],
      ["eu-central-1", true],
      ["us-east-1", false],
      ["eu-west-1/pair", true],
    ],
  );
  for (const { legal, reason } of targets) assert.equal(reason === null, legal);
  assert.match(targets[2]!.reason!, /^eu: is called in us-east-1 \(US\)/);
});
