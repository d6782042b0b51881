/** The law `gamma`: regular to bursty gaps, by mean and coefficient of variation. */
import { z } from "zod";
import { gammaQuantile, incompleteGamma } from "../../base/special-functions.ts";
import { above0, type LawDefinition, positiveNumber } from "../law.ts";

export interface GammaSpec {
  readonly kind: "gamma";
  readonly mean: number;
  /** Coefficient of variation: standard deviation / mean. */
  readonly cv: number;
}

/** Gamma law with shape 1/cv² and scale mean·cv²: cv above 1 for bursty gaps, below 1 for regular ones. */
export const gamma: LawDefinition<GammaSpec> = {
  name: "gamma",
  summary: "Regular (cv < 1) to bursty (cv > 1) law: { gamma: { mean: 1s, cv: 3 } }",
  schema: (quantity) =>
    z
      .strictObject({
        mean: above0(quantity, "mean"),
        cv: positiveNumber("cv", "Coefficient of variation: standard deviation / mean").refine(
          (cv) => cv >= 0.01 && cv <= 100,
          "cv must be between 0.01 and 100; use constant for no variation",
        ),
      })
      .transform(({ mean, cv }) => ({ kind: "gamma" as const, mean, cv })),
  create: ({ mean, cv }) => {
    const shape = 1 / (cv * cv);
    const scale = mean / shape;
    return {
      name: `gamma(mean ${mean}, cv ${cv})`,
      mean,
      variance: (mean * cv) ** 2,
      cdf: (x) => (x <= 0 ? 0 : incompleteGamma(shape, x / scale).lower),
      quantile: (u) => scale * gammaQuantile(shape, u),
    };
  },
};
