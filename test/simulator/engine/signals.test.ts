import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRouters } from "../../../simulator/engine/router.ts";
import { Signals, TargetColumns } from "../../../simulator/engine/signals.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { Service } from "../../../simulator/service/service.ts";
import { planOf, scenarioInput, worldInput } from "../scenario/base.ts";
import { addAttempt, newAttempts } from "../service/attempts.ts";

function setUp(over: Partial<ScenarioInput>) {
  const plan = planOf(scenarioInput({ strategies: ["least-outstanding"], ...over }));
  const attempts = newAttempts();
  const world = new Service(plan.world, 1, attempts, { onOutcome() {} });
  const routers = createRouters(plan, plan.strategies[0]!);
  const signals = new Signals(plan, plan.strategies[0]!, world, routers);
  signals.columns.refresh(0);
  return { attempts, world, routers, signals, router: routers[0]! };
}

describe("what routers are shown", () => {
  it("fresh signals of their own: what they have sent", () => {
    const { signals, router } = setUp({});
    router.learnt[0]!.onSent(1);
    const shown = signals.show(router, 0, 0, 0, 0);
    assert.deepEqual([...shown.inFlight], [0, 1]);
    assert.deepEqual([...shown.eligible.subarray(0, shown.eligibleCount)], [0, 1]);
    assert.equal(signals.hasOwnPictures, false);
  });

  it("shared signals: the endpoints' true load, as a picture of a given age", () => {
    const { attempts, world, signals, router } = setUp({ signals: { source: "shared", age: "1s" } } as never);
    const load = (atMs: number) => [...signals.show(router, 0, 0, 0, atMs).inFlight];
    assert.deepEqual(load(0), [0, 0]);
    world.receive(10, addAttempt(attempts, { target: 1 }));
    assert.deepEqual(load(999), [0, 0], "the picture of instant 0");
    assert.deepEqual(load(1000), [0, 1]);
  });
});

function columnsOf(over: Partial<ScenarioInput["world"]>) {
  const plan = planOf(scenarioInput({ duration: "24h", world: worldInput(over) }));
  const world = new Service(plan.world, 1, newAttempts(), { onOutcome() {} });
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
