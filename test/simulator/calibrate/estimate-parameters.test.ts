import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meanNumber } from "../../../simulator/base/statistics.ts";
import { type Calls, callsOf } from "../../../simulator/calibrate/calls.ts";
import {
  curveFactor,
  curvePoints,
  NO_NOISE,
  noiseOf,
  type Parameters,
  specOf,
  type Variant,
} from "../../../simulator/calibrate/candidate-model.ts";
import { estimateParameters } from "../../../simulator/calibrate/estimate-parameters.ts";
import {
  errorsAtMeasuredConcurrency,
  replayCalls,
  scoreModel,
  scoreReplays,
} from "../../../simulator/calibrate/score.ts";
import { complexityOf, variantsOf } from "../../../simulator/calibrate/select-model.ts";
import { loadFactor } from "../../../simulator/service/capacity/fitted-work.ts";
import { asksOf } from "./foreign.ts";

const parameters = (over: Partial<Parameters>): Parameters => ({
  servers: Number.POSITIVE_INFINITY,
  promptBaseMs: 80,
  promptPerTokenMs: 0.1,
  perOutputTokenMs: 9,
  promptSlowdown: 0,
  curve: [],
  promptNoise: NO_NOISE,
  outputNoise: NO_NOISE,
  sharedNoise: false,
  ...over,
});

/** Calls simulated under known parameters. */
function simulated(variant: Variant, truth: Parameters, count = 600, perS = 6): Calls {
  const asks = asksOf(3, perS, count);
  const rows = asks.map(({ atMs, input, output }) => ({
    atMs,
    firstMs: 0,
    endMs: 0,
    inputTokens: input,
    outputTokens: output,
    isServed: true,
  }));
  const calls = callsOf(rows);
  const { ttftMs, e2eMs } = replayCalls(specOf(variant, truth, 30), calls, 9);
  return callsOf(rows.map((row, i) => ({ ...row, firstMs: row.atMs + ttftMs[i]!, endMs: row.atMs + e2eMs[i]! })));
}

const plain: Variant = { curve: "flat", prompts: "own", counts: "all", applies: "continuously", isWhole: false };

const TRUTHS: readonly (readonly [string, Variant, Partial<Parameters>])[] = [
  ["servers in line", plain, { servers: 7 }],
  ["a batch", { ...plain, curve: "straight", counts: "decoding" }, { curve: [0.04] }],
  ["a batch that paces prompts", { ...plain, curve: "straight", prompts: "shared" }, { curve: [0.04] }],
  ["a bent curve", { ...plain, curve: "power", prompts: "shared" }, { curve: [0.01, 1.6] }],
  ["a shared rate", { ...plain, curve: "capped", prompts: "shared" }, { curve: [5] }],
  ["settled at the start", { ...plain, curve: "straight", applies: "at-start" }, { curve: [0.03] }],
  ["prompts in line", { ...plain, curve: "straight", counts: "decoding", prompts: "in-line" }, { curve: [0.03] }],
  [
    "prompts one at a time that slow the rest",
    { ...plain, curve: "straight", counts: "decoding", prompts: "serial" },
    { curve: [0.03], promptSlowdown: 1 },
  ],
];

