import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAnswerLengths } from "../../../emulator/backends/answer-lengths.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { planOf, SLOTS_1S } from "./worlds.ts";

const many = (plan: Plan, classIndex = 0) => {
  const lengths = createAnswerLengths(plan);
  return Array.from({ length: 4000 }, (_, serial) => lengths.draw(classIndex, serial));
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("answer lengths", () => {
  it("follow the class's law, the same for the same serial", async () => {
    const plan = await planOf({
      capacity: SLOTS_1S,
      tokens: { input: 1, output: { exponential: { mean: 300 } }, maxTokens: 10 },
    });
    const lengths = many(plan);
    // Standard error 300 / 63.
    assert.ok(Math.abs(mean(lengths) - 300) < 20, String(mean(lengths)));
    assert.deepEqual(many(plan), lengths);
    assert.ok(lengths.every((tokens) => Number.isInteger(tokens) && tokens >= 1));
  });

  it("are those of the recording for recorded traffic", async () => {
    const plan = await planOf({ capacity: SLOTS_1S, arrivals: { trace: "azure-conv-2023" }, tokens: { maxTokens: 9 } });
    const recording = plan.traffic[0]!.recordings!["azure-conv-2023"]!;
    assert.equal(recording.kind, "trace");
    const recorded = recording.kind === "trace" ? [...recording.columns.outputTokens] : [];
    assert.ok(Math.abs(mean(many(plan)) / mean(recorded) - 1) < 0.05);
    assert.ok(many(plan).every((tokens) => recorded.includes(tokens)));
  });

  it("are usual ones for a model that no class calls", async () => {
    assert.equal(createAnswerLengths(await planOf({ capacity: SLOTS_1S })).draw(7, 0), 256);
  });
});
