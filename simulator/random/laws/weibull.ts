/** The law `weibull`: a stretched exponential, by shape and mean or scale. */
import { z } from "zod";
import { lnGamma } from "../../base/special-functions.ts";
import { above0, type LawDefinition, positiveNumber } from "../law.ts";

export interface WeibullSpec {
  readonly kind: "weibull";
  /** Below 1: bursty with a stretched tail; 1: exponential; above 1: regular. */
  readonly shape: number;
  readonly scale: number;
}

/** Q(u) = scale·(-ln(1-u))^(1/shape); mean = scale·Γ(1 + 1/shape). Given by mean or by scale. */
export const weibull: LawDefinition<WeibullSpec> = {
  name: "weibull",
  summary: "Stretched exponential by mean or scale: { weibull: { mean: 1s, shape: 0.5 } }",
  schema: (quantity) =>
    z
      .strictObject({
        shape: positiveNumber("shape", "Below 1 bursty, 1 exponential, above 1 regular").refine(
          (shape) => shape >= 0.1,
          "shape must be at least 0.1",
        ),
        mean: above0(quantity, "mean").optional(),
        scale: above0(quantity, "scale").optional(),
      })
      .refine(({ mean, scale }) => (mean === undefined) !== (scale === undefined), "give either mean or scale")
      .transform(({ shape, mean, scale }) => ({
        kind: "weibull" as const,
        shape,
        scale: scale ?? mean! / meanOfUnitScale(shape),
      })),
  create: ({ shape, scale }) => {
    const mean = scale * meanOfUnitScale(shape);
    return {
      name: `weibull(shape ${shape}, scale ${scale})`,
      mean,
      variance: scale * scale * Math.exp(lnGamma(1 + 2 / shape)) - mean * mean,
      cdf: (x) => (x <= 0 ? 0 : -Math.expm1(-((x / scale) ** shape))),
      quantile: (u) => scale * (-Math.log1p(-u)) ** (1 / shape),
    };
  },
};

function meanOfUnitScale(shape: number): number {
  return Math.exp(lnGamma(1 + 1 / shape));
}
