/** Fits laws of token lengths: a lognormal where it is close enough, a table of quantiles otherwise; and their correlation. */
import { meanNumber, quantileSorted, ranksOf, sortedNumbers } from "../../base/statistics.ts";
import { createLaw, type LawSpec } from "../../random/laws/index.ts";
import { bothKnown, correlation } from "../describe.ts";

/** A fitted law with how far it is. */
export interface LengthFit {
  readonly spec: LawSpec;
  readonly name: string;
  /** Kolmogorov-Smirnov distance. */
  readonly distance: number;
  /** Relative error of the mean, and the largest of p50, p95 and p99. */
  readonly meanError: number;
  readonly quantileError: number;
  readonly passes: boolean;
}

const MEAN_TOLERANCE = 0.02;
const QUANTILE_TOLERANCE = 0.05;
/** A lognormal is taken up to this Kolmogorov-Smirnov distance. */
const CLOSE = 0.02;
/** Shares of the quantile table: close together at the ends, where lengths pile up. */
const SHARES = [
  0,
  0.002,
  0.005,
  ...Array.from({ length: 99 }, (_, i) => (i + 1) / 100),
  0.992,
  0.994,
  0.996,
  0.998,
  0.999,
  0.9995,
  1,
];

/** @param tokens unknown counts are below 0 and left out. @returns undefined where no count is known */
export function fitLengths(tokens: Int32Array): LengthFit | undefined {
  const sorted = sortedNumbers(tokens.filter((count) => count >= 0));
  if (sorted.length === 0) return undefined;
  const mean = meanNumber(sorted);
  if (sorted[0] === sorted.at(-1)) return judged("constant", { kind: "constant", value: sorted[0]! }, sorted, mean);
  const square = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length;
  const lognormal: LawSpec = { kind: "lognormal", mean: rounded(mean), cv: rounded(Math.sqrt(square) / mean) };
  const smooth = judged("lognormal", lognormal, sorted, mean);
  if (smooth.passes && smooth.distance <= CLOSE) return smooth;
  // Draws are rounded half up: the table's own values are whole, so that piles stay where they are.
  const quantiles = SHARES.map((share): [number, number] => [share, Math.round(quantileSorted(sorted, share))]);
  return judged("table of quantiles", { kind: "empirical", quantiles }, sorted, mean);
}

function judged(name: string, spec: LawSpec, sorted: Float64Array, mean: number): LengthFit {
  const law = createLaw(spec);
  let distance = 0;
  for (let from = 0, to = 0; from < sorted.length; from = to) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    // Draws are rounded: the law puts on this count what it has up to half a token more.
    distance = Math.max(distance, Math.abs(law.cdf(sorted[from]! + 0.5) - to / sorted.length));
  }
  const meanError = Math.abs(law.mean / mean - 1);
  const quantileError = Math.max(
    ...[0.5, 0.95, 0.99].map((share) => {
      const recorded = quantileSorted(sorted, share);
      return Math.abs(law.quantile(share) - recorded) / Math.max(1, recorded);
    }),
  );
  const passes = meanError <= MEAN_TOLERANCE && quantileError <= QUANTILE_TOLERANCE;
  return { spec, name, distance, meanError, quantileError, passes };
}

/**
 * Correlation of the normal scores behind two columns, from the correlation of their ranks; undefined where they are as
 * good as independent. Source: Kruskal 1958, "Ordinal measures of association", section 10.
 */
export function fitCorrelation(input: Int32Array, output: Int32Array): number | undefined {
  const [x, y] = bothKnown(input, output);
  if (x.length < 50) return undefined;
  const rank = correlation(ranksOf(x), ranksOf(y));
  const scores = 2 * Math.sin((Math.PI * rank) / 6);
  const noise = 2 / Math.sqrt(x.length);
  return Number.isNaN(scores) || Math.abs(scores) < Math.max(0.03, noise) ? undefined : Number(scores.toFixed(3));
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
