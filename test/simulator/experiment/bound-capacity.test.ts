import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LinearSolver } from "../../../simulator/base/linear-programme.ts";
import { boundOf } from "../../../simulator/experiment/bound.ts";
import {
  ArrivalCounter,
  arrivalCell,
  capacityLimits,
  capacityRows,
  isTooSlow,
} from "../../../simulator/experiment/bound-capacity.ts";
import { type Demand, leastCost } from "../../../simulator/experiment/bound-model.ts";
import { OUTPUT } from "../../../simulator/service/pricing/prices.ts";
import { simplex } from "../base/simplex.ts";
import { chunkOf } from "../engine/run.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

const prices = {
  book: "none",
  overrides: [
    { model: "m", region: "a", input: 1, output: 5 },
    { model: "m", region: "b", input: 2, output: 10 },
  ],
};
const M = 1e6;
const nothing = new Float64Array();

function planWith(capacity: object, over: object = {}, traffic: object = {}) {
  const models = { m: { id: HAIKU, burndown: 1, capacity } };
  const world = worldInput({ prices, models } as never);
  return planOf(
    scenarioInput({
      duration: "1h",
      requests: undefined,
      drain: "1h",
      client: { retry: "none", timeout: "36s" },
      world,
      traffic: [classInput(traffic as never)],
      ...over,
    } as never),
  );
}

const demand = (tokens: number, kind: number): Demand => ({
  supplies: [{ classIndex: 0, kind, epoch: 0, last: 0, tokens }],
  tokens,
});

describe("what capacity lets through", () => {
  test("by hand: four servers of a second serve 4 calls a second, and the 36 s that the last caller waits", () => {
    const plan = planWith({ kind: "slots", servers: 4, service: { constant: "1s" } });
    const limits = capacityLimits(plan, 0, 0, nothing);
    // Calls of 50 output tokens: 3,636 s x 4 servers x 50 tokens at a, the rest at b.
    const solve: LinearSolver = (programme) => ({
      ...simplex(programme)!,
      duals: programme.rows.map(({ coefficients }) => (coefficients[0] === 20 ? -0.25 : 0)),
    });
    const found = leastCost(plan, 0, [demand(M, OUTPUT)], solve, { capacity: limits })!;
    const atA = (3636 * 4 * 50) / M;
    assert.ok(Math.abs(found.costUsd - (5 * atA + 10 * (1 - atA))) < 1e-9, `${found.costUsd}`);
    // A tenth more: 10 % of these tokens at 5 USD a million less.
    assert.ok(Math.abs(found.endpointWorthUsd[0]! - 0.1 * atA * 5) < 1e-9, `${found.endpointWorthUsd}`);
    const free = leastCost(plan, 0, [demand(M, OUTPUT)], solve, { isLimited: false })!;
    assert.ok(Math.abs(free.costUsd - 5) < 1e-9);
  });

  test("by hand: a batch of 4 with steps of 8 + 2 n ms makes 4 tokens in 16 ms; other tenants slow it", () => {
    const capacity = { kind: "batching", stepBase: "8ms", stepPerSequence: "2ms", maxBatch: 4 };
    const plan = planWith(capacity);
    const steps = capacityRows(plan).findIndex(({ perOutputToken }) => perOutputToken[0] === 1);
    assert.equal(capacityLimits(plan, 0, 0, nothing)(0, steps), 3_636_000 / 4);
    const busy = planWith({ ...capacity, background: { mean: 8 } });
    assert.ok(
      Math.abs(capacityLimits(busy, 0, 0, nothing)(0, steps) - 3_636_000 / 8) < 1e-3,
      "4 tokens in 8 + 2 (4 + 8) ms",
    );
  });

  test("without a limit of servers there is no row; what a run got through is never forbidden", () => {
    assert.deepEqual(capacityRows(planWith({ kind: "slots", servers: "unlimited", service: { constant: "1s" } })), []);
    const plan = planWith({ kind: "slots", servers: 4, service: { constant: "1s" } });
    const used = new Float64Array(capacityRows(plan).length).fill(1e9);
    assert.equal(capacityLimits(plan, 0, 0, used)(0, 0), 1e9);
  });

  test("a target is left out where even the smallest call takes longer than its caller waits", () => {
    const plan = planWith({ kind: "batching", stepBase: "20ms", stepPerSequence: "0ms", prefill: { base: "500ms" } });
    const slow = { client: { retry: "none", timeout: "1400ms" } };
    const tooSlow = (over: object, traffic: object = {}) => {
      const given = planWith(
        { kind: "batching", stepBase: "20ms", stepPerSequence: "0ms", prefill: { base: "500ms" } },
        over,
        traffic,
      );
      return isTooSlow(given, 0, 0, given.world.routes[0]!);
    };
    assert.equal(isTooSlow(plan, 0, 0, plan.world.routes[0]!), false);
    assert.equal(tooSlow(slow), true, "50 tokens take 1,500 ms");
    const some = { tokens: { input: 100, output: { uniform: { min: 20, max: 90 } }, maxTokens: 200 } };
    assert.equal(tooSlow(slow, some), false, "20 tokens take 900 ms");
  });

  test("half of the calls must go to the dearer region: turns lose little to it, though all at the cheaper would cost half", () => {
    const plan = planWith(
      { kind: "slots", servers: 2, service: { constant: "1s" } },
      { strategies: ["round-robin"], duration: "30m" },
      { arrivals: { poisson: "3/s" } },
    );
    const [one] = boundOf(plan, runAll({ plan }), simplex).strategies;
    // 3 calls a second against 2 at a: at least a third of them at b, at twice the price.
    const share = one!.boundUsd.value! / (one!.boundUsd.value! - one!.limitsUsd.value!);
    assert.ok(Math.abs(share - 4 / 3) < 0.06, `${share}`);
    assert.ok(one!.regretShare.value! > 0 && one!.regretShare.value! < 0.2, `${one!.regretShare.value}`);
    assert.deepEqual(
      one!.endpoints!.map(({ id }) => id),
      [],
    );
  });

  test("without a solver, and of slices, limits are left out: the bound is lower, and says so", () => {
    const plan = planWith(
      { kind: "slots", servers: 2, service: { constant: "1s" } },
      { strategies: ["round-robin"], duration: "30m" },
      { arrivals: { poisson: "3/s" } },
    );
    const outputs = runAll({ plan });
    const whole = boundOf(plan, outputs, simplex);
    const without = boundOf(plan, outputs, null);
    assert.deepEqual([whole.isWithoutLimits, without.isWithoutLimits], [undefined, true]);
    assert.ok(without.strategies[0]!.boundUsd.value! < whole.strategies[0]!.boundUsd.value!);
    const slices = { count: 2, lengthMs: 60_000, warmupMs: 60_000 };
    assert.equal(boundOf({ ...plan, slices }, outputs, simplex).isWithoutLimits, true);
  });

  test("regret is never negative, whatever the capacity", () => {
    const any = fc.record({
      seed: fc.nat(1_000),
      capacity: fc.constantFrom(
        { kind: "slots", servers: 2, service: { exponential: { mean: "1s" } } },
        {
          kind: "slots",
          servers: 3,
          service: "0ms",
          perInputToken: "2ms",
          perOutputToken: "10ms",
          maxQueueDelay: "5s",
        },
        {
          kind: "batching",
          stepBase: "8ms",
          stepPerSequence: "4ms",
          maxBatch: 4,
          noise: { lognormal: { mean: 1, cv: 0.8 } },
        },
        {
          kind: "batching",
          stepBase: "1ms",
          stepPerSequence: "9ms",
          prefill: { base: "90ms", perToken: "1ms", workPerToken: 0.1 },
        },
        {
          kind: "fitted",
          servers: 3,
          prompt: { base: "300ms" },
          output: { perToken: "20ms" },
          load: {
            factors: [
              [1, 1],
              [4, 2],
            ],
          },
        },
        {
          kind: "fitted",
          prompt: { base: "50ms" },
          output: { perToken: "20ms" },
          load: {
            factors: [
              [1, 1],
              [2, 2],
            ],
          },
        },
      ),
      strategy: fc.constantFrom("round-robin", "cheapest", "least-outstanding"),
      timeout: fc.constantFrom("4s", "60s"),
      deferrable: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ seed, capacity, strategy, timeout, deferrable }) => {
        const tokens = { input: 100, output: { lognormal: { mean: 50, cv: 1 } }, maxTokens: 200 };
        const plan = planWith(
          capacity,
          { seed, strategies: [strategy], duration: "20m", client: { retry: "standard", timeout } },
          { arrivals: { poisson: "3/s" }, tokens, deferrable, slo: { e2e: "1h" } },
        );
        const [one] = boundOf(plan, runAll({ plan }), simplex).strategies;
        assert.ok(one!.regretUsd.n === 1, "the limits can be met");
        assert.ok(one!.regretUsd.value! >= -1e-9, `${one!.regretUsd.value}`);
      }),
      { numRuns: 20 },
    );
  });
});

