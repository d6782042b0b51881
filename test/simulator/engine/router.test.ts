import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { takePicture } from "../../../simulator/client/target-view.ts";
import { beginAttempt, endAttempt, writeOutcome, writeRequest } from "../../../simulator/engine/request-rows.ts";
import { createRouters, Learning, routingRandom, signalsOf } from "../../../simulator/engine/router.ts";
import { Signals } from "../../../simulator/engine/signals.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { ATTEMPT_FLOAT, ATTEMPT_FLOATS } from "../../../simulator/service/attempt-table.ts";
import { OUTCOME, type Outcome, Service } from "../../../simulator/service/service.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";
import { newAttempts } from "../service/attempts.ts";
import { chunkOf } from "./run.ts";

const routersOf = (over: Parameters<typeof scenarioInput>[0]) => {
  const plan = planOf(scenarioInput({ strategies: ["power-of-two"], ...over }));
  return createRouters(plan, plan.strategies[0]!);
};

describe("routers", () => {
  it("each has a strategy, a budget and signals of its own", () => {
    const [one, two] = routersOf({ routers: 2, client: { retry: "standard" } });
    assert.notEqual(one!.strategy, two!.strategy);
    assert.notEqual(one!.learnt[0], two!.learnt[0]);
    assert.equal(one!.shown, one!.learnt, "fresh signals are what was learnt");
    // 500 tokens, 5 for each throttled retry: one router's spending leaves the other's budget alone.
    let granted = 0;
    while (one!.retry.nextDelayMs(0, "throttled", Number.NaN, 0.5) >= 0) granted++;
    assert.equal(granted, 100);
    assert.ok(two!.retry.nextDelayMs(0, "throttled", Number.NaN, 0.5) >= 0);
  });

  it("shared signals are one picture for all", () => {
    const [one, two] = routersOf({ routers: 2, signals: { source: "shared" } });
    assert.equal(one!.learnt, two!.learnt);
  });

  it("signals with an age are shown only when a picture is taken", () => {
    const [router] = routersOf({ signals: { age: "5s" }, strategies: [{ "cheapest-within": { p95: "1s" } }] });
    assert.notEqual(router!.shown, router!.learnt);
    router!.learnt[0]!.e2eMsMean[1] = 777;
    assert.notEqual(router!.shown[0]!.e2eMsMean[1], 777);
    takePicture(router!.learnt, router!.shown);
    assert.equal(router!.shown[0]!.e2eMsMean[1], 777);
  });

  it("a strategy's own client wins over the scenario's; a law of delays is compiled", () => {
    const [none] = routersOf({
      client: { retry: "standard" },
      strategies: [{ cheapest: {}, client: { retry: "none" } }],
    });
    assert.equal(none!.retry.attemptsMax, 1);
    const [law] = routersOf({ client: { retry: { custom: { backoff: { constant: "700ms" } } } } });
    assert.equal(law!.retry.nextDelayMs(0, "error", Number.NaN, 0.3), 700);
  });

  it("routing draws follow from seed, request and attempt alone", () => {
    const draw = (seed: number, request: number, attempt: number) => {
      const random = routingRandom(seed);
      random.seek(request, attempt);
      return random.next();
    };
    assert.equal(draw(1, 5, 0), draw(1, 5, 0));
    assert.equal(new Set([draw(1, 5, 0), draw(1, 5, 1), draw(1, 6, 0), draw(2, 5, 0)]).size, 4);
  });

  it("says which signals a strategy reads", () => {
    const plan = planOf(scenarioInput({ strategies: ["least-outstanding"] }));
    assert.deepEqual(signalsOf(plan.strategies[0]!), ["inFlight"]);
  });
});

function setUp(strategy: ScenarioInput["strategies"][number]) {
  const plan = planOf(scenarioInput({ strategies: [strategy] }));
  const attempts = newAttempts();
  const world = new Service(plan.world, 1, attempts, { onOutcome() {} });
  const routers = createRouters(plan, plan.strategies[0]!);
  const signals = new Signals(plan, plan.strategies[0]!, world, routers);
  const learning = new Learning(plan.strategies[0]!, plan.client, routers[0]!, signals.hasOwnPictures);
  const request = attempts.allocate();
  writeRequest(attempts, request, chunkOf([{ atMs: 0 }]), 0, plan.classes[0]!, 100);
  const send = (target: number, atMs: number) => {
    learning.sent(routers[0]!, 0, target);
    return beginAttempt(attempts, request, target, plan.classes[0]!, atMs);
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
    // Of two outcomes the later one failed. Throttles apart are no signal of this strategy, and are not learnt.
    assert.ok(router.learnt[0]!.failureShare[0]! > 0.4);
  });
});
