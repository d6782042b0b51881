import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTEMPT, ATTEMPT_INTS } from "../../../simulator/service/attempt-table.ts";
import { Slots } from "../../../simulator/service/capacity/slots.ts";
import { FaultState } from "../../../simulator/service/fault-state.ts";
import { ServiceRouting } from "../../../simulator/service/service-routing.ts";
import { addAttempt, newAttempts } from "./attempts.ts";
import { slotsSpec } from "./capacity/driver.ts";
import { routePlan, servicePlan } from "./plan.ts";

const CONTEXT = { seed: 1, serviceKey: 1, patienceKey: 2, localHourAtStart: 0 };

function routingOf() {
  const table = newAttempts();
  const plan = servicePlan();
  const capacities = plan.endpoints.map(() => new Slots(slotsSpec({ servers: 1 }), CONTEXT, table));
  const routing = new ServiceRouting(plan, table, { capacities, faults: new FaultState(plan, 1) }, 1);
  const fill = (endpoint: number) => capacities[endpoint]!.offer(0, addAttempt(table, { requestId: 90 + endpoint }));
  return { table, routing, fill };
}

test("each destination is tried once, those with room before those without", () => {
  const { table, routing, fill } = routingOf();
  const route = routePlan([0, 1, 2]);
  const attempt = addAttempt(table, { requestId: 1 });
  assert.equal(routing.select(route, attempt), 0);
  fill(1);
  assert.equal(routing.next(route, attempt), 2, "the second has no room");
  assert.equal(routing.next(route, attempt), 1, "then the one without");
  assert.equal(routing.next(route, attempt), -1, "then none is left");
});

test("a new selection forgets what an earlier attempt in the same row had tried", () => {
  const { table, routing } = routingOf();
  const route = routePlan([0, 1, 2]);
  const attempt = addAttempt(table, { requestId: 1 });
  table.ints[attempt * ATTEMPT_INTS + ATTEMPT.tried] = 0b111;
  routing.select(route, attempt);
  assert.equal(routing.next(route, attempt), 1);
});
