/** The law `constant`: always the same value. */
import type { LawDefinition } from "../law.ts";

export interface ConstantSpec {
  readonly kind: "constant";
  readonly value: number;
}

/** Always the same value, exactly. */
export const constant: LawDefinition<ConstantSpec> = {
  name: "constant",
  summary: "Always the same value: { constant: 1s }, or just 1s",
  schema: (quantity) => quantity.transform((value) => ({ kind: "constant" as const, value })),
  create: ({ value }) => ({
    name: `constant(${value})`,
    mean: value,
    variance: 0,
    cdf: (x) => Number(x >= value),
    quantile: () => value,
    sample: () => value,
  }),
};
