import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { warmupSchema } from "../../../simulator/scenario/run-length.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, problemsOf, scenarioInput, worldInput } from "./base.ts";

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
