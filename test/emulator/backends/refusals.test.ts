import assert from "node:assert/strict";
import { it } from "node:test";
import { faultOf } from "../../../emulator/backends/refusals.ts";
import { statusOf } from "../../../emulator/errors.ts";
import { REFUSED_BY } from "../../../simulator/world/quota/token-quota.ts";
import { OUTCOME } from "../../../simulator/world/world.ts";

it("each end that is not an answer has its status", () => {
  const statuses = (["throttled", "unavailable", "error", "abandoned", "timeout"] as const).map((name) =>
    statusOf(faultOf(OUTCOME[name], 0, Number.NaN).name),
  );
  assert.deepEqual(statuses, [429, 503, 500, 408, 408]);
});

it("a throttle names its limit, whichever quota it was, and carries the hint where there is one", () => {
  const refusal = (17 << 2) | REFUSED_BY.requests;
  assert.deepEqual(faultOf(OUTCOME.throttled, refusal, Number.NaN), {
    name: "ThrottlingException",
    message: "Too many requests, please wait before trying again.",
  });
  assert.equal(faultOf(OUTCOME.throttled, refusal, 1500).retryAfterMs, 1500);
});
