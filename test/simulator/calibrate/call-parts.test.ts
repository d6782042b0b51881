import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callPartsOf, isUnpaced, movingShare, workUnder } from "../../../simulator/calibrate/call-parts.ts";
import { callsOf } from "../../../simulator/calibrate/calls.ts";
import type { Variant } from "../../../simulator/calibrate/candidate-model.ts";
import { occupancyOf } from "../../../simulator/calibrate/occupancy.ts";

const row = (atMs: number, firstMs: number, endMs: number, more = {}) => ({
  atMs,
  firstMs,
  endMs,
  inputTokens: 10,
  outputTokens: 5,
  isServed: true,
  ...more,
});
const shared: Variant = {
  curve: "straight",
  prompts: "shared",
  counts: "all",
  applies: "continuously",
  isWhole: false,
};
const OPTIONS = { servers: Number.POSITIVE_INFINITY, isSerial: false, isWhole: false, counts: "all" } as const;
const partsOf = (rows: Parameters<typeof callsOf>[0], variant: Variant) => {
  const calls = callsOf(rows);
  return callPartsOf(calls, occupancyOf(calls, OPTIONS), variant);
};

describe("calls that carry information", () => {
  it("are answered, and have an output part of two tokens and 5 ms or more", () => {
    const parts = partsOf(
      [
        row(0, 10, 50),
        row(1, 10, 50, { isServed: false }),
        row(2, 10, 50, { outputTokens: 1 }),
        row(3, 10, 14),
        row(4, 4, 50),
      ],
      shared,
    );
    assert.deepEqual(parts.rows, [0, 2, 3]);
    assert.deepEqual(parts.outputRows, [0]);
    assert.deepEqual([...parts.later], [4, 4, 0, 4, 4]);
  });

  it("with prompts in steps, know the tokens that were read during their output", () => {
    const parts = partsOf([row(0, 10, 50), row(20, 30, 40, { inputTokens: 7 })], { ...shared, prompts: "in-steps" });
    assert.deepEqual([...parts.besideTokens], [7, 0]);
  });
});

describe("work under a slowdown of n with n calls", () => {
  // The second call is there from 20 to 40 ms, its prompt until 30; the first is alone before and after.
  const rows = [row(0, 10, 50), row(20, 30, 40)];
  const workOf = (variant: Variant, beside = 0) => {
    const { promptMs, outputMs } = workUnder(partsOf(rows, variant), variant, { curve: [1], beside });
    return [...promptMs, ...outputMs];
  };

  it("is the time of each part, halved while two share", () => {
    assert.deepEqual(workOf(shared), [10, 5, 20 + 5 + 5, 5]);
  });

  it("leaves prompts at their own speed where load does not pace them", () => {
    assert.deepEqual(workOf({ ...shared, prompts: "own" }), [10, 10, 30, 5]);
    assert.ok(isUnpaced({ ...shared, prompts: "in-line" }) && !isUnpaced(shared));
  });

  it("adds what reading a prompt costs to the factor", () => {
    const [promptA, promptB, outputA, outputB] = workOf({ ...shared, prompts: "serial" }, 1);
    assert.deepEqual([promptA, outputB], [5, 5]);
    assert.ok(Math.abs(promptB! - 10 / 3) < 1e-12 && Math.abs(outputA! - (20 + 5 + 10 / 3)) < 1e-12);
  });

  it("divides the whole call where the factor is settled at the start", () => {
    assert.deepEqual(workOf({ ...shared, applies: "at-start" }), [10, 5, 40, 5]);
  });

  it("leaves out the time in which reading stopped everything", () => {
    assert.deepEqual([movingShare(5, 10), movingShare(20, 10), movingShare(0, 0)], [0.5, 0.02, 1]);
  });
});
