/** What a sweep answers: curves over one factor, a break-even map over two, a tornado, or Sobol indices. */
import type { Estimate } from "../base/statistics.ts";
import { tornado } from "./designs/tornado.ts";
import type { Factor } from "./factor.ts";
import type { SweepFile } from "./job.ts";
import { type Crossing, type CurvePoint, crossingOf, kneeOf } from "./load-curve.ts";
import type { SweepMetric, SweepRow } from "./points.ts";
import { type FactorIndices, sobolIndices } from "./sobol-indices.ts";

/** The question put to the points. */
export interface SweepQuestion {
  readonly metric: SweepMetric;
  /** A class, or `all`. */
  readonly group: string;
  /** In the metric's unit; null: none. */
  readonly objective: number | null;
}

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
  readonly knee: CurvePoint | null;
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
  /** Null where the metric does not exist for any strategy. */
  readonly best: string | null;
  readonly value: Estimate | null;
  /** The intervals of the best and the second best do not meet. */
  readonly isClear: boolean;
}

export interface SweepAnalysis {
  readonly curves: readonly Curve[];
  readonly tornado: readonly TornadoBar[];
  readonly sensitivity: readonly Sensitivity[];
  readonly map: readonly MapCell[];
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
        ? strategies.map((strategy) => curveOf(strategy, of(strategy), question))
        : [],
    tornado: isOneAtATime
      ? strategies.flatMap((strategy) => barsOf(strategy, of(strategy), factors, question.metric))
      : [],
    sensitivity:
      design === "sensitivity"
        ? strategies.map((strategy) => sensitivityOf(strategy, of(strategy), sweep, question.metric))
        : [],
    map: factors.length === 2 && design === "grid" ? mapOf(asked, question.metric) : [],
  };
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

function curveOf(strategy: string, rows: readonly SweepRow[], { metric, objective }: SweepQuestion): Curve {
  const points = rows
    .flatMap((row): readonly SweepPoint[] => {
      const load = axisValue(row.values[0]);
      return load === null ? [] : [{ load, estimate: row.metrics[metric], isUnstable: row.isUnstable }];
    })
    .sort((a, b) => a.load - b.load);
  // A metric that does not exist, since too many requests fail, lies beyond any objective; so does that of a backlog.
  const isBeyond = ({ estimate, isUnstable }: SweepPoint) => estimate.value === null || isUnstable;
  const judged = points.map((point) => (isBeyond(point) && !RISING.has(metric) ? beyond(point) : point));
  return {
    strategy,
    points,
    crossing: objective === null || RISING.has(metric) ? null : crossingOf(judged, objective),
    knee: RISING.has(metric) ? null : kneeOf(points.filter(({ isUnstable }) => !isUnstable)),
  };
}

function beyond({ load }: CurvePoint): CurvePoint {
  const value = Number.POSITIVE_INFINITY;
  return { load, estimate: { value, low: value, high: value, n: 0 } };
}

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

function mapOf(rows: readonly SweepRow[], metric: SweepMetric): readonly MapCell[] {
  const byPoint = new Map<number, SweepRow[]>();
  for (const row of rows) byPoint.set(row.point, [...(byPoint.get(row.point) ?? []), row]);
  const sign = RISING.has(metric) ? -1 : 1;
  return [...byPoint.values()].map((candidates) => {
    const known = candidates
      .filter(({ metrics, isUnstable }) => metrics[metric].value !== null && !isUnstable)
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
