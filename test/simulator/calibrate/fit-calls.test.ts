import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callsOf } from "../../../simulator/calibrate/calls.ts";
import { curveFactor, specOf } from "../../../simulator/calibrate/candidate-model.ts";
import {
  type CallsFit,
  extrapolationOf,
  fitCalls,
  peakInside,
  underMoreLoad,
} from "../../../simulator/calibrate/fit-calls.ts";
import { scoreModel } from "../../../simulator/calibrate/score.ts";
import { polish, searchVariants } from "../../../simulator/calibrate/select-model.ts";
import { budget } from "../../budget.ts";
import { asksOf, callsFrom, FOREIGN, type Foreign } from "./foreign.ts";

const CALLS = budget(700, 400);
const measured = (foreign: Foreign, seed: number, load: number, count = CALLS) =>
  callsOf(callsFrom(foreign, asksOf(seed, foreign.perS * load, count), seed + 50));

/** Relative errors of p50 and p95 at one and a half times the load, of other calls than those fitted. */
function errorsAtMoreLoad(foreign: Foreign, { candidate, options }: CallsFit): readonly number[] {
  const truth = measured(foreign, 8, 1.5, budget(3000, 1000));
  const scoring = { from: 0, to: truth.count, seeds: [1, 2, 3], hasTtft: options.hasTtft };
  const spec = specOf(candidate.variant, candidate.parameters, options.peak);
  return scoreModel(spec, truth, scoring)
    .percentiles.filter(({ share }) => share === 0.5 || share === 0.95)
    .map(({ measuredMs, predictedMs }) => Math.abs(predictedMs / measuredMs - 1));
}

/** Largest error allowed for each: about twice the one found when this was written. */
const BOUNDS: Readonly<Record<string, number>> = {
  "workers in line, service by tokens": 0.2,
  "steps with a token budget": 0.15,
  "shared rate with a cap": 0.25,
  "prompts one at a time, then tokens by load": 0.15,
  "whole answers from workers": 0.25,
};

describe("endpoints of foreign physics, fitted at one load, are predicted at 1.5 times that load", () => {
  const all: number[] = [];
  for (const [name, bound] of Object.entries(BOUNDS)) {
    it(`${name}, to ${100 * bound} % at worst`, () => {
      const foreign = FOREIGN.find((each) => each.name === name)!;
      const errors = errorsAtMoreLoad(foreign, fitCalls(measured(foreign, 1, 1))!);
      all.push(...errors);
      assert.ok(Math.max(...errors) <= bound, errors.map((error) => error.toFixed(3)).join(" "));
    });
  }

  it("with a median error of 6 % at most", () => {
    const sorted = [...all].sort((a, b) => a - b);
    assert.ok(sorted[Math.floor(sorted.length / 2)]! <= 0.06, sorted.map((error) => error.toFixed(3)).join(" "));
  });
});

describe("a fit", () => {
  const workers = FOREIGN[0]!;
  const calls = measured(workers, 2, 1.2, budget(900, 400));
  const peak = peakInside(calls);

  const fit = fitCalls(calls)!;

  it("finds the workers of a line, and that load slows next to nothing else", () => {
    const { variant, parameters } = fit.candidate;
    assert.equal(parameters.servers, 10);
    const slowest = curveFactor(variant.curve, parameters.curve, 10);
    assert.ok(slowest < 1.06, `${variant.curve} ${slowest}`);
    assert.ok(fit.candidates.length >= 3);
  });

  it("is the same twice", () => {
    const few = measured(workers, 2, 1.2, budget(250, 120));
    assert.deepEqual(fitCalls(few)!.candidate, fitCalls({ ...few })!.candidate);
  });

  const spec = specOf(fit.candidate.variant, fit.candidate.parameters, peak);

  it("gives the range of its candidates' predictions at more load, its own among them", () => {
    const { load, e2eMsP95, lowMs, highMs, candidates } = extrapolationOf(underMoreLoad(calls, spec), fit.candidates);
    assert.equal(load, 1.5);
    assert.ok(candidates >= 1 && lowMs <= e2eMsP95 && e2eMsP95 <= highMs);
  });

  it("polished by simulation is nearer to the calls", () => {
    const [first] = searchVariants(calls, { hasTtft: true, isWhole: false, peak });
    const wrong = { ...first!, parameters: { ...first!.parameters, perOutputTokenMs: 7 } };
    const options = { hasTtft: true, isWhole: false, peak };
    const polished = polish(calls, wrong, options, 60);
    const scoring = { from: 0, to: calls.count, seeds: [5, 6], hasTtft: true };
    const totalOf = (parameters: typeof wrong.parameters) =>
      scoreModel(specOf(wrong.variant, parameters, peak), calls, scoring).total;
    assert.ok(totalOf(polished.parameters) < totalOf(wrong.parameters));
  });
});
