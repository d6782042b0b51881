import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { busiestWindow, demandOf, inputParts } from "../../../simulator/advice/demand.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { planOf, SONNET, scenarioInput } from "../scenario/base.ts";

/** A call every so often with a prompt of 3,000 tokens, 2,000 of them a prefix that all share. */
function planWith(interval: string, cache: object | undefined) {
  return planOf(
    scenarioInput({
      duration: "1h",
      requests: undefined,
      world: {
        regions: ["eu-west-1"],
        models: {
          m: {
            id: SONNET,
            onDemand: true,
            capacity: { kind: "slots", servers: "unlimited", service: "1s" },
            ...(cache === undefined ? {} : { cache }),
          },
        },
        targets: ["eu-west-1"],
      },
      traffic: [
        {
          class: "c",
          arrivals: { deterministic: { interval } },
          tokens: { input: 3000, output: 60, maxTokens: 256, prefix: { tokens: 2000, distinct: 1 } },
          origin: "eu-west-1",
        },
      ] as unknown as ScenarioInput["traffic"],
      strategies: ["round-robin"],
    }),
  );
}

describe("what is asked for", () => {
  it("counts what a cache would read: all but the first while the time to live lasts, nothing when calls are rarer", () => {
    const [often] = demandOf(planWith("1m", { ttl: "5m" })).byClass;
    assert.equal(often!.cacheWrite, 2000);
    assert.equal(often!.cacheRead, (often!.calls - 1) * 2000);
    assert.equal(inputParts(often!).plain, often!.calls * 1000);
    const [rare] = demandOf(planWith("6m", { ttl: "5m" })).byClass;
    assert.deepEqual([rare!.cacheRead, rare!.cacheWrite], [0, rare!.calls * 2000]);
    const [none] = demandOf(planWith("1m", undefined)).byClass;
    assert.deepEqual([none!.cacheRead, none!.cacheWrite], [0, 0]);
  });

  it("has a busiest window around its peak", () => {
    assert.deepEqual(busiestWindow(Float64Array.of(1, 5, 9, 4), 14), { fromHour: 1, hours: 2, calls: 14 });
  });
});
