/** Statistical procedures by name, with their inputs as plain data: what `meridian stats` and the library offer. */
import { z } from "zod";
import { MeridianError } from "../base/errors.ts";
import {
  ar1Fit,
  ar1Mean,
  batchMeans,
  holm,
  mm1WaitVariance,
  momentsOf,
  pairedDifference,
  welchDifference,
} from "../base/significance.ts";
import {
  intervalRanks,
  meanNumber,
  observationsForQuantile,
  sampleQuantile,
  sortedNumbers,
  studentQuantile,
} from "../base/statistics.ts";
import { mserCut } from "../experiment/warm-up.ts";
import { type SobolIndex, saltelliPoints, sobolIndices } from "../sweep/designs/sensitivity.ts";
import { SOBOL_DIMENSIONS_MAX, sobolPoints } from "../sweep/designs/sobol.ts";
import { bestOf, knConstants, knSelect, ocbaShares, rinottConstant } from "./selection.ts";

/** A procedure: what it answers, an input as an example, and its answer as plain data. */
export interface Procedure {
  readonly name: string;
  readonly summary: string;
  /** An input with plausible values. */
  readonly example: Readonly<Record<string, unknown>>;
  /** @throws MeridianError usage STATS_INPUT with every problem of the input */
  run(input: unknown): Readonly<Record<string, unknown>>;
}

const numbers = z.array(z.number()).min(1);
const systems = z.array(z.array(z.number()).min(2)).min(2).max(1000);
const whole = z.number().int();
const probability = z.number().gt(0).lt(1);
const alpha = probability.default(0.05);
/** More points are made by a library call, not printed by a command. */
const POINTS_MAX = 2 ** 20;

function procedure<S extends z.ZodType>(
  about: Omit<Procedure, "run">,
  form: S,
  answer: (input: z.output<S>) => Readonly<Record<string, unknown>>,
): Procedure {
  return {
    ...about,
    run(input) {
      const parsed = form.safeParse(input);
      if (parsed.success) return answer(parsed.data);
      const fix = `an input looks like ${JSON.stringify(about.example)}`;
      throw new MeridianError(
        "usage",
        parsed.error.issues.map(({ path, message }) => ({
          code: "STATS_INPUT",
          what: `${path.join(".") || "input"}: ${message}`,
          where: about.name,
          fix,
        })),
      );
    },
  };
}

