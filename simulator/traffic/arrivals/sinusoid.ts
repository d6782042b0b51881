/** The arrival process `sinusoid`: Poisson with a sine-shaped rate. */
import { z } from "zod";
import { durationMs } from "../../base/schema-forms.ts";
import { DAY_MS } from "../../base/time.ts";
import { createLaw } from "../../random/laws/index.ts";
import { BLOCK, blockDraw } from "../../random/sampler.ts";
import { type ArrivalDefinition, arrivalRate } from "../arrival-process.ts";

export interface SinusoidSpec {
  readonly process: "sinusoid";
  readonly ratePerS: number;
  readonly amplitude: number;
  readonly periodMs: number;
  readonly peakAtMs: number;
}

/** Stretches of a period over which the rate is known within narrow limits without a cosine for each candidate. */
const STRETCHES = 1024;
/** Half the phase of a stretch, and a little for rounding: the cosine differs from that of the middle by no more. */
const SLACK = Math.PI / STRETCHES + 1e-9;

/**
 * Poisson with rate(t) = mean · (1 + amplitude · cos(2π (t - peakAt) / period)), exact by thinning: candidates come at
 * the peak rate and are kept with chance rate(t) / peak rate. Source: Lewis and Shedler 1979. Most candidates are decided by limits of the rate
 * that hold for a while; the rate itself is worked out for those between them.
 */
export const sinusoid: ArrivalDefinition<SinusoidSpec> = {
  name: "sinusoid",
  summary: "Poisson with a sine-shaped rate: { sinusoid: { rate: 20/s, amplitude: 0.5, period: 24h, peakAt: 15h } }",
  schema: z
    .strictObject({
      rate: arrivalRate,
      amplitude: z.number().min(0).max(1).meta({ description: "Swing relative to the mean, 0 to 1" }),
      period: durationMs
        .refine((ms) => ms > 0, "period must be above 0")
        .default(DAY_MS)
        .meta({ description: "Time from one peak to the next: 24h" }),
      peakAt: durationMs.default(0).meta({ description: "A time, after the start, at which the rate is highest" }),
    })
    .transform(({ rate, amplitude, period, peakAt }) => ({
      process: "sinusoid" as const,
      ratePerS: rate,
      amplitude,
      periodMs: period,
      peakAtMs: peakAt,
    })),
  scaled: (spec, factor) => ({ ...spec, ratePerS: spec.ratePerS * factor }),
  create: ({ ratePerS, amplitude, periodMs, peakAtMs }, { random }) => {
    const peakRatePerS = ratePerS * (1 + amplitude);
    if (peakRatePerS === 0) return { fill: (_arrivalMs, from) => from };
    const drawGaps = blockDraw(createLaw({ kind: "exponential", mean: 1000 / peakRatePerS }), random("arrivals"));
    const keep = random("thinning");
    const angular = (2 * Math.PI) / periodMs;
    let nowMs = 0;
    let gaps = drawGaps(0);
    const uniforms = new Float64Array(BLOCK);
    let used = BLOCK;
    const stretchMs = periodMs / STRETCHES;
    let untilMs = Number.NEGATIVE_INFINITY;
    let surely = 0;
    let perhaps = 0;
    return {
      fill(arrivalMs, from, to) {
        // Locals in the loop: a closure's variable is boxed at every change.
        let t = nowMs;
        for (let i = from; i < to; ) {
          if (used === BLOCK) {
            gaps = drawGaps(BLOCK);
            keep.fill(uniforms, BLOCK);
            used = 0;
          }
          const drawn = uniforms[used]! * (1 + amplitude);
          t += gaps[used++]!;
          if (t >= untilMs) {
            untilMs = t + stretchMs;
            const middle = Math.cos(angular * (t + stretchMs / 2 - peakAtMs));
            surely = 1 + amplitude * (middle - SLACK);
            perhaps = 1 + amplitude * (middle + SLACK);
          }
          if (drawn >= perhaps) continue;
          if (drawn < surely || drawn < 1 + amplitude * Math.cos(angular * (t - peakAtMs))) arrivalMs[i++] = t;
        }
        nowMs = t;
        return to;
      },
    };
  },
};
