/** The arrival process `flash`: a flash crowd over a base rate. */
import { z } from "zod";
import { durationMs } from "../../base/schema-forms.ts";
import { createLaw } from "../../random/laws/index.ts";
import { type ArrivalDefinition, arrivalRate, renewalProcess } from "../arrival-process.ts";
import { timeChanged } from "../day-shape.ts";

export interface FlashSpec {
  readonly process: "flash";
  readonly ratePerS: number;
  readonly atMs: number;
  readonly forMs: number;
  readonly factor: number;
}

/** A flash crowd: Poisson at a base rate, multiplied by a factor for a while. */
export const flash: ArrivalDefinition<FlashSpec> = {
  name: "flash",
  summary: "A flash crowd over a base rate: { flash: { rate: 10/s, at: 2h, for: 5m, factor: 8 } }",
  schema: z
    .strictObject({
      rate: arrivalRate,
      at: durationMs.meta({ description: "When it begins, after the start" }),
      for: durationMs.refine((ms) => ms > 0, "for must be above 0").meta({ description: "How long it lasts" }),
      factor: z.number().min(0).max(1e6).meta({ description: "Rate during the flash / base rate" }),
    })
    .transform(({ rate, at, for: forMs, factor }) => ({
      process: "flash" as const,
      ratePerS: rate,
      atMs: at,
      forMs,
      factor,
    })),
  scaled: (spec, factor) => ({ ...spec, ratePerS: spec.ratePerS * factor }),
  create: ({ ratePerS, atMs, forMs, factor }, { random }) =>
    timeChanged(renewalProcess(createLaw({ kind: "exponential", mean: 1000 / ratePerS }), random), {
      startMs: atMs > 0 ? Float64Array.of(0, atMs, atMs + forMs) : Float64Array.of(0, forMs),
      rate: atMs > 0 ? Float64Array.of(1, factor, 1) : Float64Array.of(factor, 1),
      periodMs: Number.POSITIVE_INFINITY,
    }),
};
