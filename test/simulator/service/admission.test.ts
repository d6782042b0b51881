import assert from "node:assert/strict";
import { test } from "node:test";
import { Admission } from "../../../simulator/service/admission.ts";
import { ATTEMPT, ATTEMPT_INTS } from "../../../simulator/service/attempt-table.ts";
import { FaultState } from "../../../simulator/service/fault-state.ts";
import { addAttempt, newAttempts } from "./attempts.ts";
import { fault, quotaSpec, routePlan, servicePlan } from "./plan.ts";

const ROUTE = routePlan([0], { quotas: [0] });
const CALL = { inputTokens: 100, outputTokens: 50, maxTokens: 400 };

function admissionOf(limit: number, over: Parameters<typeof quotaSpec>[1] = {}) {
  const table = newAttempts();
  const plan = servicePlan({ quotas: [quotaSpec(limit, over)] });
  return { plan, table, admission: new Admission(plan, table), add: () => addAttempt(table, CALL) };
}

test("a call reserves input and max_tokens, and settles what it used: the rest is free again", () => {
  const { admission, add } = admissionOf(1000);
  const [first, second, third] = [add(), add(), add()];
  assert.ok(admission.admits(0, first, ROUTE));
  assert.ok(admission.admits(0, second, ROUTE), "two reservations of 500 fill a thousand");
  assert.ok(!admission.admits(1, third, ROUTE));
  assert.equal(admission.headroom(1, ROUTE, 0), 0);
  admission.settleServed(2, first);
  assert.equal(admission.headroom(2, ROUTE, 0), 0.35, "150 used and 500 reserved of a thousand");
  admission.giveBack(3, second);
  assert.equal(admission.headroom(3, ROUTE, 0), 0.85);
});

test("a refusal says which quota it was and how long to wait", () => {
  const { admission, table, add } = admissionOf(300, { retryAfterMs: 2000 });
  const attempt = add();
  assert.ok(!admission.admits(0, attempt, ROUTE));
  assert.equal(table.ints[attempt * ATTEMPT_INTS + ATTEMPT.refusal]! >> 2, 0);
  assert.equal(admission.retryAfterMs(attempt), 2000);
  assert.equal(admission.use()[0]?.refusedTokensPerMinute, 1);
});

test("a route without a quota admits every call; a quota cut refuses sooner", () => {
  const { admission, plan, add } = admissionOf(1000);
  assert.ok(admission.admits(0, add(), routePlan([0])));
  assert.equal(admission.headroom(0, routePlan([0]), 0), 1);
  const faults = new FaultState({ ...plan, faults: [fault("quota-cut", { amount: 0.4, atMs: 0, forMs: 60_000 })] }, 1);
  faults.advance();
  admission.rescale(0, faults);
  assert.ok(!admission.admits(0, add(), ROUTE), "400 are left of a thousand");
});
