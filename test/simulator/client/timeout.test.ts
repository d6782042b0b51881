import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptDeadlineMs, NO_TIMEOUT } from "../../../simulator/client/timeout.ts";

test("the earlier of the attempt's limit and what is left of the request's", () => {
  const policy = { attemptMs: 60_000, requestMs: 100_000 };
  assert.equal(attemptDeadlineMs(policy, 1_000, 1_000), 61_000);
  assert.equal(attemptDeadlineMs(policy, 1_000, 62_000), 101_000);
  assert.equal(attemptDeadlineMs(NO_TIMEOUT, 1_000, 2_000), Infinity);
});
