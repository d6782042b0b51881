import assert from "node:assert/strict";
import { it } from "node:test";
import { isOutOfMoney } from "../../../../simulator/replay/adapters/out-of-money.ts";

it("a limit of money is told from one of rate", () => {
  for (const name of [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
  ]) {
    assert.ok(isOutOfMoney(name), name);
  }
  for (const name of ["rate_limit_exceeded", "slow_down", "ThrottlingException", ""])
    assert.ok(!isOutOfMoney(name), name);
});
