import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_HEDGE, nextHedgeMs } from "../../../simulator/client/hedge.ts";

test("each hedge is due after the silence, counted from the latest send, up to the maximum", () => {
  const policy = { afterMs: 800, hedgesMax: 2 };
  assert.equal(nextHedgeMs(policy, 0, 1_000), 1_800);
  assert.equal(nextHedgeMs(policy, 1, 1_800), 2_600);
  assert.equal(nextHedgeMs(policy, 2, 2_600), Infinity);
  assert.equal(nextHedgeMs(NO_HEDGE, 0, 0), Infinity);
});
