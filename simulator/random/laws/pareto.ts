/** The law `pareto`: a power tail between two ends. */
import { z } from "zod";
import { above0, type LawDefinition, positiveNumber } from "../law.ts";

export interface ParetoSpec {
  readonly kind: "pareto";
  /** Tail exponent: P(X > x) falls as x^-alpha. */
  readonly alpha: number;
  readonly min: number;
  readonly max: number;
}

/** Bounded Pareto law: Q(u) = min·(1 - u·(1 - (min/max)^alpha))^(-1/alpha). Given by min or by its mean. */
export const pareto: LawDefinition<ParetoSpec> = {
  name: "pareto",
  summary: "Power tail between two ends, by min or mean: { pareto: { alpha: 1.3, mean: 1s, max: 10m } }",
  schema: (quantity) =>
    z
      .strictObject({
        alpha: positiveNumber("alpha", "Tail exponent; the smaller, the heavier the tail"),
        max: above0(quantity, "max"),
        min: above0(quantity, "min").optional(),
        mean: above0(quantity, "mean").optional(),
      })
      .refine(({ min, mean }) => (min === undefined) !== (mean === undefined), "give either min or mean")
      .refine(({ min, mean, max }) => (min ?? mean ?? 0) < max, { message: "max must be the largest", path: ["max"] })
      .transform(({ alpha, min, mean, max }) => ({
        kind: "pareto" as const,
        alpha,
        min: min ?? minOfMean(alpha, mean!, max),
        max,
      })),
  create: ({ alpha, min, max }) => {
    const mean = moment(alpha, min, max, 1);
    const cut = 1 - (min / max) ** alpha;
    return {
      name: `pareto(alpha ${alpha}, ${min} to ${max})`,
      mean,
      variance: moment(alpha, min, max, 2) - mean * mean,
      cdf: (x) => (x <= min ? 0 : x >= max ? 1 : (1 - (min / x) ** alpha) / cut),
      quantile: (u) => min * (1 - u * cut) ** (-1 / alpha),
    };
  },
};

/** E[X^order] of the bounded law. */
function moment(alpha: number, min: number, max: number, order: number): number {
  const ratio = min / max;
  const front = (alpha * min ** order) / (1 - ratio ** alpha);
  const power = order - alpha;
  // (max/min)^power - 1 over power, which tends to a logarithm.
  return Math.abs(power) < 1e-9 ? front * -Math.log(ratio) : (front * Math.expm1(-power * Math.log(ratio))) / power;
}

function minOfMean(alpha: number, mean: number, max: number): number {
  let low = 0;
  let high = mean;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (middle > 0 && moment(alpha, middle, max, 1) < mean) low = middle;
    else high = middle;
  }
  return high;
}
