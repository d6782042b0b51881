import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  capacityLines,
  driftText,
  estimateText,
  fitText,
  parseWorldFile,
  renderWorldFile,
} from "../../../scripts/calibrate/world-file.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { type EndpointFit, fitEndpoint } from "../../../simulator/calibrate/fit-endpoint.ts";
import type { FittedSpec } from "../../../simulator/service/capacity/fitted-work.ts";
import { asksOf, callsFrom, FOREIGN } from "../../simulator/calibrate/foreign.ts";

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

const observations = callsFrom(FOREIGN[0]!, asksOf(1, 6, 120), 2).map((row) => ({
  axis: "a",
  region: "us-east-1",
  model: "nova",
  sentMs: row.atMs,
  endMs: row.endMs,
  ttftMs: row.firstMs - row.atMs,
  inputTokens: row.inputTokens,
  cacheReadTokens: 0,
  outputTokens: row.outputTokens,
  maxTokens: 1000,
  outcome: "served" as const,
  roundTripMs: 0,
  axisStartMs: 0,
}));
const storedFit = fitEndpoint({ region: "us-east-1", model: "nova", observations })!;
const render = (fits: readonly EndpointFit[]) =>
  renderWorldFile({
    fits,
    modelIds: { nova: "amazon.nova-pro-v1:0" },
    sources: ["runs/a"],
    meridian: "0.1.0",
    madeAt: new Date(0),
  });

describe("a world file", () => {
  const spec = {
    ...storedFit.spec,
    servers: 7,
    waitingRoom: 3,
    isWhole: true,
    sharedNoise: true,
    promptSlowdown: 0.25,
    load: [
      [1, 1],
      [2, 1.04],
    ] as const,
    counts: "decoding" as const,
    applies: "at-start" as const,
    prompts: "in-steps" as const,
  };
  const quota = { of: "tokens", law: "token-bucket", limit: 1234.4, burst: 99.6, burndown: 5, error: 0.01 } as const;

  it("holds the fit to six digits, its noise to five", () => {
    const read = parseWorldFile(render([{ ...storedFit, spec }]), "w.yaml").capacityOf("us-east-1", "nova");
    assert.ok(read?.kind === "fitted");
    assert.ok(read.outputNoise?.kind === "empirical" && spec.outputNoise?.kind === "empirical");
    assert.ok("quantiles" in read.outputNoise && "quantiles" in spec.outputNoise);
    for (const [i, [share, value]] of read.outputNoise.quantiles.entries()) {
      const [wantedShare, wanted] = spec.outputNoise.quantiles[i]!;
      assert.ok(share === wantedShare && Math.abs(value / wanted - 1) < 1e-4);
    }
    const plain = (value: FittedSpec) => ({ ...value, promptNoise: null, outputNoise: null });
    const rounded = JSON.parse(
      JSON.stringify(plain(spec), (_key, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value)),
    );
    assert.deepEqual(JSON.parse(JSON.stringify(plain(read))), rounded);
  });

  it("stands for regions that were not measured, and for no other model", () => {
    const world = parseWorldFile(render([storedFit]), "w.yaml");
    assert.equal(world.capacityOf("eu-west-1", "nova")?.kind, "fitted");
    assert.equal(world.capacityOf("us-east-1", "sonnet"), undefined);
  });

  it("says where it is from, how sure it is and what it could not tell", () => {
    const text = render([{ ...storedFit, quota }]);
    for (const part of [
      "meridian 0.1.0 calibrate on 1970-01-01",
      "#   runs/a",
      "output.perToken: ",
      "held-out error: e2e p50",
      "WARNING less than a day",
      "{ region: us-east-1, model: nova, tokensPerMinute: { limit: 1234, law: token-bucket, burst: 100 }, burndown: 5 }",
    ]) {
      assert.ok(text.includes(part), part);
    }
    assert.ok(!render([{ ...storedFit, quota: { ...quota, error: 0.4 } }]).includes("quotas:"));
  });

  it("that is damaged is refused with its line", () => {
    const text = render([storedFit]).replace("kind: fitted", "kind: fited");
    assert.throws(
      () => parseWorldFile(text, "w.yaml"),
      (error) => error instanceof MeridianError && /^w\.yaml:\d+ /.test(error.problems[0]!.where ?? ""),
    );
  });

  it("estimates are short", () => {
    const estimate = { name: "servers", unit: "calls", value: 8, low: 8, high: Number.POSITIVE_INFINITY } as const;
    assert.equal(estimateText(estimate), "8 [8, unlimited]");
    assert.equal(estimateText({ ...estimate, unit: "ms", value: 9.3124567, high: 9.5 }), "9.312 ms [8, 9.5]");
    assert.ok(capacityLines({ ...spec, servers: Number.POSITIVE_INFINITY }).includes("servers: unlimited"));
  });
});
