/** How long the steps of continuous batching take, and what an endpoint of such steps can do at most. */
import { createLaw, type LawSpec, leastDraw } from "../../random/laws/index.ts";
import type { Throughput } from "./capacity.ts";

export interface StepTimes {
  /** alpha: ms of a decode step with nothing in it. */
  readonly stepBaseMs: number;
  /** beta: ms added to a step by each sequence in it. */
  readonly stepPerSequenceMs: number;
  /** Prefill: a delay of base + perToken x uncached input tokens before decoding begins. */
  readonly prefillBaseMs: number;
  readonly prefillPerTokenMs: number;
  /** Prefill also takes decode capacity: this many token steps per uncached input token. */
  readonly prefillWorkPerToken: number;
  /** Multiplies each attempt's work and prefill delay; mean 1. */
  readonly noise: LawSpec | null;
  /** Most sequences in the batch, own only. */
  readonly batchMax: number;
}

/**
 * Two limits. Steps: a full batch of B makes B token steps in alpha + beta (B + b) ms, and a smaller one makes fewer a
 * ms. Places: each of the B is held through the prefill, and for steps that are never shorter than alpha.
 *
 * @example stepThroughputs({ stepBaseMs: 8, stepPerSequenceMs: 2, prefillBaseMs: 0, prefillPerTokenMs: 0, prefillWorkPerToken: 0, noise: null, batchMax: 4 })[0].unitsPerMs(0) // => 0.25
 */
export function stepThroughputs(spec: StepTimes): readonly Throughput[] {
  const { stepBaseMs, stepPerSequenceMs, batchMax, prefillBaseMs, prefillPerTokenMs, prefillWorkPerToken } = spec;
  const noise = spec.noise === null ? 1 : createLaw(spec.noise).mean;
  /** ms of a full batch's step, for each of its sequences. */
  const stepMs = (occupied: number) => stepBaseMs / batchMax + stepPerSequenceMs * (1 + occupied / batchMax);
  const steps: Throughput = {
    perCall: 0,
    perInputToken: prefillWorkPerToken * noise,
    perOutputToken: noise,
    unitsPerMs: (occupied) => 1 / stepMs(occupied),
  };
  const places: Throughput = {
    perCall: prefillBaseMs * noise,
    perInputToken: (prefillPerTokenMs + stepBaseMs * prefillWorkPerToken) * noise,
    perOutputToken: stepBaseMs * noise,
    unitsPerMs: () => batchMax,
  };
  return [...(stepMs(0) > 0 ? [steps] : []), ...(batchMax < Number.POSITIVE_INFINITY ? [places] : [])];
}

/** Time of a call alone in the batch with the least noise that can be drawn, ms. */
export function leastStepsMs(spec: StepTimes, inputTokens: number, outputTokens: number): number {
  const steps = Math.max(1, outputTokens) + spec.prefillWorkPerToken * inputTokens;
  const prefillMs = spec.prefillBaseMs + spec.prefillPerTokenMs * inputTokens;
  const ms = prefillMs + steps * (spec.stepBaseMs + spec.stepPerSequenceMs);
  return ms * (spec.noise === null ? 1 : leastDraw(spec.noise));
}
