import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CurveKind, NO_NOISE } from "../../../simulator/calibrate/candidate-model.ts";
import { akaikeWeights, type EvaluatedCandidate, selectModel } from "../../../simulator/calibrate/select-model.ts";

const parameters = {
  servers: 4,
  promptBaseMs: 1,
  promptPerTokenMs: 1,
  perOutputTokenMs: 1,
  promptSlowdown: 0,
  curve: [],
  promptNoise: NO_NOISE,
  outputNoise: NO_NOISE,
  sharedNoise: false,
};

/** A thousand calls of one error each. */
const candidate = (curve: CurveKind, error: number, moreLoad: number, heldOut = 0.1): EvaluatedCandidate => {
  const each = new Float64Array(1000).fill(error);
  const variant = { curve, prompts: "own", counts: "all", applies: "continuously", isWhole: false } as const;
  return {
    candidate: { variant, parameters, error },
    heldOut: { perCall: heldOut, perPercentile: 0, total: heldOut, percentiles: [] },
    errors: { e2e: each, ttft: each, both: each },
    moreLoad,
  };
};

describe("the selected candidate", () => {
  it("is the best where the calls distinguish them", () => {
    const candidates = [candidate("flat", 0.2, 1000), candidate("straight", 0.19, 1500), candidate("power", 0.2, 9000)];
    assert.equal(selectModel(candidates), candidates[1]);
  });

  it("is the weighted median where they do not", () => {
    const candidates = [
      candidate("straight", 0.2, 9000),
      candidate("straight", 0.2, 1000),
      candidate("straight", 0.2, 1500),
    ];
    assert.equal(selectModel(candidates), candidates[2]);
  });

  it("weighs evidence by its likelihood: exp(-N ln(error / error)) for each of E2E and TTFT", () => {
    const [one, other] = akaikeWeights([candidate("straight", 0.2, 1), candidate("straight", 0.2002, 2)]);
    assert.ok(Math.abs(one! / other! - 1.001 ** 2000) < 1e-6);
    const [plain, bent] = akaikeWeights([candidate("straight", 0.2, 1), candidate("power", 0.2, 2)]);
    assert.ok(Math.abs(plain! / bent! - Math.exp(3)) < 1e-9);
  });

  it("is none that the held-out calls rule out, and undefined of none", () => {
    const candidates = [candidate("flat", 0.1, 1000, 0.2), candidate("straight", 0.2, 1500)];
    assert.deepEqual(akaikeWeights(candidates), [0, 1]);
    assert.equal(selectModel([]), undefined);
  });
});
