import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { simulate } from "../engine/run.ts";
import { scenarioInput } from "./base.ts";

/** One call of 500 tokens in and out every 2 s for half an hour, against 60k tokens of each clock minute. */
const halfHour = (model: { readonly id: string; readonly burndown?: number }, quota: object = {}): ScenarioInput =>
  scenarioInput({
    duration: "30m",
    requests: undefined,
    world: {
      regions: ["us-east-1"],
      profiles: { restrictToWorld: true },
      models: { m: { capacity: { kind: "slots", servers: "unlimited", service: "1s" }, ...model } },
      targets: ["us-east-1/us"],
      quotas: [{ tokensPerMinute: "60k", law: "clock-window", ...quota }],
    },
    traffic: [
      {
        class: "c",
        arrivals: { deterministic: { interval: "2s" } },
        tokens: { input: 500, output: 500, maxTokens: 500 },
        origin: "us-east-1",
      },
    ],
  });

describe("burndown of the model that is called", () => {
  // Served and throttled of 899: an independent replay of reserve and settle, by the burndown.
  const ENDS = {
    1: { served: 899 },
    5: { served: 600, throttled: 299 },
    10: { served: 330, throttled: 569 },
    15: { served: 240, throttled: 659 },
  };
  for (const [id, burndown] of [
    ["anthropic.claude-opus-4-8", 15],
    ["anthropic.claude-opus-5", 10],
    ["anthropic.claude-sonnet-4-6", 5],
    ["anthropic.claude-opus-4-1-20250805-v1:0", 5],
    ["anthropic.claude-opus-4-7", 5],
    ["amazon.nova-pro-v1:0", 1],
  ] as const) {
    it(`${id}: ${burndown}`, () => {
      assert.deepEqual(simulate(halfHour({ id })).ends, ENDS[burndown]);
    });
  }

  it("what the scenario states goes first: at the quota, else at the model", () => {
    const id = "anthropic.claude-opus-4-8";
    assert.deepEqual(simulate(halfHour({ id, burndown: 5 })).ends, ENDS[5]);
    assert.deepEqual(simulate(halfHour({ id, burndown: 5 }, { burndown: 1 })).ends, ENDS[1]);
  });

  it("weighed at reservation too, fewer calls fit: a minute has room for 7 of 8,000 tokens", () => {
    const { ends } = simulate(halfHour({ id: "anthropic.claude-opus-4-8" }, { reserveWeightedOutput: true }));
    assert.deepEqual(ends, { served: 30 * 7, throttled: 899 - 30 * 7 });
  });
});
