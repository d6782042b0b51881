import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Problems } from "../../../simulator/scenario/problems.ts";
import { checkValidation, resolveSlices, slicesSchema, warmupSchema } from "../../../simulator/scenario/run-length.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, problemsOf, scenarioInput, schemaProblems, worldInput } from "./base.ts";

const codes = (input: ScenarioInput) => problemsOf(input).map((problem) => `${problem.code} ${problem.where}`);
const auto = (over: Partial<ScenarioInput>) => planOf(scenarioInput({ warmup: "auto", ...over }));

describe("a warm-up that is stated", () => {
  it("is nothing, a time or a number of requests", () => {
    assert.deepEqual(
      ["none", "5m", { requests: "2k" }].map((text) => warmupSchema.parse(text)),
      ["none", 300_000, { requests: 2000 }],
    );
    assert.equal(warmupSchema.safeParse("401d").success, false, "no run is longer than 400 days");
  });

  it("is shorter than the run", () => {
    assert.deepEqual(codes(scenarioInput({ warmup: { requests: 2000 } })), ["WARMUP_TOO_LONG warmup"]);
    assert.deepEqual(codes(scenarioInput({ duration: "1h", warmup: "2h" })), ["WARMUP_TOO_LONG warmup"]);
    assert.deepEqual(codes(scenarioInput({ warmup: "2h" })), []);
  });
});

describe("warm-up left to pilot runs", () => {
  it("is left to them where the run is the same at any time", () => {
    const plan = auto({});
    assert.deepEqual(plan.warmup, { kind: "none", amount: 0, isAuto: true });
    assert.deepEqual(plan.notes, []);
  });

  const background = (swing: string) => ({
    m: {
      id: HAIKU,
      burndown: 1,
      capacity: {
        kind: "slots",
        servers: 4,
        service: { exponential: { mean: "1s" } },
        background: { mean: 1, swing, noise: "10%" },
      },
    },
  });
  const clocks: readonly (readonly [reason: RegExp, over: unknown])[] = [
    [
      /class all follows the clock \(sinusoid\)/,
      { traffic: [classInput({ arrivals: { sinusoid: { rate: "4/s", amplitude: 0.5, period: "1h" } } } as never)] },
    ],
    [
      /faults come at set times/,
      { world: worldInput({ faults: [{ kind: "outage", region: "a", at: "1m", for: "1m" }] } as never) },
    ],
    [
      /prices change/,
      {
        world: worldInput({
          prices: {
            book: "none",
            overrides: [{ model: "m", input: 1, output: 5 }],
            hourly: { sine: { amplitude: 0.2, peakAt: "15:00 local" } },
          },
        } as never),
      },
    ],
    [/other tenants of m follow the hour/, { world: worldInput({ models: background("40%") } as never) }],
  ];
  for (const [reason, over] of clocks) {
    it(`removes nothing, and says why: ${reason.source}`, () => {
      const plan = auto(over as Partial<ScenarioInput>);
      assert.deepEqual(plan.warmup, { kind: "none", amount: 0 });
      assert.match(plan.notes.join("\n"), reason);
      assert.match(plan.notes.join("\n"), /begins with empty systems/);
    });
  }

  it("ignores other tenants whose load only varies at random", () => {
    assert.equal(auto({ world: worldInput({ models: background("0%") } as never) }).warmup.isAuto, true);
  });
});

const HOUR = 3_600_000;
const none = { kind: "none", amount: 0 } as const;
const slices = (given: object) => slicesSchema.parse({ count: 10, length: "1m", ...given })!;

function slicesProblems(
  scenario: Parameters<typeof resolveSlices>[0],
  warmup: Parameters<typeof resolveSlices>[1] = none,
) {
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
    assert.deepEqual(slicesProblems({ arrivalsFrom: 0, requests: 1000, slices: slices({}) }), [
      "SLICES_WITHOUT_DURATION slices",
    ]);
    assert.deepEqual(slicesProblems({ arrivalsFrom: 0, duration: 600_000, slices: slices({}) }), [
      "SLICES_TOO_LONG slices",
    ]);
    const whole = { arrivalsFrom: 0, duration: HOUR, slices: slices({}) };
    assert.deepEqual(slicesProblems(whole, { kind: "requests", amount: 10 }), ["SLICES_WARMUP warmup"]);
    // Fifty minutes are not counted: ten are left, and the slices are as long.
    assert.deepEqual(slicesProblems(whole, { kind: "duration", amount: 50 * 60_000 }), ["SLICES_TOO_LONG slices"]);
  });
});

describe("the validation section", () => {
  it("has the margins of docs/validate.md unless a scenario has its own", () => {
    assert.deepEqual(planOf(scenarioInput()).validation, {
      margins: {
        p50: 0.05,
        p95: 0.05,
        p99: 0.1,
        throttled: 0.01,
        unavailable: 0.01,
        retries: 0.02,
        failed: 0.01,
        split: 0.01,
        cost: 0.005,
      },
    });
    const own = planOf(scenarioInput({ validation: { at: "14h", for: "3m", margins: { p99: "20%" } } }));
    assert.equal(own.validation.margins.p99, 0.2);
    assert.deepEqual([own.validation.at, own.validation.for], ["14h", "3m"]);
  });

  it("refuses margins of nothing, times without a unit, and strategies that are not there", () => {
    assert.equal(schemaProblems(scenarioInput({ validation: { margins: { p50: 0 } } })).length, 1);
    assert.equal(schemaProblems(scenarioInput({ validation: { for: "3" } })).length, 1);
    const [problem] = problemsOf(scenarioInput({ validation: { strategies: ["none-such"] } }));
    assert.match(`${problem!.where} ${problem!.what}`, /validation\.strategies\[0\].*none-such/);
  });

  it("checks labels where they stand", () => {
    const problems = new Problems();
    checkValidation({ strategies: ["one", "three", "two"] }, ["one", "two"], problems);
    assert.deepEqual(
      problems.list.map(({ code, where }) => [code, where]),
      [["STRATEGY_UNKNOWN", "validation.strategies[1]"]],
    );
    checkValidation({}, [], problems);
    assert.equal(problems.list.length, 1);
  });
});
