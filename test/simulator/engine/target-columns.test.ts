import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TargetColumns } from "../../../simulator/engine/target-columns.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { World } from "../../../simulator/world/world.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { newAttempts } from "../world/attempts.ts";

function columnsOf(over: Partial<ScenarioInput["world"]>) {
  const plan = planOf(scenarioInput({ duration: "24h", world: worldInput(over) }));
  const world = new World(plan.world, 1, newAttempts(), { onOutcome() {} });
  const columns = new TargetColumns(plan, world);
  const at = (ms: number) => {
    while (world.nextMs <= ms) world.advance();
    columns.refresh(ms);
    return {
      eligible: [...columns.eligible[0]!.subarray(0, columns.eligibleCount[0])],
      priceIn: columns.priceIn[0]!.map((price) => Math.round(price * 1e6) / 1e6),
    };
  };
  return { columns, at };
}

describe("what every router sees alike", () => {
  it("targets whose region looks healthy; all of them when none does", () => {
    const { at } = columnsOf({
      healthDelay: "10s",
      faults: [
        { kind: "outage", region: "a", at: "1m", for: "2m" },
        { kind: "outage", region: "b", at: "2m", for: "30s" },
      ],
    });
    assert.deepEqual(at(69_999).eligible, [0, 1]);
    assert.deepEqual(at(70_000).eligible, [1]);
    assert.deepEqual(at(130_000).eligible, [0, 1], "a client must send somewhere");
    assert.deepEqual(at(160_000).eligible, [1]);
    assert.deepEqual(at(190_000).eligible, [0, 1]);
  });

  it("prices of the hour, under the swing that the scenario states", () => {
    const prices = {
      book: "none",
      overrides: [{ model: "m", input: 2, output: 10 }],
      hourly: { sine: { swing: { plusMinus: "25%" }, peakAt: "12:00 UTC" } },
    } as unknown as NonNullable<ScenarioInput["world"]["prices"]>;
    const { at, columns } = columnsOf({ prices });
    const hours = Array.from({ length: 24 }, (_, hour) => at(hour * 3_600_000).priceIn[0]!);
    const peak = Math.max(...hours);
    assert.ok(Math.abs(peak - 2.5) < 0.02 && Math.abs(Math.min(...hours) - 1.5) < 0.02, hours.join());
    assert.ok([11, 12].includes(hours.indexOf(peak)));
    assert.ok(Math.abs(columns.priceOut[0]![0]! / columns.priceIn[0]![0]! - 5) < 1e-6);
  });

  it("round trips from each origin to each target", () => {
    const network = {
      roundTrips: "none",
      jitter: "none",
      overrides: [{ from: "a", to: "b", rtt: "70ms" }],
    } as unknown as NonNullable<ScenarioInput["world"]["network"]>;
    const { columns } = columnsOf({ network });
    assert.deepEqual([...columns.rttMs[0]!], [0, 70]);
  });
});
