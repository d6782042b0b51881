/** What a sweep answers: curves over one factor, break-even maps over two, a tornado, Sobol indices, rank correlations. */
import { sampleCorrelation } from "simple-statistics";
import { type Estimate, ranksOf } from "../base/statistics.ts";
import { type FactorIndices, sobolIndices } from "./designs/sensitivity.ts";
import { tornado } from "./designs/tornado.ts";
import type { Factor, SweepFile } from "./job.ts";
import { type Crossing, type CurvePoint, crossingOf, type Knee, kneeOf } from "./load-curve.ts";
import { isLatency, leftOutShare, type SweepMetric, type SweepQuestion, type SweepRow } from "./points.ts";

/** A point whose backlog may grow without bound: its latency then says how long the run was. */
export interface SweepPoint extends CurvePoint {
  readonly isUnstable: boolean;
}

/** A strategy's metric over the one numeric factor. */
export interface Curve {
  readonly strategy: string;
  readonly points: readonly SweepPoint[];
  /** Null without an objective. */
  readonly crossing: Crossing | null;
  /** Of latencies over load; null for others, and where it lies beyond the range. */
  readonly knee: Knee | null;
}

/** What a factor alone does to a strategy's metric. */
export interface TornadoBar {
  readonly strategy: string;
  readonly path: string;
  readonly base: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Sensitivity {
  readonly strategy: string;
  /** Of each factor, in their order; null where the metric does not vary or is missing. */
  readonly indices: readonly FactorIndices[] | null;
}

/** The best strategy at each point of a map over two factors, and whether the next best is distinguishable. */
export interface MapCell {
  readonly values: readonly unknown[];
  /** Null where no strategy is stable, has the metric and keeps its latency. */
  readonly best: string | null;
  readonly value: Estimate | null;
  /** The intervals of the best and the second best do not meet. */
  readonly isClear: boolean;
}

/** A map over the first two factors, at one combination of the others' values. */
export interface BreakEvenMap {
  readonly others: readonly { readonly path: string; readonly value: unknown }[];
  readonly cells: readonly MapCell[];
}

/** How a strategy's metric goes with one factor while others move, too. */
export interface Association {
  readonly strategy: string;
  readonly path: string;
  /** By point: the factor's place on its axis, and the metric. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
  /** Points without the metric, or unstable ones. */
  readonly without: number;
  /** Spearman's. */
  readonly correlation: Estimate;
}

export interface SweepAnalysis {
  readonly curves: readonly Curve[];
  readonly tornado: readonly TornadoBar[];
  readonly sensitivity: readonly Sensitivity[];
  readonly maps: readonly BreakEvenMap[];
  readonly associations: readonly Association[];
}

/** A question with what the points answer. */
export interface SweepAnswer {
  readonly question: SweepQuestion;
  readonly analysis: SweepAnalysis;
}

/** @param rows of all points that have a result, in the order of the design */
export function analyse(
  sweep: Pick<SweepFile, "design" | "factors" | "jobs">,
  rows: readonly SweepRow[],
  question: SweepQuestion,
): SweepAnalysis {
  const asked = rows.filter(({ group }) => group === question.group);
  const strategies = [...new Set(asked.map(({ strategy }) => strategy))];
  const of = (strategy: string) => asked.filter((row) => row.strategy === strategy);
  const { design, factors } = sweep;
  const isOneAtATime = design === tornado.name;
  return {
    curves:
      factors.length === 1 && !isOneAtATime
        ? strategies.map((strategy) => curveOf(strategy, of(strategy), factors[0]!.path, question))
        : [],
    tornado: isOneAtATime
      ? strategies.flatMap((strategy) => barsOf(strategy, of(strategy), factors, question.metric))
      : [],
    sensitivity:
      design === "sensitivity"
        ? strategies.map((strategy) => sensitivityOf(strategy, of(strategy), sweep, question.metric))
        : [],
    maps: factors.length >= 2 && design === "grid" ? mapsOf(asked, factors, question) : [],
    associations:
      factors.length >= 2 && !isOneAtATime && !(design === "grid" && factors.length === 2)
        ? strategies.flatMap((strategy) => associationsOf(strategy, of(strategy), factors, question.metric))
        : [],
  };
}

/** Of the factors that have places on an axis. */
function associationsOf(
  strategy: string,
  rows: readonly SweepRow[],
  factors: readonly Factor[],
  metric: SweepMetric,
): readonly Association[] {
  return factors.flatMap(({ path }, i) => {
    const points = rows.flatMap(({ values, metrics, isUnstable }) => {
      const [at, value] = [axisValue(values[i]), metrics[metric].value];
      return at === null || value === null || isUnstable ? [] : [{ at, value }];
    });
    if (points.length === 0) return [];
    const correlation = rankCorrelation(
      points.map(({ at }) => at),
      points.map(({ value }) => value),
    );
    return [{ strategy, path, points, without: rows.length - points.length, correlation }];
  });
}

/** One map for each combination of the values of the third and further factors, in the order of the points. */
function mapsOf(
  rows: readonly SweepRow[],
  factors: readonly Factor[],
  question: SweepQuestion,
): readonly BreakEvenMap[] {
  const byOthers = new Map<string, SweepRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(row.values.slice(2));
    byOthers.set(key, [...(byOthers.get(key) ?? []), row]);
  }
  return [...byOthers.values()].map((own) => ({
    others: factors.slice(2).map(({ path }, i) => ({ path, value: own[0]!.values[2 + i] })),
    cells: mapOf(own, question),
  }));
}

