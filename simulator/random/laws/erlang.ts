/** The law `erlang`: a sum of equal exponential stages. */
import { z } from "zod";
import { gammaQuantile, incompleteGamma } from "../../base/special-functions.ts";
import { above0, type LawDefinition } from "../law.ts";

export interface ErlangSpec {
  readonly kind: "erlang";
  /** Number of exponential stages. */
  readonly k: number;
  /** Mean of the sum of all stages. */
  readonly mean: number;
}

/** The sum of k equal exponential stages with the given total mean; cv = 1/√k. */
export const erlang: LawDefinition<ErlangSpec> = {
  name: "erlang",
  summary: "Sum of k exponential stages with a total mean: { erlang: { k: 4, mean: 1s } }",
  schema: (quantity) =>
    z
      .strictObject({
        k: z.int().min(1).max(10_000).meta({ description: "Number of exponential stages" }),
        mean: above0(quantity, "mean"),
      })
      .transform(({ k, mean }) => ({ kind: "erlang" as const, k, mean })),
  create: ({ k, mean }) => ({
    name: `erlang(k ${k}, mean ${mean})`,
    mean,
    variance: (mean * mean) / k,
    cdf: (x) => (x <= 0 ? 0 : incompleteGamma(k, (k * x) / mean).lower),
    quantile: (u) => (mean / k) * gammaQuantile(k, u),
  }),
};
