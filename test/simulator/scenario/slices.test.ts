import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { resolveSlices, slicesSchema } from "../../../simulator/scenario/run-length.ts";

const HOUR = 3_600_000;
const none = { kind: "none", amount: 0 } as const;
const slices = (given: object) => slicesSchema.parse({ count: 10, length: "1m", ...given })!;

function problemsOf(scenario: Parameters<typeof resolveSlices>[0], warmup: Parameters<typeof resolveSlices>[1] = none) {
  const problems = new Problems();
  resolveSlices(scenario, warmup, problems);
  return problems.list.map(({ code, where }) => `${code} ${where}`);
}

describe("slices of a scenario", () => {
  it("say how much of the run counts and how much is simulated, five minutes before each unless given", () => {
    const run = { arrivalsFrom: 0, duration: 10 * HOUR, slices: slices({}) };
    const { slices: plan, notes } = resolveSlices(run, none, new Problems());
    assert.deepEqual(plan, { count: 10, lengthMs: 60_000, warmupMs: 300_000 });
    assert.match(notes[0]!, /1\.7 % of the run counts, 10 % is simulated/);
    assert.deepEqual(resolveSlices({ arrivalsFrom: 0, duration: HOUR }, none, new Problems()), { notes: [] });
  });

  it("need a run of a set length, longer than they are, and no warm-up in requests", () => {
    assert.deepEqual(problemsOf({ arrivalsFrom: 0, requests: 1000, slices: slices({}) }), [
      "SLICES_WITHOUT_DURATION slices",
    ]);
    assert.deepEqual(problemsOf({ arrivalsFrom: 0, duration: 600_000, slices: slices({}) }), [
      "SLICES_TOO_LONG slices",
    ]);
    const whole = { arrivalsFrom: 0, duration: HOUR, slices: slices({}) };
    assert.deepEqual(problemsOf(whole, { kind: "requests", amount: 10 }), ["SLICES_WARMUP warmup"]);
    // Fifty minutes are not counted: ten are left, and the slices are as long.
    assert.deepEqual(problemsOf(whole, { kind: "duration", amount: 50 * 60_000 }), ["SLICES_TOO_LONG slices"]);
  });
});