/** Larger is better for these. */
const RISING: ReadonlySet<SweepMetric> = new Set(["goodput", "saving"]);

export function isLargerBetter(metric: SweepMetric): boolean {
  return RISING.has(metric);
}

/** A factor's value as a place on an axis: numbers and numbers with a unit such as `500k`. */
export function axisValue(value: unknown): number | null {
  const number = typeof value === "number" ? value : /^[+-]?[\d.]+(?:e[+-]?\d+)?/.exec(String(value))?.[0];
  const size = Number(number ?? Number.NaN);
  return Number.isFinite(size) ? size : null;
}

function curveOf(strategy: string, rows: readonly SweepRow[], path: string, question: SweepQuestion): Curve {
  const { metric, objective } = question;
  const sorted = onePerLoad(rows);
  const judged = sorted.map(([load, row]): CurvePoint => ({ load, estimate: judgedEstimate(row, metric) }));
  return {
    strategy,
    points: sorted.map(([load, row]) => ({ load, estimate: row.metrics[metric], isUnstable: row.isUnstable })),
    crossing: objective === null || RISING.has(metric) || path === "seed" ? null : crossingOf(judged, objective),
    knee: isLatency(metric) && LOAD_PATH.test(path) ? kneeOf(judged) : null,
  };
}

/** Paths whose values are offered load, up to a factor. */
const LOAD_PATH = /^load$|^traffic(\[\d+\]|\["[^"]*"\]|\.[^.[]+)?\.(arrivals|sessions|scale)/;

/** Rows by load; where a load was run again with more replications, those count. */
function onePerLoad(rows: readonly SweepRow[]): readonly (readonly [load: number, row: SweepRow])[] {
  const byLoad = new Map<number, SweepRow>();
  for (const row of rows) {
    const load = axisValue(row.values[0]);
    const known = load === null ? undefined : byLoad.get(load);
    if (load !== null && (known === undefined || row.metrics.failed.n >= known.metrics.failed.n)) byLoad.set(load, row);
  }
  return [...byLoad].sort(([a], [b]) => a - b);
}

/**
 * An estimate as a crossing judges it. A backlog that grows without bound lies beyond any objective, and so does a metric
 * that does not exist since too many requests fail; where the share that fails is not told from what the percentile leaves
 * out, that end of the interval is open. One that does not exist since there are too few requests says nothing.
 */
function judgedEstimate({ metrics, isUnstable }: SweepRow, metric: SweepMetric): Estimate {
  const { value, low, high, n } = metrics[metric];
  if (RISING.has(metric)) return metrics[metric];
  if (isUnstable) return { value: BEYOND, low: BEYOND, high: BEYOND, n };
  const [leftOut, failed] = [leftOutShare(metric), metrics.failed];
  if (value === null && (failed.value ?? 0) <= leftOut) return metrics[metric];
  const mayFail = (failed.high ?? failed.value ?? 0) > leftOut;
  const mayServe = failed.low !== null && failed.low <= leftOut;
  if (value === null) return { value: BEYOND, low: mayServe ? 0 : BEYOND, high: BEYOND, n };
  return { value, low, high: mayFail ? BEYOND : high, n };
}

const BEYOND = Number.POSITIVE_INFINITY;

function barsOf(
  strategy: string,
  rows: readonly SweepRow[],
  factors: readonly Factor[],
  metric: SweepMetric,
): readonly TornadoBar[] {
  const at = (point: number) => rows.find((row) => row.point === point)?.metrics[metric].value ?? null;
  const bars = factors.map(({ path }, i) => ({ strategy, path, base: at(0), low: at(1 + 2 * i), high: at(2 + 2 * i) }));
  return bars.sort((a, b) => swing(b) - swing(a));
}

function swing({ low, high }: TornadoBar): number {
  return low === null || high === null ? 0 : Math.abs(high - low);
}

function sensitivityOf(
  strategy: string,
  rows: readonly SweepRow[],
  sweep: Pick<SweepFile, "factors" | "jobs">,
  metric: SweepMetric,
): Sensitivity {
  const byPoint = new Map(rows.map((row) => [row.point, row.metrics[metric].value] as const));
  const values = sweep.jobs.map((_, point) => byPoint.get(point) ?? null);
  return { strategy, indices: sobolIndices(values, sweep.factors.length) ?? null };
}

function mapOf(rows: readonly SweepRow[], { metric, p95LimitMs }: SweepQuestion): readonly MapCell[] {
  const byPoint = new Map<number, SweepRow[]>();
  for (const row of rows) byPoint.set(row.point, [...(byPoint.get(row.point) ?? []), row]);
  const sign = RISING.has(metric) ? -1 : 1;
  return [...byPoint.values()].map((candidates) => {
    const known = candidates
      .filter(({ metrics, isUnstable }) => metrics[metric].value !== null && !isUnstable)
      .filter(({ metrics }) => p95LimitMs === null || (metrics.p95.value ?? BEYOND) <= p95LimitMs)
      .sort((a, b) => sign * (a.metrics[metric].value! - b.metrics[metric].value!));
    const [best, second] = known;
    if (best === undefined) return { values: candidates[0]!.values, best: null, value: null, isClear: false };
    return {
      values: best.values,
      best: best.strategy,
      value: best.metrics[metric],
      isClear: second === undefined || isApart(best.metrics[metric], second.metrics[metric]),
    };
  });
}

function isApart(a: Estimate, b: Estimate): boolean {
  if (a.low === null || b.low === null) return false;
  return a.high! < b.low || b.high! < a.low;
}

/** Fewer points say nothing: the interval would be all of [-1, 1]. */
const POINTS_MIN = 6;
/** Two-sided 95 % of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Spearman's rank correlation: 1 where y always rises with x, -1 where it always falls, near 0 where x alone says
 * nothing. Ties have the mean of their ranks. The interval is by Fisher's transformation with the variance 1.06 / (n - 3)
 * (Fieller, Hartley, Pearson, "Tests for rank correlation coefficients I", Biometrika 44, 1957).
 *
 * @param x, y of the same points, in one order
 * @returns nulls below 6 points, and where one of both does not vary
 * @example rankCorrelation([1, 2, 3, 4, 5, 6], [1, 4, 9, 16, 25, 36]).value // => 1
 */
export function rankCorrelation(x: readonly number[], y: readonly number[]): Estimate {
  const n = x.length;
  const varies = (values: readonly number[]) => values.some((value) => value !== values[0]);
  if (n < POINTS_MIN || !varies(x) || !varies(y)) return { value: null, low: null, high: null, n };
  const value = Math.max(-1, Math.min(1, sampleCorrelation([...ranksOf(x)], [...ranksOf(y)])));
  const half = Z * Math.sqrt(1.06 / (n - 3));
  const at = (shift: number) => Math.tanh(Math.atanh(value) + shift);
  return { value, low: at(-half), high: at(half), n };
}
