/** The law `lognormal`: skewed service times and token counts, by mean and coefficient of variation. */
import normalCdf from "@stdlib/stats-base-dists-normal-cdf";
import { z } from "zod";
import { normalQuantile } from "../../base/special-functions.ts";
import { above0, type LawDefinition, positiveNumber } from "../law.ts";

export interface LognormalSpec {
  readonly kind: "lognormal";
  readonly mean: number;
  /** Coefficient of variation: standard deviation / mean. */
  readonly cv: number;
}

const CV_MAX = 1000;

/**
 * A product of many small factors: the usual law of service times and token counts. With mean m and cv c the
 * logarithm is normal with variance s² = ln(1 + c²) and mean ln m - s²/2.
 */
export const lognormal: LawDefinition<LognormalSpec> = {
  name: "lognormal",
  summary: "Skewed law of service times and lengths: { lognormal: { mean: 4s, cv: 1 } }",
  schema: (quantity) =>
    z
      .strictObject({
        mean: above0(quantity, "mean"),
        cv: positiveNumber("cv", "Coefficient of variation: standard deviation / mean").refine(
          (cv) => cv <= CV_MAX,
          `cv must be at most ${CV_MAX}; write 10 or less: above it, most of the mean is in values that are hardly ever drawn`,
        ),
      })
      .transform(({ mean, cv }) => ({ kind: "lognormal" as const, mean, cv })),
  create: ({ mean, cv }) => {
    const logVariance = Math.log1p(cv * cv);
    const sigma = Math.sqrt(logVariance);
    const mu = Math.log(mean) - logVariance / 2;
    return {
      name: `lognormal(mean ${mean}, cv ${cv})`,
      mean,
      variance: (mean * cv) ** 2,
      cdf: (x) => (x <= 0 ? 0 : normalCdf((Math.log(x) - mu) / sigma, 0, 1)),
      quantile: (u) => Math.exp(mu + sigma * normalQuantile(u)),
    };
  },
};
