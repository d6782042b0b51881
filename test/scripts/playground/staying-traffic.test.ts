import assert from "node:assert/strict";
import test from "node:test";
import { faster, timesFactor } from "../../../scripts/playground/staying-traffic.ts";

test("a factor goes on top of what is stated, and stays within what a scenario may say", () => {
  assert.deepEqual(faster({ class: "a", arrivals: { trace: "t", scale: 1.5 } }, 2).arrivals, { trace: "t", scale: 3 });
  assert.deepEqual(faster({ class: "a", arrivals: { servegen: {} } }, 0.1).arrivals, { servegen: {}, scale: 0.1 });
  const broken = { class: "a", arrivals: "eight" };
  assert.equal(faster(broken, 2), broken);
  assert.deepEqual([timesFactor(undefined, 0), timesFactor(9_000, 10), timesFactor("2", 3)], [0.001, 10_000, 3]);
});
