/** Differences of measured runs from their requests: a block bootstrap on each side, or on pairs of one schedule. */
import {
  type MeanDifference,
  type Moments,
  momentsOf,
  momentsOfEstimate,
  studentP,
  welchDifference,
} from "../base/significance.ts";
import { type Estimate, observationsForQuantile, studentQuantile } from "../base/statistics.ts";
import type { RunResult, SampleMetric } from "../experiment/result.ts";
import { purposeStream } from "../random/sampler.ts";
import { createQuantileColumn, type Figure, pairedIntervals } from "../validate/paired-intervals.ts";
import { type GroupColumns, groupColumns } from "../validate/quantities.ts";
import type { RunSample } from "../validate/samples.ts";
import { type GroupKey, valuesOf } from "./matching.ts";

/** The counted requests of one strategy of a measured run. */
export interface MeasuredMoments {
  readonly sample: RunSample;
}

/** One side: its result, and its rows where it was measured. */
interface Side {
  readonly result: RunResult;
  readonly rows?: ReadonlyMap<string, MeasuredMoments>;
}

interface Asked {
  readonly strategies: readonly [string, string];
  readonly key: GroupKey;
  readonly metric: SampleMetric;
  readonly estimates: readonly [Estimate, Estimate];
}

/** A difference, and the requests from which it is one with an interval; null where no number of them gives one. */
type RowsDifference = MeanDifference & { readonly n: number; readonly least: number | null };

/** Resamples from which a standard error is taken. */
const RESAMPLES = 400;

/**
 * The difference of two runs of which one at least was measured. Two measurements of the same schedule are compared
 * request by request; else each side's standard error stands for itself, and Welch's test takes both.
 */
export function rowsDifference(a: Side, b: Side, asked: Asked): RowsDifference {
  const [figureA, figureB] = [figureOf(a, asked.strategies[0], asked), figureOf(b, asked.strategies[1], asked)];
  if (figureA !== undefined && figureB !== undefined && isSameSchedule(a, b, figureA, figureB)) {
    return { ...pairedRows(figureA, figureB, asked.estimates), least: leastOf(figureA, figureB) };
  }
  const momentsA =
    figureA === undefined ? replicationMoments(a, asked, 0) : rowMoments(figureA, asked.estimates[0].value);
  const momentsB =
    figureB === undefined ? replicationMoments(b, asked, 1) : rowMoments(figureB, asked.estimates[1].value);
  if (momentsA === undefined || momentsB === undefined) return { ...NOTHING, n: 0, least: null };
  const isSingle = (figure: RowFigure | undefined, { n }: Moments) => figure === undefined && n < 2;
  const least = isSingle(figureA, momentsA) || isSingle(figureB, momentsB) ? 2 : leastOf(figureA, figureB);
  const n = Math.min(figureA?.count ?? momentsA.n, figureB?.count ?? momentsB.n);
  const found = welchDifference(momentsA, momentsB);
  return { ...found, n, difference: { ...found.difference, n }, relative: { ...found.relative, n }, least };
}

function leastOf(a: RowFigure | undefined, b: RowFigure | undefined): number | null {
  const known = [a, b].flatMap((figure) => (figure === undefined ? [] : [figure.least]));
  return known.length === 0 ? null : Math.max(...known);
}

const NONE: Estimate = { value: null, low: null, high: null, n: 0 };
const NOTHING: MeanDifference = { difference: NONE, relative: NONE, p: null, freedom: null };

function isSameSchedule(a: Side, b: Side, figureA: RowFigure, figureB: RowFigure): boolean {
  const digest = a.result.trafficSha256;
  return digest !== undefined && digest === b.result.trafficSha256 && figureA.requests === figureB.requests;
}

/** Mean and spread over replications, of a simulated side. */
function replicationMoments({ result }: Side, { strategies, key, metric, estimates }: Asked, side: 0 | 1) {
  const strategy = result.strategies.find(({ name }) => name === strategies[side]);
  const values = strategy === undefined ? undefined : valuesOf(strategy, key, metric);
  if (values === undefined) return momentsOfEstimate(estimates[side]);
  return momentsOf(values.filter((value): value is number => value !== null));
}

interface RowFigure {
  readonly figure: Figure;
  readonly requests: number;
  /** Observations behind the figure. */
  readonly count: number;
  /** Fewest of them for an interval, and whether they are that many. */
  readonly least: number;
  readonly isEnough: boolean;
  /** Least standard error: of a share, that of few events. */
  readonly errorMin: number;
}

function figureOf(side: Side, strategy: string, { key, metric }: Asked): RowFigure | undefined {
  const rows = side.rows?.get(strategy);
  if (rows === undefined || key.scope === "tag") return undefined;
  const { classes, regions } = side.result;
  const group =
    key.scope === "class"
      ? { classIndex: classes.findIndex(({ name }) => name === key.name) }
      : key.scope === "region"
        ? { region: regions.indexOf(key.name) }
        : {};
  const columns = groupColumns(rows.sample, group);
  const quantile = /^(e2e|ttft)MsP(50|95|99)$/.exec(metric);
  if (quantile !== null) {
    const values = quantile[1] === "e2e" ? columns.e2eMs : columns.ttftMs;
    return quantileFigure(values, Number(quantile[2]) / 100);
  }
  const parts = ratioParts(metric, columns, { sample: rows.sample, classes });
  return parts === undefined ? undefined : ratioFigure(parts[0], parts[1], metric.endsWith("Share"));
}

