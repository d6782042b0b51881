import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRouters } from "../../../simulator/engine/router.ts";
import { Signals } from "../../../simulator/engine/signals.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { World } from "../../../simulator/world/world.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { addAttempt, newAttempts } from "../world/attempts.ts";

function setUp(over: Partial<ScenarioInput>) {
  const plan = planOf(scenarioInput({ strategies: ["least-outstanding"], ...over }));
  const attempts = newAttempts();
  const world = new World(plan.world, 1, attempts, { onOutcome() {} });
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
