import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beginAttempt, endAttempt, writeCall } from "../../../simulator/engine/call-row.ts";
import { Learning } from "../../../simulator/engine/learning.ts";
import { createRouters } from "../../../simulator/engine/router.ts";
import { writeOutcome } from "../../../simulator/engine/row-outcome.ts";
import { Signals } from "../../../simulator/engine/signals.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { ATTEMPT_FLOAT, ATTEMPT_FLOATS } from "../../../simulator/world/attempt-table.ts";
import { OUTCOME, type Outcome, World } from "../../../simulator/world/world.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { newAttempts } from "../world/attempts.ts";
import { chunkOf } from "./run.ts";

function setUp(strategy: ScenarioInput["strategies"][number]) {
  const plan = planOf(scenarioInput({ strategies: [strategy] }));
  const attempts = newAttempts();
  const world = new World(plan.world, 1, attempts, { onOutcome() {} });
  const routers = createRouters(plan, plan.strategies[0]!);
  const signals = new Signals(plan, plan.strategies[0]!, world, routers);
  const learning = new Learning(plan.strategies[0]!, plan.client, routers[0]!, signals);
  const call = attempts.allocate();
  writeCall(attempts, call, chunkOf([{ atMs: 0 }]), 0, plan.classes[0]!, 100);
  const send = (target: number, atMs: number) => {
    learning.sent(routers[0]!, 0, target);
    return beginAttempt(attempts, call, target, plan.classes[0]!, atMs);
  };
  const tell = (attempt: number, result: Outcome, nowMs: number) => {
    writeOutcome(learning.outcome, attempts, attempt, result, nowMs, signals.columns.rttMs);
    learning.learn(routers[0]!, 0);
    endAttempt(attempts, attempt);
  };
  return { attempts, learning, send, tell, router: routers[0]! };
}

describe("what routers learn", () => {
  it("attempts in flight go up with a send, down with an end, learnt or not", () => {
    const { learning, send, tell, router } = setUp("least-outstanding");
    const first = send(1, 0);
    send(1, 0);
    assert.deepEqual([...router.learnt[0]!.inFlight], [0, 2]);
    tell(first, OUTCOME.ok, 10);
    learning.ended(router, 0, 1);
    assert.deepEqual([...router.learnt[0]!.inFlight], [0, 0]);
  });

  it("latencies are from the send to the answer; the first token came as long before it as at the service", () => {
    const { attempts, learning, send, tell, router } = setUp({ "cheapest-within": { p95: "1s" } });
    const a = send(0, 100);
    attempts.floats[a * ATTEMPT_FLOATS + ATTEMPT_FLOAT.firstTokenMs] = 400;
    attempts.floats[a * ATTEMPT_FLOATS + ATTEMPT_FLOAT.endedMs] = 900;
    assert.ok(learning.isNeeded);
    tell(a, OUTCOME.ok, 950);
    // The estimate is in cells about a fiftieth wide.
    assert.ok(Math.abs(router.learnt[0]!.e2eMsP95[0]! / 850 - 1) < 0.02, `${router.learnt[0]!.e2eMsP95[0]}`);
    tell(send(0, 1000), OUTCOME.throttled, 1001);
    assert.ok(router.learnt[0]!.throttleShare[0]! > 0.4);
  });
});