describe("parameters are estimated from the calls", () => {
  for (const [name, variant, over] of TRUTHS) {
    it(`of ${name}, without noise to the last percent`, () => {
      const truth = parameters(over);
      const read = estimateParameters(simulated(variant, truth), variant, truth.servers)!;
      const close = (found: number, wanted: number, what: string) =>
        assert.ok(Math.abs(found - wanted) <= 0.01 * Math.abs(wanted) + 1e-9, `${what} ${found}, not ${wanted}`);
      close(read.promptBaseMs, truth.promptBaseMs, "base");
      close(read.promptPerTokenMs, truth.promptPerTokenMs, "per token");
      close(read.perOutputTokenMs, truth.perOutputTokenMs, "per output token");
      for (const calls of [2, 8]) {
        const factor = (curve: readonly number[]) => curveFactor(variant.curve, curve, calls);
        close(factor(read.curve), factor(truth.curve), `factor at ${calls}`);
      }
      if (truth.promptSlowdown > 0) assert.ok(Math.abs(read.promptSlowdown - 1) < 0.1, `${read.promptSlowdown}`);
    });
  }

  it("of prompts in steps, near enough", () => {
    const variant: Variant = { ...plain, curve: "straight", counts: "decoding", prompts: "in-steps" };
    const truth = parameters({ promptBaseMs: 20, promptPerTokenMs: 0.02, curve: [0.04], promptSlowdown: 2 });
    const read = estimateParameters(simulated(variant, truth), variant, truth.servers)!;
    const perToken = ({ promptPerTokenMs, promptSlowdown }: Parameters) => promptPerTokenMs * (1 + promptSlowdown);
    assert.ok(Math.abs(read.promptBaseMs / 20 - 1) < 0.1, `${read.promptBaseMs}`);
    assert.ok(Math.abs(perToken(read) / perToken(truth) - 1) < 0.15, `${perToken(read)}`);
  });

  it("of answers in one piece", () => {
    const variant: Variant = { ...plain, prompts: "shared", isWhole: true };
    const truth = parameters({ servers: 8 });
    const read = estimateParameters(simulated(variant, truth), variant, 8)!;
    assert.ok(Math.abs(read.perOutputTokenMs / 9 - 1) < 0.01 && Math.abs(read.promptPerTokenMs / 0.1 - 1) < 0.02);
  });

  it("with noise, and whether both parts share it", () => {
    const { noise } = noiseOf([0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 2]);
    for (const sharedNoise of [false, true]) {
      const truth = parameters({ servers: 8, promptNoise: noise, outputNoise: noise, sharedNoise });
      const read = estimateParameters(simulated(plain, truth, 1200), plain, 8)!;
      assert.ok(Math.abs(read.perOutputTokenMs / 9 - 1) < 0.04, `${read.perOutputTokenMs}`);
      assert.equal(read.sharedNoise, sharedNoise);
    }
  });

  it("not of a handful of calls", () => {
    assert.equal(estimateParameters(simulated(plain, parameters({}), 5), plain, 3), undefined);
  });
});

describe("errors", () => {
  it("given the measured concurrency are 0 for the truth, and large with a server too few or too many", () => {
    const truth = parameters({ servers: 6 });
    const calls = simulated(plain, truth);
    const error = (servers: number) =>
      meanNumber(errorsAtMeasuredConcurrency(calls, plain, { ...truth, servers }).both, 0, calls.count);
    assert.ok(error(6) < 1e-6, `${error(6)}`);
    assert.ok(error(5) > 0.05 && error(7) > 0.02, `${error(5)} ${error(7)}`);
  });

  it("of a simulation are 0 for the truth; percentiles are those asked for", () => {
    const truth = parameters({ servers: 6 });
    const calls = simulated(plain, truth, 200);
    const spec = specOf(plain, truth, 20);
    const options = { from: 50, to: 200, seeds: [1, 2], hasTtft: true };
    const { perCall, total } = scoreModel(spec, calls, options);
    // Interpolated percentiles of duplicated values differ a little.
    assert.ok(perCall < 1e-9 && total < 1e-3, `${total}`);
    const twice = replayCalls(spec, calls, 1);
    const late = { ttftMs: twice.ttftMs.map((x) => 2 * x), e2eMs: twice.e2eMs.map((x) => 2 * x) };
    const score = scoreReplays([late], calls, options);
    assert.ok(Math.abs(score.perCall - Math.log(2)) < 1e-9 && Math.abs(score.perPercentile - Math.log(2)) < 1e-9);
    assert.deepEqual(
      score.percentiles.map(({ measure, share }) => `${measure} ${share}`),
      ["e2e 0.5", "e2e 0.9", "e2e 0.95", "e2e 0.99", "ttft 0.5", "ttft 0.9", "ttft 0.95", "ttft 0.99"],
    );
  });
});

describe("variants", () => {
  it("begin with the simplest", () => {
    const variants = variantsOf({ isWhole: false });
    assert.equal(complexityOf(variants[0]!), Math.min(...variants.map(complexityOf)));
    assert.ok(variantsOf({ isWhole: true }).every(({ isWhole }) => isWhole));
  });

  it("have curves that points reproduce, up to four times the measured peak", () => {
    const cases = [
      ["flat", []],
      ["straight", [0.05]],
      ["capped", [6]],
      ["power", [0.01, 1.5]],
    ] as const;
    for (const [kind, numbers] of cases) {
      const points = curvePoints(kind, numbers, 20);
      for (const calls of [1, 3, 6, 7, 20, 41, 80]) {
        const wanted = curveFactor(kind, numbers, calls);
        assert.ok(Math.abs(loadFactor(points, calls) / wanted - 1) < 0.01, `${kind} at ${calls}`);
      }
    }
  });
});
