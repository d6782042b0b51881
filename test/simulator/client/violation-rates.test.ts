import assert from "node:assert/strict";
import { test } from "node:test";
import { ViolationRates } from "../../../simulator/client/violation-rates.ts";
import { outcomeOf, requestOf } from "../strategies/fixtures.ts";

test("outcomes count by class and target, late and failed ones as missed, and fade by e in a memory's time", () => {
  const rates = new ViolationRates({ classes: 2, targets: 3 }, 1_000, Number.NaN);
  rates.ask(requestOf({ classIndex: 0, sloE2eMs: 800 }));
  assert.equal(rates.learn(outcomeOf(1, "ok", 0, 800)), false);
  assert.equal(rates.learn(outcomeOf(1, "ok", 0, 801)), true);
  assert.equal(rates.learn(outcomeOf(1, "throttled", 0)), true);
  assert.deepEqual([rates.outcomes[1], rates.violations[1]], [3, 2]);
  const cell = rates.refresh(0, 1, 1_000);
  assert.equal(cell, 1);
  assert.ok(Math.abs(rates.outcomes[1]! - 3 / Math.E) < 1e-12);
  assert.ok(Math.abs(rates.violations[1]! - 2 / Math.E) < 1e-12);
  assert.equal(rates.outcomes[3 + 1], 0, "the other class");
});

test("a ceiling stands for every class's objective", () => {
  const rates = new ViolationRates({ classes: 1, targets: 1 }, 1_000, 500);
  rates.ask(requestOf({ sloE2eMs: 9_000 }));
  assert.equal(rates.learn(outcomeOf(0, "ok", 0, 501)), true);
});
