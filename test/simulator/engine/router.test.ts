import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRouters, refreshShown, routingRandom, signalsOf } from "../../../simulator/engine/router.ts";
import { planOf, scenarioInput } from "../scenario/base.ts";

const routersOf = (over: Parameters<typeof scenarioInput>[0]) => {
  const plan = planOf(scenarioInput({ strategies: ["power-of-two"], ...over }));
  return createRouters(plan, plan.strategies[0]!);
};

describe("routers", () => {
  it("each has a strategy, a budget and an eye of its own", () => {
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
    refreshShown(router!);
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

  it("routing luck is a matter of seed, request and attempt", () => {
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
