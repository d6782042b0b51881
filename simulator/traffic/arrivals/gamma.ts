/** The arrival process `gamma`: bursty or paced callers. */
import { z } from "zod";
import { createLaw } from "../../random/laws/index.ts";
import { type ArrivalDefinition, arrivalRate, burstinessCv, renewalProcess } from "../arrival-process.ts";

export interface GammaArrivalsSpec {
  readonly process: "gamma";
  readonly ratePerS: number;
  readonly cv: number;
}

/** Gamma gaps: cv 1 is Poisson, 3 is what bursty services show, below 1 is paced. */
export const gamma: ArrivalDefinition<GammaArrivalsSpec> = {
  name: "gamma",
  summary: "Bursty (cv > 1) or paced (cv < 1) callers: { gamma: { rate: 20/s, cv: 3 } }",
  schema: z
    .strictObject({ rate: arrivalRate, cv: burstinessCv })
    .transform(({ rate, cv }) => ({ process: "gamma" as const, ratePerS: rate, cv })),
  scaled: (spec, factor) => ({ ...spec, ratePerS: spec.ratePerS * factor }),
  create: ({ ratePerS, cv }, { random }) =>
    renewalProcess(createLaw({ kind: "gamma", mean: 1000 / ratePerS, cv }), random),
};