function quantileFigure(values: Float64Array, share: number): RowFigure {
  const column = createQuantileColumn(values);
  const least = observationsForQuantile(share);
  const isEnough = column.count >= least;
  const figure = { kind: "quantile", column, values, share } as const;
  return { figure, requests: values.length, count: column.count, least, isEnough, errorMin: 0 };
}

function ratioFigure(numerator: Float64Array, denominator: Float64Array, isShare: boolean): RowFigure {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const [events, count] = [sum(numerator), sum(denominator)];
  // Of rare events: two events and two others more (A. Agresti, B. Coull 1998), so that none at all has an error too.
  const plus = (events + 2) / (count + 4);
  const isRare = isShare && Math.min(events, count - events) < EVENTS_MIN;
  const errorMin = isRare ? Math.sqrt((plus * (1 - plus)) / (count + 4)) : 0;
  const figure = { kind: "ratio", numerator, denominator } as const;
  return { figure, requests: numerator.length, count, least: COUNT_MIN, isEnough: count >= COUNT_MIN, errorMin };
}

/** Shares of fewer events, or fewer others, have a least standard error. */
const EVENTS_MIN = 10;
/** Fewest requests from which a share or a price is compared. */
const COUNT_MIN = 59;

function ratioParts(
  metric: SampleMetric,
  columns: GroupColumns,
  { sample, classes }: { readonly sample: RunSample; readonly classes: RunResult["classes"] },
): readonly [Float64Array, Float64Array] | undefined {
  switch (metric) {
    case "failedShare":
      return [columns.failed, columns.asked];
    case "throttledAttemptShare":
      return [columns.throttled, columns.sent];
    case "retriedShare":
      return [columns.again.map((again) => (again > 0 ? 1 : 0)), columns.asked];
    case "usdPer1kServed":
      return [columns.costUsd.map((usd) => 1000 * usd), columns.served];
    case "goodputShare": {
      const limit = (k: number) => classes[sample.classIndex[k]!]!;
      const has = columns.asked.map((asked, k) =>
        asked > 0 && (limit(k).sloE2eMs ?? limit(k).sloTtftMs) !== null ? 1 : 0,
      );
      const isWithin = (k: number) =>
        sample.e2eMs[k]! <= (limit(k).sloE2eMs ?? Number.POSITIVE_INFINITY) &&
        sample.ttftMs[k]! <= (limit(k).sloTtftMs ?? Number.POSITIVE_INFINITY);
      return [has.map((one, k) => (one > 0 && isWithin(k) ? 1 : 0)), has];
    }
    default:
      return undefined;
  }
}

/**
 * A side's value and error as the moments of as many values as there are blocks.
 *
 * @param told the figure as the run's result has it, which is what is shown; a percentile there lies between two requests
 */
function rowMoments(row: RowFigure, told: number | null): Moments | undefined {
  const zero: Figure = {
    kind: "ratio",
    numerator: new Float64Array(row.requests),
    denominator: new Float64Array(row.requests).fill(1),
  };
  const { value: ofRows, error, blocks } = bootstrap(row.figure, zero, row.requests);
  if (Number.isNaN(ofRows)) return undefined;
  const value = told ?? ofRows;
  if (!row.isEnough || Number.isNaN(error) || blocks < 2) return { mean: value, variance: null, n: 1 };
  return { mean: value, variance: Math.max(error, row.errorMin) ** 2 * blocks, n: blocks };
}

function bootstrap(of: Figure, than: Figure, requests: number) {
  const quantity = { simulated: of, measured: than, isRelative: false };
  const how = { resamples: RESAMPLES, random: purposeStream(1, "compare/rows") };
  const { results, blocks } = pairedIntervals([quantity], requests, how);
  const { difference, error, simulated, measured } = results[0]!;
  return { value: difference.value, error, blocks, of: simulated, than: measured };
}

function pairedRows(
  a: RowFigure,
  b: RowFigure,
  [toldA, toldB]: Asked["estimates"],
): MeanDifference & { readonly n: number } {
  const n = Math.min(a.count, b.count);
  const { value: ofRows, error, blocks, than: thanOfRows } = bootstrap(b.figure, a.figure, a.requests);
  if (Number.isNaN(ofRows)) return { ...NOTHING, n };
  const isTold = toldA.value !== null && toldB.value !== null;
  const [value, than] = isTold ? [toldB.value - toldA.value, toldA.value] : [ofRows, thanOfRows];
  const isKnown = a.isEnough && b.isEnough && !Number.isNaN(error) && blocks > 1;
  const least = Math.hypot(a.errorMin, b.errorMin);
  // Where no pair differs there is nothing that few events could hide.
  const used = value === 0 && error === 0 ? 0 : Math.max(error, least);
  const half = isKnown ? studentQuantile(0.975, blocks - 1) * used : null;
  const estimate = (by: number): Estimate => ({
    value: value / by,
    low: half === null ? null : (value - half) / by,
    high: half === null ? null : (value + half) / by,
    n,
  });
  return {
    difference: estimate(1),
    relative: than > 0 ? estimate(than) : { ...NONE, n },
    p: half === null ? null : studentP(value, used, blocks - 1),
    freedom: blocks - 1,
    n,
  };
}
