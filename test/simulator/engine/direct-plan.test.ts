import assert from "node:assert/strict";
import { it } from "node:test";
import { isDirect } from "../../../simulator/engine/direct-plan.ts";
import type { ScenarioInput } from "../../../simulator/scenario/schema.ts";
import { classInput, HAIKU, planOf, scenarioInput, worldInput } from "../scenario/base.ts";

const isDirectWith = (over: Partial<ScenarioInput>): boolean => {
  const plan = planOf(scenarioInput(over));
  return isDirect(plan, plan.strategies[0]!, null);
};
const withWorld = (over: object): boolean => isDirectWith({ world: worldInput(over) });
const withCapacity = (over: object): boolean => {
  const capacity = { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } }, ...over };
  return withWorld({ models: { m: { id: HAIKU, burndown: 1, capacity } } });
};

it("plain servers behind quotas are reached directly", () => {
  assert.ok(isDirectWith({}));
  assert.ok(withWorld({ quotas: [{ tokensPerMinute: 1000 }] }));
  assert.ok(withCapacity({ waitingRoom: 3, maxQueueDelay: "1s" }));
  assert.ok(isDirectWith({ client: { retry: "standard" }, routers: 3, signals: { source: "shared", age: "1s" } }));
});

it("whatever stands between callers and servers, or changes them on the way, takes the general path", () => {
  const plan = planOf(scenarioInput());
  assert.ok(!isDirect(plan, plan.strategies[0]!, { onAttemptEnd() {}, onRequestEnd() {}, onRunEnd() {} }));
  for (const capacity of [
    { discipline: "priority" },
    { discipline: "processor-sharing" },
    { perOutputToken: "1ms" },
    { perInputToken: "1ms" },
    { patience: { constant: "1s" } },
    { background: { mean: 1, swing: 0, peakAt: "15:00" } },
  ]) {
    assert.ok(!withCapacity(capacity), JSON.stringify(capacity));
  }
  const gateways = [{ kind: "slots", servers: 2, service: { constant: "100ms" } }];
  assert.ok(!withWorld({ gateways }));
  assert.ok(!withWorld({ faults: [{ kind: "outage", region: "a", at: "5s", for: "1s" }] }));
  assert.ok(!withWorld({ network: { roundTrips: "none", overrides: [{ from: "a", to: "b", rtt: "40ms" }] } }));
  for (const client of [
    { retry: "adaptive" },
    { retry: "none", timeout: "1s" },
    { retry: "none", deadline: "1s" },
    { retry: "none", hedge: { after: "1s", max: 1 } },
  ] as const) {
    assert.ok(!isDirectWith({ client }), JSON.stringify(client));
  }
});

it("a prompt cache matters only where prompts have something to find in it", () => {
  const capacity = { kind: "slots", servers: 4, service: { exponential: { mean: "1s" } } };
  const models = { m: { id: HAIKU, burndown: 1, capacity, cache: { minimumTokens: 10 } } };
  const prefix = { tokens: 50, share: 0.5, distinct: 3 };
  const tokens = { input: 100, output: 50, maxTokens: 200 };
  const world = worldInput({ models } as object);
  assert.ok(isDirectWith({ world }));
  assert.ok(!isDirectWith({ world, traffic: [classInput({ tokens: { ...tokens, prefix } } as object)] }));
});