/** All procedures, in the order in which they are listed. */
export const PROCEDURES: readonly Procedure[] = [
  procedure(
    {
      name: "t-interval",
      summary: "mean of independent values with its 95 % interval",
      example: { x: [12.1, 11.8, 12.6] },
    },
    z.object({ x: numbers, alpha }),
    ({ x, ...how }) => {
      const { mean, variance, n } = momentsOf(x)!;
      const half = variance === null ? null : studentQuantile(1 - how.alpha / 2, n - 1) * Math.sqrt(variance / n);
      return {
        mean,
        low: half === null ? null : mean - half,
        high: half === null ? null : mean + half,
        half_width: half,
        n,
      };
    },
  ),
  procedure(
    {
      name: "paired",
      summary: "difference of paired values: mean, interval, p-value, ratio",
      example: { a: [1, 2, 4], b: [2, 3, 6] },
    },
    z.object({ a: numbers, b: numbers }).refine(({ a, b }) => a.length === b.length, "a and b have different lengths"),
    ({ a, b }) => ({ ...pairedDifference(a, b) }),
  ),
  procedure(
    {
      name: "welch",
      summary: "difference of independent samples by Welch's test",
      example: { a: [1, 2, 4], b: [2, 3, 6, 5] },
    },
    z.object({ a: numbers, b: numbers }),
    ({ a, b }) => ({ ...welchDifference(momentsOf(a)!, momentsOf(b)!) }),
  ),
  procedure(
    {
      name: "holm",
      summary: "p-values adjusted by Holm's step-down correction",
      example: { p: [0.01, 0.04, 0.03], alpha: 0.05 },
    },
    z.object({ p: z.array(z.number().min(0).max(1)), alpha }),
    ({ p, ...how }) => {
      const adjusted = holm(p);
      return { adjusted, rejected: adjusted.map((each) => each <= how.alpha) };
    },
  ),
  procedure(
    {
      name: "bonferroni",
      summary: "critical t for all pairs of k systems over n paired replications, 95 % together",
      example: { k: 10, n: 30 },
    },
    z.object({ k: whole.min(2), n: whole.min(2), alpha }),
    ({ k, n, ...how }) => ({ critical_t: studentQuantile(1 - how.alpha / (k * (k - 1)), n - 1) }),
  ),
  procedure(
    {
      name: "quantile-ranks",
      summary: "ranks whose observations enclose a quantile with 95 %",
      example: { n: 1000, p: 0.95 },
    },
    z.object({ n: whole.min(1).max(1e7), p: probability, alpha }),
    ({ n, p, ...how }) => {
      const ranks = intervalRanks(n, p, how.alpha);
      return {
        lower_rank: ranks?.low ?? null,
        upper_rank: ranks?.high ?? null,
        coverage: ranks === undefined ? null : ranks.coverage,
      };
    },
  ),
  procedure(
    { name: "quantile-min", summary: "fewest observations for any 95 % interval of a quantile", example: { p: 0.99 } },
    z.object({ p: probability, alpha }),
    ({ p, ...how }) => ({ n: observationsForQuantile(p, how.alpha) }),
  ),
  procedure(
    {
      name: "quantile",
      summary: "a quantile of independent observations with its interval",
      example: { x: [3, 1, 2], p: 0.5 },
    },
    z.object({ x: numbers, p: probability }),
    ({ x, p }) => ({ ...sampleQuantile(sortedNumbers(x), p) }),
  ),
  procedure(
    {
      name: "batch-means",
      summary: "mean of one long correlated run, from the means of batches",
      example: { x: [1, 2, 3, 4], batches: 2 },
    },
    z.object({ x: numbers, batches: whole.min(2).default(20) }),
    ({ x, batches }) => ({ ...batchMeans(x, batches) }),
  ),
  procedure(
    {
      name: "ar1",
      summary: "variance of the mean of n values of a first-order autoregression",
      example: { phi: 0.8, noiseVariance: 1, n: 1000 },
    },
    z.object({ phi: z.number().gt(-1).lt(1), noiseVariance: z.number().gt(0).default(1), n: whole.min(1) }),
    ({ phi, noiseVariance, n }) => ({ ...ar1Mean({ phi, noiseVariance }, n) }),
  ),
  procedure(
    {
      name: "ar1-fit",
      summary: "a first-order autoregression fitted to a series, and its mean's interval",
      example: { x: [1, 2, 1.5, 1.8, 1.2] },
    },
    z.object({ x: z.array(z.number()).min(3) }).refine(({ x }) => new Set(x).size > 1, "the values are all equal"),
    ({ x }) => ({ ...ar1Fit(x) }),
  ),
  procedure(
    {
      name: "mser5",
      summary: "where a series has settled: MSER-5 on means of five",
      example: { x: Array.from({ length: 10 }, (_, i) => 100 - i) },
    },
    z.object({ x: numbers }),
    ({ x }) => mser5(x),
  ),
  procedure(
    {
      name: "mm1-wait-variance",
      summary: "variance constant of the mean wait of an M/M/1 queue (Daley)",
      example: { lambda: 0.9, mu: 1 },
    },
    z
      .object({ lambda: z.number().gt(0), mu: z.number().gt(0) })
      .refine(({ lambda, mu }) => lambda < mu, "lambda must be below mu"),
    ({ lambda, mu }) => ({ variance: mm1WaitVariance(lambda, mu) }),
  ),
  procedure(
    { name: "rinott", summary: "Rinott's constant h of two-stage selection", example: { k: 2, n0: 20, P: 0.95 } },
    z
      .object({ k: whole.min(2).max(10_000), n0: whole.min(3).max(100_000), P: probability })
      .refine(({ k, P }) => P > 1 / k, "P must be above 1 / k"),
    (input) => ({ h: rinottConstant(input) }),
  ),
  procedure(
    {
      name: "kn",
      summary: "constants eta and h² of the sequential procedure KN",
      example: { k: 10, n0: 20, alpha: 0.05, c: 1 },
    },
    z.object({ k: whole.min(2), n0: whole.min(2), alpha: probability, c: whole.min(1).default(1) }),
    (input) => ({ ...knConstants(input) }),
  ),
  procedure(
    {
      name: "kn-select",
      summary: "KN on aligned values of each system; less is better",
      example: {
        x: [
          [1, 2, 1],
          [3, 4, 3],
        ],
        delta: 0.5,
        n0: 3,
      },
    },
    z
      .object({ x: systems, delta: z.number().gt(0), alpha, n0: whole.min(2).default(10) })
      .refine(({ x, n0 }) => x.every((each) => each.length >= n0), "each system needs n0 values or more"),
    ({ x, ...how }) => ({ ...knSelect(x, how) }),
  ),
  procedure(
    {
      name: "ocba",
      summary: "shares of further replications for each system; less is better",
      example: { means: [1, 2, 3], variances: [1, 1, 1] },
    },
    z
      .object({ means: z.array(z.number()).min(2), variances: z.array(z.number().gt(0)).min(2) })
      .refine(({ means, variances }) => means.length === variances.length, "means and variances have different lengths")
      .refine(
        ({ means }) => means.filter((mean) => mean === Math.min(...means)).length === 1,
        "two systems have the best mean",
      ),
    ({ means, variances }) => ({ shares: ocbaShares(means, variances) }),
  ),
  procedure(
    {
      name: "best",
      summary: "names the best of aligned values, or says that no difference above delta is left; less is better",
      example: {
        x: [
          [1, 1.1, 1],
          [2, 2.1, 2.2],
        ],
        delta: 0.1,
      },
    },
    z
      .object({ x: systems, delta: z.number().min(0) })
      .refine(({ x }) => x.every((each) => each.length === x[0]!.length), "systems have different numbers of values"),
    ({ x, delta }) => ({ ...bestOf(x, delta) }),
  ),
  procedure(
    {
      name: "sobol-points",
      summary: "the first points of Sobol's sequence in the unit cube, the origin first",
      example: { count: 4, dimensions: 2 },
    },
    z.object({ count: whole.min(1).max(POINTS_MAX), dimensions: whole.min(1).max(SOBOL_DIMENSIONS_MAX) }),
    ({ count, dimensions }) => ({ points: sobolPoints(count, dimensions) }),
  ),
  procedure(
    {
      name: "saltelli-points",
      summary: "points at which to run a model whose Sobol indices are wanted: A, B, A with each coordinate of B",
      example: { rows: 2, factors: 2 },
    },
    z.object({ rows: whole.min(1).max(POINTS_MAX), factors: whole.min(1).max(SOBOL_DIMENSIONS_MAX / 2) }),
    ({ rows, factors }) => ({ points: saltelliPoints(rows, factors) }),
  ),
  procedure(
    {
      name: "sobol-indices",
      summary: "share of the variance that each factor makes, alone and with others, from results at saltelli-points",
      example: { y: [0.5, 0.9, 0.7, 0.8, 0.2, 0.4, 0.1, 0.6], factors: 2 },
    },
    z
      .object({ y: z.array(z.number()).min(6), factors: whole.min(1) })
      .refine(({ y, factors }) => y.length % (factors + 2) === 0, "y has not factors + 2 values for each row"),
    ({ y, factors }) => indices(y, factors),
  ),
];

