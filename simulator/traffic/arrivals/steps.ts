/** The arrival process `steps`: a rate that goes through given steps. */
import { z } from "zod";
import { durationMs } from "../../base/schema-forms.ts";
import { createLaw } from "../../random/laws/index.ts";
import { type ArrivalDefinition, arrivalRate, burstinessCv, renewalProcess } from "../arrival-process.ts";
import { timeChanged } from "../day-shape.ts";

export interface StepsSpec {
  readonly process: "steps";
  /** Mean over all steps. */
  readonly ratePerS: number;
  readonly stepMs: number;
  /** Relative rates, one a step. */
  readonly weights: readonly number[];
  readonly cv: number;
}

/** Steps in turn, from the start on and then again: gamma gaps in operational time (cv 1: an inhomogeneous Poisson process). */
export const steps: ArrivalDefinition<StepsSpec> = {
  name: "steps",
  summary: "A rate in steps of one length, over and over: { steps: { rate: 20/s, step: 10m, weights: [1, 2, 0.5] } }",
  schema: z
    .strictObject({
      rate: arrivalRate,
      step: durationMs.refine((ms) => ms > 0, "step must be above 0").meta({ description: "How long each step lasts" }),
      weights: z
        .array(z.number().min(0))
        .min(1)
        .max(10_000)
        .refine((list) => list.some((weight) => weight > 0), "at least one weight must be above 0")
        .meta({ description: "Relative rates, one a step; after the last the first comes again" }),
      cv: burstinessCv.default(1),
    })
    .transform(({ rate, step, weights, cv }) => ({
      process: "steps" as const,
      ratePerS: rate,
      stepMs: step,
      weights,
      cv,
    })),
  scaled: (spec, factor) => ({ ...spec, ratePerS: spec.ratePerS * factor }),
  create: ({ ratePerS, stepMs, weights, cv }, { random }) => {
    const mean = 1000 / ratePerS;
    const gap = createLaw(cv === 1 ? { kind: "exponential", mean } : { kind: "gamma", mean, cv });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return timeChanged(renewalProcess(gap, random), {
      startMs: Float64Array.from(weights, (_, i) => i * stepMs),
      rate: Float64Array.from(weights, (weight) => (weight * weights.length) / total),
      periodMs: weights.length * stepMs,
    });
  },
};