const HOUR = 3_600_000;
const plan = (over: object) =>
  planOf(
    scenarioInput({
      duration: "4h",
      requests: undefined,
      traffic: [classInput({ slo: { e2e: "90m" }, ...over })],
    } as never),
  );

test("tokens count by hour of arrival, apart those whose deadline falls into a later hour than the hour's first", () => {
  const counter = new ArrivalCounter(plan({ deferrable: true }), 0);
  // 90 minutes from 0:20 end in hour 1, from 0:40 in hour 2.
  counter.add(
    chunkOf([
      { atMs: HOUR / 3, input: 10, output: 5 },
      { atMs: (2 * HOUR) / 3, input: 20, output: 500 },
    ]),
  );
  counter.add(chunkOf([{ atMs: 1.1 * HOUR, input: 40, output: 7 }]));
  const { tokens } = counter.found;
  const at = (epoch: number, isLate: number) => [...tokens.slice(arrivalCell(1, epoch, 0, isLate)).slice(0, 2)];
  assert.deepEqual(
    [at(0, 0), at(0, 1), at(1, 0)],
    [
      [10, 5],
      [20, 200],
      [40, 7],
    ],
    "200: its max_tokens",
  );
});

test("a class without an objective may wait to the end: nothing of it is late", () => {
  const counter = new ArrivalCounter(plan({ deferrable: true, slo: undefined }), 0);
  counter.add(chunkOf([{ atMs: HOUR / 3, input: 10, output: 5 }]));
  const { tokens } = counter.found;
  assert.equal(tokens[arrivalCell(1, 0, 0, 0)], 10);
});

test("nothing is counted where nothing may wait", () => {
  const counter = new ArrivalCounter(plan({}), 3);
  counter.add(chunkOf([{ atMs: 0 }]));
  assert.deepEqual([counter.found.replication, counter.found.tokens.length], [3, 0]);
});
