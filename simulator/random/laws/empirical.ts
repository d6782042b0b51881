/** The law `empirical`: recorded values or a recorded quantile table. */
import { z } from "zod";
import type { Law, LawDefinition } from "../law.ts";
import { cumulativeShares, stepSampler } from "../sampler.ts";

export type EmpiricalSpec =
  | {
      readonly kind: "empirical";
      readonly values: readonly number[];
      /** Relative frequency of each value; all equal when left out. */
      readonly weights?: readonly number[];
    }
  | {
      readonly kind: "empirical";
      /** Points (u, value) of the quantile function, from u = 0 to u = 1; straight lines between them. */
      readonly quantiles: readonly (readonly [number, number])[];
    };

/** Recorded values with their frequencies, or a recorded quantile table. */
export const empirical: LawDefinition<EmpiricalSpec> = {
  name: "empirical",
  summary: "Recorded values or quantiles: { empirical: { values: [1s, 3s], weights: [9, 1] } }",
  schema: (quantity) =>
    z
      .strictObject({
        values: z.array(quantity).min(1).optional().meta({ description: "Values that were seen" }),
        weights: z.array(z.number().min(0)).optional().meta({ description: "Relative frequency of each value" }),
        quantiles: z
          .array(z.tuple([z.number().min(0).max(1), quantity]))
          .min(2)
          .refine((points) => points[0]![0] === 0 && points.at(-1)![0] === 1, "quantiles must run from 0 to 1")
          .refine(isAscending, "quantiles and their values must ascend")
          .optional()
          .meta({ description: "Points [share, value] of the quantile function, from 0 to 1" }),
      })
      .refine(({ values, quantiles }) => (values === undefined) !== (quantiles === undefined), {
        message: "give either values or quantiles",
      })
      .refine(({ values, weights }) => weights === undefined || weights.length === values?.length, {
        message: "weights must be as many as values",
        path: ["weights"],
      })
      .refine(({ weights }) => weights === undefined || weights.some((weight) => weight > 0), {
        message: "at least one weight must be above 0",
        path: ["weights"],
      })
      .transform(({ values, weights, quantiles }) =>
        quantiles !== undefined
          ? { kind: "empirical" as const, quantiles }
          : { kind: "empirical" as const, values: values!, ...(weights === undefined ? {} : { weights }) },
      ),
  create: (spec) => ("quantiles" in spec ? fromQuantiles(spec.quantiles) : fromValues(spec.values, spec.weights)),
};

function fromValues(values: readonly number[], weights?: readonly number[]): Law {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const sorted = Float64Array.from(order, (i) => values[i]!);
  const sortedWeights = Float64Array.from(order, (i) => weights?.[i] ?? 1);
  let total = 0;
  for (const weight of sortedWeights) total += weight;
  let mean = 0;
  for (let i = 0; i < sorted.length; i++) mean += (sortedWeights[i]! / total) * sorted[i]!;
  let variance = 0;
  for (let i = 0; i < sorted.length; i++) variance += (sortedWeights[i]! / total) * (sorted[i]! - mean) ** 2;
  const upTo = cumulativeShares(sortedWeights);
  const sample = stepSampler(sorted, upTo);
  const cdf = (x: number) => {
    const last = lastUpTo(sorted, x);
    return last < 0 ? 0 : upTo[last]!;
  };
  return { name: `empirical(${sorted.length} values)`, mean, variance, cdf, quantile: sample, sample };
}

function fromQuantiles(points: readonly (readonly [number, number])[]): Law {
  let mean = 0;
  let square = 0;
  for (let i = 1; i < points.length; i++) {
    const [from, low] = points[i - 1]!;
    const [to, high] = points[i]!;
    mean += ((to - from) * (low + high)) / 2;
    square += ((to - from) * (low * low + low * high + high * high)) / 3;
  }
  const shares = Float64Array.from(points, ([share]) => share);
  const values = Float64Array.from(points, ([, value]) => value);
  return {
    name: `empirical(${points.length} quantiles)`,
    mean,
    variance: Math.max(0, square - mean * mean),
    cdf: (x) => {
      const low = lastUpTo(values, x);
      if (low < 0 || low === values.length - 1) return low < 0 ? 0 : 1;
      const part = (x - values[low]!) / (values[low + 1]! - values[low]!);
      return shares[low]! + part * (shares[low + 1]! - shares[low]!);
    },
    quantile: (u) => {
      let low = 0;
      let high = shares.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (shares[middle]! <= u) low = middle;
        else high = middle;
      }
      const width = shares[high]! - shares[low]!;
      const part = width === 0 ? 0 : (u - shares[low]!) / width;
      return values[low]! + part * (values[high]! - values[low]!);
    },
  };
}

/** The place of the last value that is at most x; -1 where all are above. */
function lastUpTo(ascending: Float64Array, x: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function isAscending(points: readonly (readonly [number, number])[]): boolean {
  return points.every(([u, value], i) => i === 0 || (u >= points[i - 1]![0] && value >= points[i - 1]![1]));
}
