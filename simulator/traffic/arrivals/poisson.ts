/** The arrival process `poisson`: independent callers at a constant rate. */
import { z } from "zod";
import { unionOf } from "../../base/schema-forms.ts";
import { createLaw } from "../../random/laws/index.ts";
import { type ArrivalDefinition, arrivalRate, renewalProcess } from "../arrival-process.ts";

export interface PoissonSpec {
  readonly process: "poisson";
  readonly ratePerS: number;
}

/** Independent callers: exponential gaps. Rate 0 means no requests. */
export const poisson: ArrivalDefinition<PoissonSpec> = {
  name: "poisson",
  summary: "Independent callers at a constant rate: { poisson: 20/s }",
  schema: unionOf([arrivalRate, z.strictObject({ rate: arrivalRate }).transform(({ rate }) => rate)]).transform(
    (ratePerS) => ({ process: "poisson" as const, ratePerS }),
  ),
  scaled: (spec, factor) => ({ ...spec, ratePerS: spec.ratePerS * factor }),
  create: ({ ratePerS }, { random }) =>
    renewalProcess(createLaw({ kind: "exponential", mean: 1000 / ratePerS }), random),
};
