import assert from "node:assert/strict";
import { it } from "node:test";
import { boundAnswers, promptLengths } from "../../../../scripts/io/bedrock/prompts.ts";
import { planOf, scenarioInput } from "../../../simulator/scenario/base.ts";

it("an answer without a limit gets the wanted length as one", () => {
  const { schedule, bounded } = boundAnswers([
    [0, 0, 0, 9, 50, 200, 3, 1],
    [1, 0, 0, 9, 50, 0, 3, 1],
    [2, 0, 0, 9, 0, 0, 3, 1],
  ]);
  assert.deepEqual(
    schedule.map((row) => row[5]),
    [200, 50, 1],
  );
  assert.equal(bounded, 2);
  assert.deepEqual(schedule[1], [1, 0, 0, 9, 50, 50, 3, 1]);
});

it("prompts are measured at lengths that the traffic has", () => {
  const plan = planOf(scenarioInput());
  const rows = Array.from({ length: 101 }, (_, i) => [i, 0, 0, 1000 - 10 * i || 1, 1, 1, 0, -1] as const);
  assert.deepEqual(promptLengths(plan, rows, 0), [100, 500, 900]);
  assert.deepEqual(promptLengths(plan, [[0, 0, 0, 7, 1, 1, 0, -1]], 0), [7]);
  assert.deepEqual(promptLengths(plan, rows, 1), [], "nothing of this model");
});
