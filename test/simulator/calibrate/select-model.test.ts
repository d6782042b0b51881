import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CurveKind, NO_LUCK } from "../../../simulator/calibrate/candidate-model.ts";
import { type Contender, chooseRival, evidenceWeights } from "../../../simulator/calibrate/select-model.ts";

const parameters = {
  servers: 4,
  promptBaseMs: 1,
  promptPerTokenMs: 1,
  perOutputTokenMs: 1,
  promptSlowdown: 0,
  curve: [],
  promptLuck: NO_LUCK,
  outputLuck: NO_LUCK,
  sameLuck: false,
};

/** A thousand calls of one error each. */
const rival = (curve: CurveKind, error: number, moreLoad: number, heldOut = 0.1): Contender => {
  const each = new Float64Array(1000).fill(error);
  const variant = { curve, prompts: "own", counts: "all", applies: "continuously", isWhole: false } as const;
  return {
    candidate: { variant, parameters, error },
    heldOut: { perCall: heldOut, perPercentile: 0, total: heldOut, percentiles: [] },
    errors: { e2e: each, ttft: each, both: each },
    moreLoad,
  };
};

describe("which rival is taken", () => {
  it("is the best where the calls tell them apart", () => {
    const rivals = [rival("flat", 0.2, 1000), rival("straight", 0.19, 1500), rival("power", 0.2, 9000)];
    assert.equal(chooseRival(rivals), rivals[1]);
  });

  it("is the one in the middle where they do not", () => {
    const rivals = [rival("straight", 0.2, 9000), rival("straight", 0.2, 1000), rival("straight", 0.2, 1500)];
    assert.equal(chooseRival(rivals), rivals[2]);
  });

  it("weighs evidence by its likelihood: exp(-N ln(error / error)) for each of E2E and TTFT", () => {
    const [one, other] = evidenceWeights([rival("straight", 0.2, 1), rival("straight", 0.2002, 2)]);
    assert.ok(Math.abs(one! / other! - 1.001 ** 2000) < 1e-6);
    const [plain, bent] = evidenceWeights([rival("straight", 0.2, 1), rival("power", 0.2, 2)]);
    assert.ok(Math.abs(plain! / bent! - Math.exp(3)) < 1e-9);
  });

  it("leaves out what the held-out calls rule out, and knows when there is none", () => {
    const rivals = [rival("flat", 0.1, 1000, 0.2), rival("straight", 0.2, 1500)];
    assert.deepEqual(evidenceWeights(rivals), [0, 1]);
    assert.equal(chooseRival([]), undefined);
  });
});
