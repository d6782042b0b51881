import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinearSolver } from "../../../simulator/base/linear-programme.ts";
import { type Demand, demandsAsBilled, hasFreeCapacity, leastCost } from "../../../simulator/experiment/bound-model.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../../../simulator/service/pricing/prices.ts";
import { simplex } from "../base/simplex.ts";
import { classInput, planOf, scenarioInput, worldInput } from "../scenario/base.ts";

/** Region a at 1 and 5 USD per million tokens, b at twice that; a at half price in the third hour. */
const prices: ScenarioInput["world"]["prices"] = {
  book: "none",
  overrides: [
    { model: "m", region: "a", input: 1, output: 5 },
    { model: "m", region: "b", input: 2, output: 10 },
  ],
  shocks: [{ at: "2h", for: "1h", region: "a", factor: 0.5 }],
} as never;
const plan = (world: object = {}, over: object = {}) =>
  planOf(
    scenarioInput({
      duration: "4h",
      requests: undefined,
      world: worldInput({ prices, ...world }),
      traffic: [classInput(over)],
    } as never),
  );
const never: LinearSolver = () => assert.fail("no solver is needed");
const M = 1e6;
const demand = (tokens: number, kind: number = INPUT, epoch = 0, last = epoch): Demand => ({
  supplies: [{ classIndex: 0, kind, epoch, last, tokens }],
  tokens,
});

test("without limits every token goes where it is cheapest, without a solver", () => {
  const found = leastCost(plan(), 0, [demand(10 * M), demand(2 * M, OUTPUT)], never)!;
  assert.ok(Math.abs(found.costUsd - 20) < 1e-9);
  assert.ok(Math.abs(found.byEpochUsd[0]! - 20) < 1e-9);
});

test("by hand: a quota of 100k a minute lets 61 windows of an hour through, and is worth the price difference", () => {
  const quotas = [{ region: "a", tokensPerMinute: "100k", law: "clock-window" }];
  const solve: LinearSolver = (programme) => ({
    ...simplex(programme)!,
    duals: programme.rows.map((_, r) => (r === 2 ? -1 : 0)),
  });
  const found = leastCost(plan({ quotas }), 0, [demand(10 * M)], solve)!;
  assert.ok(Math.abs(found.costUsd - (6.1 * 1 + 3.9 * 2)) < 1e-9, `${found.costUsd}`);
  assert.ok(Math.abs(found.quotaWorthUsd[0]! - 61) < 1e-9, "1 USD a million, 61 windows");
  assert.ok(
    Math.abs(leastCost(plan({ quotas }), 0, [demand(10 * M)], never, { isLimited: false })!.costUsd - 10) < 1e-9,
  );
});

test("work that may wait goes to the cheap hour before its last, and no further", () => {
  const cost = (last: number) => leastCost(plan(), 0, [demand(10 * M, INPUT, 0, last)], never)!.costUsd;
  assert.deepEqual(
    [0, 1, 2, 3].map((last) => Math.round(cost(last) * 1e6) / 1e6),
    [10, 10, 5, 5],
  );
});

test("residency and reservations for others hold", () => {
  const found = leastCost(plan({ targets: ["a", "b"] }, { targets: ["b"] }), 0, [demand(10 * M)], never)!;
  assert.ok(Math.abs(found.costUsd - 20) < 1e-9);
});

test("what must be bought is the cheapest of what could be", () => {
  const supplies = [0, 2].map((epoch) => ({ classIndex: 0, kind: INPUT, epoch, last: epoch, tokens: 10 * M }));
  const found = leastCost(plan(), 0, [{ supplies, tokens: 12 * M }], never)!;
  assert.ok(Math.abs(found.costUsd - (10 * 0.5 + 2 * 1)) < 1e-9);
});

test("billed tokens become demands; a cache write counts as the read that it could have been", () => {
  const shape = plan();
  const billed = new Float64Array(shape.money.schedule.epochStartMs.length * TOKEN_KINDS.length);
  billed[INPUT] = 100;
  billed[CACHE_WRITE] = 40;
  const demands = demandsAsBilled(shape, billed, 0, 0.5);
  assert.deepEqual(
    demands.map(({ tokens }) => tokens),
    [50, 20],
  );
});

test("provisioned throughput has no price of a token: no bound", () => {
  const own = { kind: "slots", servers: 1, service: { constant: "1s" } };
  assert.equal(hasFreeCapacity(plan()), false);
  assert.equal(hasFreeCapacity(plan({ provisioned: [{ region: "a", capacity: own, usdPerUnitHour: 1 }] })), true);
});
