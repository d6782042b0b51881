import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { probeFileSchema, summariseProbes } from "../../../simulator/probe/summary.ts";
import { probeOf } from "./probes.ts";

describe("what probes say together", () => {
  it("groups by region and model, counts failures by kind and keeps them out of the figures", () => {
    const failed = { ttftMs: null, e2eMs: 5, interTokenMs: [], status: 429 };
    const [east, west] = summariseProbes([
      probeOf({ ttftMs: 100 }),
      probeOf({ ...failed, error: "throttled" }),
      probeOf({ region: "eu-west-1" }),
      probeOf({ ...failed, error: "timeout" }),
      probeOf({ ...failed, error: "throttled" }),
      probeOf({ ttftMs: 300 }),
    ]);
    assert.deepEqual([east!.region, east!.calls, east!.answered], ["us-east-1", 5, 2]);
    assert.deepEqual(east!.errors, [
      ["throttled", 2],
      ["timeout", 1],
    ]);
    assert.deepEqual([east!.ttftMsP50.value, east!.ttftMsP50.n, east!.ttftMsP95.value], [100, 2, null]);
    assert.deepEqual([west!.region, west!.calls], ["eu-west-1", 1]);
  });

  it("takes tokens per second from what came after the first piece, also where pieces hold several", () => {
    // 5 tokens, 20 ms apart: 50/s. 10 tokens in 5 pieces, 20 ms apart: 100/s.
    const one = summariseProbes([probeOf(), probeOf()])[0]!;
    assert.equal(one.tokensPerSP50.value, 50);
    assert.equal(one.tokensPerPiece, 1);
    const two = summariseProbes([probeOf({ outputTokens: 10 }), probeOf({ outputTokens: 10 })])[0]!;
    assert.equal(two.tokensPerSP50.value, 100);
    assert.equal(two.tokensPerPiece, 2);
  });

  it("pools gaps, and takes the service's own latency off for the network", () => {
    const summary = summariseProbes([
      probeOf({ interTokenMs: [10, 20, 400] }),
      probeOf({ interTokenMs: [30], e2eMs: 310 }),
    ])[0]!;
    assert.deepEqual(summary.gaps, { n: 4, p50Ms: 20, p95Ms: null, maxMs: 400 });
    assert.equal(summary.overheadMsP50.value, 15);
    assert.equal(summary.clockSkewMs, 300);
  });

  it("survives answers without text and calls that never connected", () => {
    const nothing = { connectMs: null, headersMs: null, ttftMs: null, e2eMs: null, serverLatencyMs: null };
    const summary = summariseProbes([
      probeOf({ ...nothing, interTokenMs: [], clockSkewMs: null, error: "dns", status: 0 }),
    ])[0]!;
    assert.deepEqual([summary.tokensPerPiece, summary.clockSkewMs, summary.gaps.maxMs], [null, null, null]);
    assert.equal(summary.ttftMsP50.value, null);
  });

  it("has files of one shape", () => {
    const file = { schemaVersion: 1, tool: "meridian probe", version: "0", ended: "all", harness: null };
    assert.ok(probeFileSchema.safeParse({ ...file, probes: [probeOf()] }).success);
    assert.ok(!probeFileSchema.safeParse({ ...file, probes: [probeOf({ ttftMs: -1 })] }).success);
    assert.ok(!probeFileSchema.safeParse({ ...file, schemaVersion: 2, probes: [] }).success);
  });
});
