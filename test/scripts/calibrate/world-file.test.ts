import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { capacityLines, estimateText, parseWorldFile, renderWorldFile } from "../../../scripts/calibrate/world-file.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { type EndpointFit, fitEndpoint } from "../../../simulator/calibrate/fit-endpoint.ts";
import type { FittedSpec } from "../../../simulator/service/capacity/fitted-work.ts";
import { asksOf, callsFrom, FOREIGN } from "../../simulator/calibrate/foreign.ts";

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
const fit = fitEndpoint({ region: "us-east-1", model: "nova", observations })!;
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
    ...fit.spec,
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
    const read = parseWorldFile(render([{ ...fit, spec }]), "w.yaml").capacityOf("us-east-1", "nova");
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
    const world = parseWorldFile(render([fit]), "w.yaml");
    assert.equal(world.capacityOf("eu-west-1", "nova")?.kind, "fitted");
    assert.equal(world.capacityOf("us-east-1", "sonnet"), undefined);
  });

  it("says where it is from, how sure it is and what it could not tell", () => {
    const text = render([{ ...fit, quota }]);
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
    assert.ok(!render([{ ...fit, quota: { ...quota, error: 0.4 } }]).includes("quotas:"));
  });

  it("that is damaged is refused with its line", () => {
    const text = render([fit]).replace("kind: fitted", "kind: fited");
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
