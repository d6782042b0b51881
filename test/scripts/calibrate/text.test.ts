import assert from "node:assert/strict";
import { it } from "node:test";
import { driftText, fitText } from "../../../scripts/calibrate/text.ts";
import type { EndpointFit } from "../../../simulator/calibrate/fit-endpoint.ts";

const fit: EndpointFit = {
  region: "us-east-1",
  model: "nova",
  counts: { served: 900, throttled: 12, refused: 0, failed: 0, left: 3 },
  variant: { curve: "straight", prompts: "in-steps", counts: "decoding", applies: "continuously", isWhole: false },
  spec: {
    kind: "fitted",
    servers: Number.POSITIVE_INFINITY,
    promptBaseMs: 30,
    promptPerTokenMs: 0.03,
    prompts: "in-steps",
    promptSlowdown: 1.5,
    perOutputTokenMs: 14,
    promptNoise: null,
    outputNoise: null,
    sharedNoise: false,
    isWhole: false,
    load: [],
    counts: "decoding",
    applies: "continuously",
    waitingRoom: Number.POSITIVE_INFINITY,
    patience: null,
    queueDelayMsMax: Number.POSITIVE_INFINITY,
    background: null,
  },
  estimates: [{ name: "output.perToken", unit: "ms", value: 14, low: 13.5, high: 14.5 }],
  seen: { calls: 903, spanMs: 150_000, callsPerS: 6.02, insideMax: 17, inputTokens: [20, 900], outputTokens: [5, 200] },
  heldOut: [
    { measure: "e2e", share: 0.5, measuredMs: 1000, predictedMs: 1040 },
    { measure: "e2e", share: 0.95, measuredMs: 3000, predictedMs: 2850 },
  ],
  extrapolation: { load: 1.5, e2eMsP95: 4330.4, lowMs: 4279, highMs: 4400, candidates: 2 },
  quota: { of: "tokens", law: "token-bucket", limit: 300_000, burst: 1000, burndown: 5, error: 0.1 },
  warnings: [{ code: "X", what: "something is not known", fix: "measure it" }],
};

it("a fit is described with its intervals, its error and what is not known", () => {
  const text = fitText(fit);
  for (const part of [
    "nova in us-east-1: 900 served, 12 throttled, 3 left; 6.0/s, up to 17 inside",
    "no limit on places seen; time grows in a straight line with the calls inside; prompts read in steps",
    "14 ms [13.5, 14.5]",
    "E2E p50 +4.0 %, E2E p95 −5.0 %",
    "at 1.5 times the load: p95 E2E 4330 ms (4279 to 4400",
    "300000 tokens a minute, token-bucket; it decides 90.0 %",
    "warning: something is not known\n    fix: measure it",
  ]) {
    assert.ok(text.includes(part), part);
  }
});

it("drift is shown by percentile, with what moved", () => {
  const error = { measure: "e2e", share: 0.95, measuredMs: 3000, predictedMs: 2400, error: -0.2 } as const;
  const moved = [{ name: "output.perToken", stored: 11, now: fit.estimates[0]! }];
  const text = driftText("us-east-1", "nova", [{ ...error, low: -0.25, high: -0.15, isDrift: true }], moved);
  assert.ok(/E2E p95 +│ 3000 ms +│ 2400 ms +│ −20\.0 % \[−25\.0 %, −15\.0 %\] +│ drifted/.test(text), text);
  assert.ok(text.includes("moved: output.perToken was 11, is 14 ms [13.5, 14.5]"));
});
