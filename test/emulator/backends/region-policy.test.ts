import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withRegionPolicy } from "../../../emulator/backends/region-policy.ts";
import type { Admission, InferenceBackend, InferenceCall } from "../../../emulator/model/backend.ts";
import { CLAUDE, CLAUDE_BASE, callOf, recordedObserver } from "../support.ts";

/** Runs calls in their destinations by turns. */
function setUp() {
  let calls = 0;
  const cancelled: string[] = [];
  const backend: InferenceBackend = {
    begin(call): Admission {
      const destinationRegion = call.destinations[calls++ % call.destinations.length]!;
      const handle = {
        ...{ destinationRegion, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 },
        ...{ tokensWritten: () => 0, nextTokenMs: () => 0, cancel: () => cancelled.push(destinationRegion) },
      };
      return { kind: "accepted", handle };
    },
  };
  const policy = withRegionPolicy(backend, "arn:aws:iam::123456789012:user/u");
  const begin = (overrides: Partial<InferenceCall> = {}) =>
    policy.begin(callOf({ destinations: ["us-east-1", "us-west-2"], ...overrides }), 0, recordedObserver());
  return { policy, begin, cancelled, calls: () => calls };
}

describe("region policy", () => {
  it("denies calls that run in a denied region, with IAM's words, and serves the others", () => {
    const { policy, begin, cancelled } = setUp();
    policy.deny(["us-west-2"]);
    assert.equal(begin({ profileId: CLAUDE }).kind, "accepted");
    assert.deepEqual(begin({ profileId: CLAUDE, operation: "ConverseStream" }), {
      kind: "refused",
      fault: {
        name: "AccessDeniedException",
        gate: "policy",
        message: `User: arn:aws:iam::123456789012:user/u is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-west-2::foundation-model/${CLAUDE_BASE} with an explicit deny in a service control policy`,
      },
    });
    assert.deepEqual(cancelled, ["us-west-2"]);
    policy.deny([]);
    assert.deepEqual(
      [begin(), begin()].map(({ kind }) => kind),
      ["accepted", "accepted"],
    );
  });
  it("denies each call of a profile that may choose a denied region, where it is asked so", () => {
    const { policy, begin, calls } = setUp();
    policy.deny(["us-west-2"], "profile");
    const refused = begin({ profileId: CLAUDE });
    assert.ok(refused.kind === "refused");
    assert.match(refused.fault.message ?? "", /aws:bedrock:us-west-2::foundation-model/);
    assert.equal(begin({ destinations: ["us-east-1"] }).kind, "accepted");
    assert.equal(calls(), 1);
  });
  it("begins no call that no region may run, and names no region for a global profile", () => {
    const { policy, begin, calls } = setUp();
    policy.deny(["us-east-1", "us-west-2"]);
    const refused = begin({ profileId: `global.${CLAUDE_BASE}` });
    assert.ok(refused.kind === "refused");
    assert.match(refused.fault.message ?? "", /bedrock:InvokeModel on resource: arn:aws:bedrock:::foundation-model\//);
    assert.equal(calls(), 0);
  });
});
