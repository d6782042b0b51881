/** The arrival process `renewal`: independent gaps of any law. */
import { z } from "zod";
import { createLaw, type LawSpec, lawSchema } from "../../random/laws/index.ts";
import { type ArrivalDefinition, renewalProcess } from "../arrival-process.ts";

export interface RenewalSpec {
  readonly process: "renewal";
  readonly interarrival: LawSpec;
  /** Gaps are shorter by this factor; 1 where it is left out. */
  readonly scale?: number;
}

/** Independent gaps of any law. */
export const renewal: ArrivalDefinition<RenewalSpec> = {
  name: "renewal",
  summary: "Independent gaps of any law: { renewal: { interarrival: { uniform: { min: 0s, max: 2.5s } } } }",
  schema: z
    .strictObject({
      interarrival: lawSchema("durationMs").refine(
        (law) => createLaw(law).mean >= 1e-5,
        "the mean time between requests must be above 0",
      ),
    })
    .transform(({ interarrival }) => ({ process: "renewal" as const, interarrival })),
  scaled: (spec, factor) => ({ ...spec, scale: (spec.scale ?? 1) * factor }),
  create: ({ interarrival, scale = 1 }, { random }) => {
    const process = renewalProcess(createLaw(interarrival), random);
    if (scale === 1) return process;
    return {
      fill(arrivalMs, from, to, recordedRow) {
        const end = process.fill(arrivalMs, from, to, recordedRow);
        for (let i = from; i < end; i++) arrivalMs[i]! /= scale;
        return end;
      },
    };
  },
};
