import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { boundOf, withOwnBounds } from "../../../simulator/experiment/bound.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { simplex } from "../base/simplex.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { runAll } from "./fixtures.ts";

const prices = {
  book: "none",
  overrides: [
    { model: "m", region: "a", input: 1, output: 5 },
    { model: "m", region: "b", input: 2, output: 4 },
  ],
  shocks: [{ at: "1h", for: "1h", factor: 0.4 }],
};

function boundsOf(strategies: unknown, world: object = {}, over: object = {}, traffic: object = {}) {
  const plan = planOf(
    scenarioInput({
      requests: undefined,
      duration: "3h",
      drain: "4h",
      world: worldInput({ prices, ...world } as never),
      traffic: [classInput({ arrivals: { poisson: "60/h" }, slo: { e2e: "20s" }, ...traffic } as never)],
      strategies,
      ...over,
    } as Partial<ScenarioInput>),
  );
  return boundOf(plan, runAll({ plan }), simplex).strategies;
}

const close = (value: number | null, expected: number) =>
  assert.ok(Math.abs(value! - expected) < 1e-9, `${value} ${expected}`);

describe("the bound of a run", () => {
  it("nothing is lost by the cheapest target for equal requests; by the dearer one all of the difference", () => {
    // 100 in and 50 out: 350 units at a, 400 at b.
    const [a, b] = boundsOf([
      { name: "a", single: { target: "a" } },
      { name: "b", single: { target: "b" } },
    ]);
    // Input is cheaper at a and output at b, and calls of one size are bought whole.
    close(a!.regretShare.value, 0);
    close(b!.regretShare.value, 400 / 350 - 1);
    close(b!.costUsd.value! - b!.boundUsd.value!, b!.placementUsd.value!);
    close(
      b!.byHour.reduce((sum, usd) => sum + usd, 0),
      b!.regretUsd.value!,
    );
    close(b!.byClass[0]!.regretUsd.value, b!.regretUsd.value!);
  });

  it("of calls of different sizes input and output may be bought apart", () => {
    const tokens = { input: { uniform: { min: 25, max: 175 } }, output: 50, maxTokens: 200 };
    const [a] = boundsOf([{ name: "a", single: { target: "a" } }], {}, {}, { tokens });
    // No call has more than twice its input: all output at b with half as much of the input, the rest of it at a.
    assert.ok(Math.abs(a!.regretShare.value! - (350 / 325 - 1)) < 0.01, `${a!.regretShare.value}`);
  });

  it("of a bound of nothing there is no share, and what was paid is all regret", () => {
    const overrides = [
      { model: "m", region: "a", input: 0, output: 0 },
      { model: "m", region: "b", input: 2, output: 4 },
    ];
    const [free, paid] = boundsOf([{ single: { target: "a" } }, { name: "b", single: { target: "b" } }], {
      prices: { book: "none", overrides },
    });
    assert.deepEqual([free!.regretShare.value, free!.regretUsd.value], [0, 0]);
    assert.equal(paid!.regretShare.value, null);
    close(paid!.regretUsd.value, paid!.costUsd.value!);
  });

  it("wasted calls of a cheap hour are no room for requests of a dear one: timing is never below 0", () => {
    const [one] = boundsOf(
      [{ name: "a", single: { target: "a" } }],
      {
        prices: { ...prices, shocks: [{ at: "1h", for: "9h", factor: 3 }] },
        models: {
          m: {
            id: HAIKU,
            burndown: 1,
            capacity: { kind: "slots", servers: 9, service: { exponential: { mean: "1s" } } },
          },
        },
      },
      { client: { retry: "standard", timeout: "1s" } },
      { slo: { e2e: "30m" }, deferrable: true },
    );
    const { wastedUsd, placementUsd, timingUsd, regretUsd } = one!;
    assert.ok(wastedUsd.value! > 0.2 * one!.costUsd.value! && regretUsd.value! > 0, `${wastedUsd.value}`);
    assert.ok(timingUsd.value! >= 0 && placementUsd.value! >= 0, `${timingUsd.value} ${placementUsd.value}`);
    close(wastedUsd.value! + placementUsd.value! + timingUsd.value!, regretUsd.value!);
  });

  it("work that could have waited for the cheap hour is what timing says, and a strategy that waits has none", () => {
    const may = { deferrable: true, slo: { e2e: "4h" } };
    const waits = { "cheapest-hour": { reserve: "1m", spread: "10m" } };
    const [now, later] = boundsOf([{ single: { target: "a" } }, waits], {}, {}, may);
    assert.ok(now!.timingUsd.value! > 0.1 * now!.costUsd.value!);
    close(later!.timingUsd.value, 0);
    close(now!.boundUsd.value, later!.boundUsd.value!);
  });

  it("tokens of calls that were given up are wasted, not misplaced", () => {
    const client = { retry: "standard", timeout: "900ms" };
    const [one] = boundsOf([{ single: { target: "a" } }], {}, { client });
    assert.ok(one!.wastedUsd.value! > 0.1 * one!.costUsd.value!);
    const parts = one!.wastedUsd.value! + one!.placementUsd.value! + one!.timingUsd.value!;
    close(parts, one!.regretUsd.value!);
  });

  it("regret is never negative, whatever the scenario", () => {
    const any = fc.record({
      seed: fc.nat(1_000),
      law: fc.constantFrom("clock-window", "rolling-window", "token-bucket"),
      perMinute: fc.constantFrom(200, 400, 1_000, 5_000),
      strategy: fc.constantFrom("round-robin", "cheapest", "random", "least-latency", "price-weighted", "bandit"),
      retry: fc.constantFrom("none", "standard"),
      timeout: fc.constantFrom("2s", "60s"),
      billing: fc.constantFrom("source", "destination", "lowest-cost"),
      deferrable: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ seed, law, perMinute, strategy, retry, timeout, billing, deferrable }) => {
        const quotas = [
          { region: "a", tokensPerMinute: perMinute, law },
          { region: "b", tokensPerMinute: 2_000, law },
        ];
        const [one] = boundsOf(
          [strategy],
          { quotas, prices: { ...prices, billing } },
          { seed, client: { retry, timeout } },
          {
            deferrable,
            slo: { e2e: "1h" },
            tokens: {
              input: { lognormal: { mean: 100, cv: 1 } },
              output: { lognormal: { mean: 50, cv: 1 } },
              maxTokens: 200,
            },
          },
        );
        assert.ok(one!.regretUsd.n === 1, "the limits can be met");
        assert.ok(one!.regretUsd.value! >= -1e-9, `${one!.regretUsd.value}`);
        assert.ok(one!.limitsUsd.value! >= -1e-9);
      }),
      { numRuns: 25 },
    );
  });
});

