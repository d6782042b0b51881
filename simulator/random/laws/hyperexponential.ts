/** The law `hyperexponential`: a mixture of exponentials. */
import { z } from "zod";
import { above0, type LawDefinition } from "../law.ts";

export interface HyperexponentialSpec {
  readonly kind: "hyperexponential";
  /** Probability of each branch; sums to 1. */
  readonly p: readonly number[];
  readonly means: readonly number[];
}

/** One of several exponential laws, chosen with probability p[i]; cv above 1. */
export const hyperexponential: LawDefinition<HyperexponentialSpec> = {
  name: "hyperexponential",
  summary: "Mixture of exponentials: { hyperexponential: { p: [0.9, 0.1], means: [0.5s, 5.5s] } }",
  schema: (quantity) =>
    z
      .strictObject({
        p: z
          .array(z.number().min(0).max(1))
          .min(1)
          .refine((p) => Math.abs(sum(p) - 1) < 1e-9, {
            error: (issue) => `p must sum to 1, not ${sumText(issue.input)}`,
          })
          .meta({ description: "Probability of each branch; must sum to 1" }),
        means: z.array(above0(quantity, "mean")).min(1).meta({ description: "Mean of each branch" }),
      })
      .refine(({ p, means }) => p.length === means.length, {
        message: "p and means must have the same length",
        path: ["means"],
      })
      .transform(({ p, means }) => ({ kind: "hyperexponential" as const, p, means })),
  create: ({ p, means }) => {
    const mean = sum(p.map((share, i) => share * means[i]!));
    const square = sum(p.map((share, i) => 2 * share * means[i]! ** 2));
    return {
      name: `hyperexponential(p ${p.join(" ")}, means ${means.join(" ")})`,
      mean,
      variance: square - mean * mean,
      cdf: (x) => (x <= 0 ? 0 : sum(p.map((share, i) => -share * Math.expm1(-x / means[i]!)))),
      quantile: (u) => quantileOf(p, means, u),
    };
  },
};

/**
 * Newton on the logarithm of the tail, which is convex and falling: from the left it rises to the root and never
 * passes it.
 */
function quantileOf(p: readonly number[], means: readonly number[], u: number): number {
  const target = Math.log1p(-u);
  let x = 0;
  for (let step = 0; step < 100; step++) {
    let tail = 0;
    let head = 0;
    let density = 0;
    for (let i = 0; i < p.length; i++) {
      const part = p[i]! * Math.exp(-x / means[i]!);
      tail += part;
      head -= p[i]! * Math.expm1(-x / means[i]!);
      density += part / means[i]!;
    }
    // Each end from the sum that does not cancel there.
    const logTail = u < 0.5 ? Math.log1p(-head) : Math.log(tail);
    const move = ((logTail - target) * tail) / density;
    x += move;
    if (Math.abs(move) <= 1e-14 * x) break;
  }
  return Math.max(0, x);
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function sumText(input: unknown): string {
  return Array.isArray(input) ? String(Number(sum(input.map(Number)).toPrecision(6))) : "that";
}