/** Sobol indices by factor, with their bootstrap intervals; null where y does not vary. */
function indices(y: readonly number[], factors: number): Readonly<Record<string, unknown>> {
  const found = sobolIndices(y, factors);
  const of = (read: (index: SobolIndex) => unknown, kind: "first" | "total") =>
    found?.map((factor) => read(factor[kind])) ?? null;
  const interval = ({ low, high }: SobolIndex) => [low, high];
  return {
    first: of(({ value }) => value, "first"),
    first_interval: of(interval, "first"),
    total: of(({ value }) => value, "total"),
    total_interval: of(interval, "total"),
  };
}

/** MSER-5 of a series of single observations; values after the last whole batch of five are left out. */
function mser5(x: readonly number[]): Readonly<Record<string, unknown>> {
  const means = Array.from({ length: Math.floor(x.length / 5) }, (_, b) => meanNumber(x, 5 * b, 5 * b + 5));
  const cut = mserCut(means);
  if (cut === null) return { batches_cut: null, observations_cut: null, statistic: null, mean_after: null };
  const kept = means.slice(cut);
  const mean = meanNumber(kept);
  const statistic = kept.reduce((sum, each) => sum + (each - mean) ** 2, 0) / kept.length ** 2;
  return {
    batches_cut: cut,
    observations_cut: 5 * cut,
    statistic,
    mean_after: meanNumber(x, 5 * cut, 5 * means.length),
  };
}