describe("parts of the bound that come with the jobs' outputs", () => {
  const late = { arrivals: { poisson: "60/h" }, slo: { e2e: "90m" }, deferrable: true };
  const plan = planOf(
    scenarioInput({
      requests: undefined,
      duration: "3h",
      drain: "4h",
      replications: 2,
      world: worldInput({ prices } as never),
      traffic: [classInput(late as never)],
      strategies: [
        { name: "a", single: { target: "a" } },
        { name: "b", single: { target: "b" } },
      ],
    } as Partial<ScenarioInput>),
  );
  const outputs = runAll({ plan });
  const whole = boundOf(plan, outputs, simplex);
  const noSolver = () => assert.fail("all has been worked out");

  it("make up the same bound, of all of them or of some", () => {
    const known = outputs.map((output) => withOwnBounds(plan, output, simplex));
    assert.ok(known.every(({ bounds, stats }) => bounds?.length === stats.length));
    assert.ok(whole.strategies.some(({ timingUsd }) => timingUsd.value! > 0));
    assert.deepEqual(boundOf(plan, known, noSolver), whole);
    assert.deepEqual(boundOf(plan, [known[0]!, ...outputs.slice(1)], simplex), whole);
    const none = known.map((output) => ({ ...output, bounds: output.stats.map(() => null) }));
    assert.ok(boundOf(plan, none, noSolver).strategies.every(({ boundUsd }) => boundUsd.value === null));
  });

  it("are left to the end where the traffic is not known, or only slices of it", () => {
    const [{ arrivals: _, ...without }] = outputs as [(typeof outputs)[number]];
    assert.equal(withOwnBounds(plan, without, simplex), without);
    const slices = { everyMs: 1, lengthMs: 1 } as never;
    assert.equal(withOwnBounds({ ...plan, slices }, outputs[0]!, noSolver), outputs[0]);
  });
});
