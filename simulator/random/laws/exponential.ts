/** The law `exponential`: memoryless, given by its mean. */
import { z } from "zod";
import { above0, type LawDefinition } from "../law.ts";

export interface ExponentialSpec {
  readonly kind: "exponential";
  readonly mean: number;
}

/** Memoryless: the gaps of a Poisson process, the service times of M/M/c. */
export const exponential: LawDefinition<ExponentialSpec> = {
  name: "exponential",
  summary: "Memoryless law with the given mean: { exponential: { mean: 1s } }",
  schema: (quantity) =>
    z
      .strictObject({ mean: above0(quantity, "mean") })
      .transform(({ mean }) => ({ kind: "exponential" as const, mean })),
  create: ({ mean }) => ({
    name: `exponential(mean ${mean})`,
    mean,
    variance: mean * mean,
    cdf: (x) => (x <= 0 ? 0 : -Math.expm1(-x / mean)),
    quantile: (u) => -mean * Math.log1p(-u),
  }),
};
