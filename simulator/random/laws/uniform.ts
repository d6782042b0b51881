/** The law `uniform`: equally likely between two ends. */
import { z } from "zod";
import { explained, type LawDefinition } from "../law.ts";

export interface UniformSpec {
  readonly kind: "uniform";
  readonly min: number;
  readonly max: number;
}

/** Equally likely anywhere between two ends. */
export const uniform: LawDefinition<UniformSpec> = {
  name: "uniform",
  summary: "Equally likely between min and max: { uniform: { min: 0s, max: 2.5s } }",
  schema: (quantity) =>
    z
      .strictObject({ min: explained(quantity, "Smallest value"), max: explained(quantity, "Largest value") })
      .refine(({ min, max }) => min < max, { message: "min must be below max", path: ["min"] })
      .transform(({ min, max }) => ({ kind: "uniform" as const, min, max })),
  create: ({ min, max }) => {
    const width = max - min;
    return {
      name: `uniform(${min}, ${max})`,
      mean: (min + max) / 2,
      variance: (width * width) / 12,
      cdf: (x) => (x >= max ? 1 : Math.max(0, (x - min) / width)),
      quantile: (u) => min + u * width,
      sample: (u) => min + u * width,
    };
  },
};
