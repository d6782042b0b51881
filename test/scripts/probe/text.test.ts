import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { skewWords, worstSkewMs } from "../../../scripts/probe/run-probe.ts";
import { formatProbeProgress, probeText } from "../../../scripts/probe/text.ts";
import { summariseProbes } from "../../../simulator/probe/summary.ts";
import { probeOf } from "../../simulator/probe/probes.ts";

describe("the table of a probe", () => {
  it("has a line for each region under its model, and a dash where there is too little to say", () => {
    const probes = [
      probeOf(),
      probeOf(),
      probeOf({ region: "eu-west-1", error: "throttled" }),
      probeOf({ model: "b" }),
    ];
    const text = probeText(summariseProbes(probes), null);
    const lines = text.split("\n");
    assert.ok(lines.indexOf("amazon.nova-pro-v1:0") < lines.indexOf("b"));
    assert.match(text, /us-east-1 +2\/2 +30\.0 +210 +- +- +20\.0 +- +20\.0 +50\.0 +15\.0/);
    assert.match(text, /eu-west-1 +0\/1( +-)+$/m);
    assert.match(text, /could not be measured/);
  });

  it("fits 80 columns for regions' and models' own names", () => {
    const probes = Array.from({ length: 80 }, (_, i) =>
      probeOf({ region: "ap-northeast-1", ttftMs: 1200 + i, e2eMs: 45_000 + i, connectMs: 120, interTokenMs: [1234] }),
    );
    const table = probeText(summariseProbes(probes), null).split("\n\n")[0]!;
    assert.ok(
      table.split("\n").every((line) => line.length <= 80),
      table,
    );
  });

  it("notes pieces of several tokens and clocks that disagree", () => {
    const probes = [probeOf({ outputTokens: 15, clockSkewMs: 400_000 }), probeOf({ outputTokens: 15 })];
    const summaries = summariseProbes(probes);
    const text = probeText(summaries, { ttftErrorMsP50: 3.14, gapErrorMsP95: 1 });
    assert.match(text, /sends 3\.0 tokens at a time/);
    assert.match(text, /adds 3\.1 ms/);
    assert.equal(worstSkewMs(summaries), 400_000);
    assert.match(skewWords(400_000), /400 s behind.*refuses signatures/);
    assert.match(skewWords(-12_000), /12 s ahead of the service's$/);
  });

  it("says how far it is", () => {
    const moment = { done: 3, planned: 40, failed: 1, region: "eu-west-1", ttftMs: 812, spentUsd: 0.012 };
    assert.equal(formatProbeProgress(moment), "3/40 calls  1 failed  eu-west-1 TTFT 812 ms  0.0120 USD");
    const free = { ...moment, failed: 0, ttftMs: null, spentUsd: 0 };
    assert.equal(formatProbeProgress(free), "3/40 calls  eu-west-1 failed");
  });
});
