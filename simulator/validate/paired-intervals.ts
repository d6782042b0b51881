/** Differences of quantities of the same paired requests, with intervals by the block bootstrap. */
import { orderStatistic, studentQuantile, varianceOf } from "../base/statistics.ts";
import { blockLength, createBlockBootstrap } from "../random/bootstrap.ts";
import type { RandomStream } from "../random/keyed-random.ts";
import { ALPHA, type Difference, exactShareDifference } from "./equivalence.ts";

/** A quantity on both sides, and the difference with its 90 % interval; NaN where there is none. */
export interface PairedResult {
  readonly simulated: number;
  readonly measured: number;
  readonly difference: Difference;
  /** Standard error of the difference over the resamples; NaN where it cannot be had. */
  readonly error: number;
}

/** Results of all quantities. */
export interface PairedResults {
  /** In the order of the quantities. */
  readonly results: readonly PairedResult[];
  /** Block length: neighbouring requests that were drawn together. */
  readonly blockRequests: number;
  /** Blocks in the series: the standard errors have (blocks - 1) degrees of freedom. */
  readonly blocks: number;
}

/** Fewest blocks from which a spread is estimated. */
const BLOCKS_MIN = 10;
/** With fewer events, or fewer non-events, exact limits replace the bootstrap. */
const EVENTS_MIN = 10;
/** Largest tolerated share of resamples in which a figure is missing because none of its requests was drawn. */
const MISSING_MAX = 0.05;

/**
 * Differences of many quantities of the same paired requests, with intervals that allow for serial dependence: pairs
 * are resampled in blocks, whose length is the longest that any quantity needs, at most a tenth of the series. Each end
 * of an interval is the farther of the bootstrap percentile, which reflects skewness, and of Student's t on the
 * bootstrap's standard error with (blocks - 1) degrees of freedom, which allows for few blocks. Shares of rare events
 * get exact limits.
 *
 * Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8 and 13.
 *
 * @param requests rows of every figure
 */
export function pairedIntervals(
  quantities: readonly PairedQuantity[],
  requests: number,
  how: {
    readonly resamples: number;
    readonly random: RandomStream;
    /** How many quantities, from the first, determine the block length; all unless given. */
    readonly deciding?: number;
  },
): PairedResults {
  const reader = new FigureReader(quantities.flatMap(({ simulated, measured }) => [simulated, measured]));
  reader.read();
  const values = quantities.map(
    ({ simulated, measured }) => [reader.valueOf(simulated), reader.valueOf(measured)] as const,
  );
  const blockRequests = sharedBlockLength(quantities.slice(0, how.deciding), values, requests);
  const bootstrap = createBlockBootstrap(requests, blockRequests, how.random);
  const draws = quantities.map(() => new Float64Array(how.resamples));
  for (let resample = 0; resample < how.resamples; resample++) {
    const weights = bootstrap.next();
    reader.read(weights);
    quantities.forEach(({ simulated, measured, isRelative }, q) => {
      draws[q]![resample] = differenceOf(reader.valueOf(simulated), reader.valueOf(measured), isRelative);
    });
  }
  const blocks = Math.ceil(requests / blockRequests);
  const results = quantities.map((quantity, q): PairedResult => {
    const [simulated, measured] = values[q]!;
    const value = differenceOf(simulated, measured, quantity.isRelative);
    const known = draws[q]!.filter((draw) => !Number.isNaN(draw)).sort();
    const error = errorOf(known, how.resamples);
    const { low, high } = exactLimits(quantity) ?? intervalOf(value, known, error, blocks);
    return { simulated, measured, difference: { value, low, high }, error };
  });
  return { results, blockRequests, blocks };
}

function sharedBlockLength(
  quantities: readonly PairedQuantity[],
  values: readonly (readonly [number, number])[],
  requests: number,
): number {
  const longest = Math.max(1, Math.floor(requests / BLOCKS_MIN));
  let length = 1;
  quantities.forEach((quantity, q) => {
    if (values[q]!.some(Number.isNaN)) return;
    length = Math.max(length, blockLength(influenceOf(quantity, values[q]!)));
  });
  return Math.min(longest, length);
}

/** Spread of the resampled differences, ascending; NaN where too many of them are missing. */
function errorOf(known: Float64Array, resamples: number): number {
  if (known.length < (1 - MISSING_MAX) * resamples) return Number.NaN;
  return known.length > 1 ? Math.sqrt(varianceOf(known)) : 0;
}

/** @param known resampled differences, ascending */
function intervalOf(
  value: number,
  known: Float64Array,
  error: number,
  blocks: number,
): { readonly low: number; readonly high: number } {
  if (Number.isNaN(value) || Number.isNaN(error)) return { low: NaN, high: NaN };
  const reach = error > 0 && blocks > 1 ? studentQuantile(1 - ALPHA, blocks - 1) * error : 0;
  return {
    low: Math.min(value - reach, orderStatistic(known, ALPHA)),
    high: Math.max(value + reach, orderStatistic(known, 1 - ALPHA)),
  };
}

/** Exact limits for a share of rare events or non-events; undefined for other quantities. */
function exactLimits({ simulated, measured, isRelative }: PairedQuantity) {
  if (isRelative) return undefined;
  const [a, b] = [shareOf(simulated), shareOf(measured)];
  if (a === undefined || b === undefined || a.n === 0 || b.n === 0) return undefined;
  const isRare = ({ events, n }: { events: number; n: number }) => Math.min(events, n - events) < EVENTS_MIN;
  return isRare(a) || isRare(b) ? exactShareDifference(a, b, ALPHA) : undefined;
}

/** Counts of a ratio of whole numbers in [0, 1]. */
function shareOf(figure: Figure): { readonly events: number; readonly n: number } | undefined {
  if (figure.kind !== "ratio") return undefined;
  let events = 0;
  let n = 0;
  for (let i = 0; i < figure.numerator.length; i++) {
    events += figure.numerator[i]!;
    n += figure.denominator[i]!;
  }
  return Number.isInteger(events) && Number.isInteger(n) && events <= n ? { events, n } : undefined;
}

/** How a figure of one side is computed from the side's requests, which may be weighted. */
export type Figure =
  /** A quantile of a column. */
  | {
      readonly kind: "quantile";
      readonly column: QuantileColumn;
      readonly values: Float64Array;
      readonly share: number;
    }
  /** A sum over requests divided by another: a share, a mean, a price per request. */
  | { readonly kind: "ratio"; readonly numerator: Float64Array; readonly denominator: Float64Array };

/** One figure, simulated and measured, of the same requests in the same order. */
export interface PairedQuantity {
  readonly simulated: Figure;
  readonly measured: Figure;
  /** The difference is simulated / measured - 1; else simulated - measured. */
  readonly isRelative: boolean;
}

/** Simulated against measured: the simulator's error. 0 where both are 0; NaN where it is undefined. */
function differenceOf(simulated: number, measured: number, isRelative: boolean): number {
  if (!isRelative) return simulated - measured;
  if (measured === 0) return simulated === 0 ? 0 : Number.NaN;
  return simulated / measured - 1;
}

/** Evaluates many figures under successive sets of weights, passing over each column once per set. */
class FigureReader {
  private readonly columns = new Map<QuantileColumn, { readonly shares: number[]; out: Float64Array }>();
  private readonly sums = new Map<Float64Array, SumColumn>();

  constructor(figures: readonly Figure[]) {
    for (const figure of figures) {
      if (figure.kind === "ratio") {
        for (const values of [figure.numerator, figure.denominator]) {
          if (!this.sums.has(values)) this.sums.set(values, new SumColumn(values));
        }
        continue;
      }
      const known = this.columns.get(figure.column);
      if (known === undefined) this.columns.set(figure.column, { shares: [figure.share], out: new Float64Array(0) });
      else if (!known.shares.includes(figure.share)) known.shares.push(figure.share);
    }
    for (const each of this.columns.values()) {
      each.shares.sort((a, b) => a - b);
      each.out = new Float64Array(each.shares.length);
    }
  }

  /** Evaluates all columns under weights by request; 1 each where left out. */
  read(weights?: Int32Array): void {
    for (const [column, { shares, out }] of this.columns) column.at(shares, out, weights);
    for (const column of this.sums.values()) column.read(weights);
  }

  /** A figure under the weights that were read last. */
  valueOf(figure: Figure): number {
    if (figure.kind === "quantile") {
      const { shares, out } = this.columns.get(figure.column)!;
      return out[shares.indexOf(figure.share)]!;
    }
    const per = this.sums.get(figure.denominator)!.sum;
    return per > 0 ? this.sums.get(figure.numerator)!.sum / per : Number.NaN;
  }
}

/** The weighted sum of a column. Many figures share a column, and most shares are of rare events: zeros are left out. */
class SumColumn {
  sum = 0;
  private readonly column: Float64Array;
  /** Rows that are not zero; undefined where most are not. */
  private readonly rows: Int32Array | undefined;

  constructor(column: Float64Array) {
    this.column = column;
    const rows = new Int32Array(column.length);
    let count = 0;
    for (let row = 0; row < column.length; row++) if (column[row] !== 0) rows[count++] = row;
    this.rows = count < column.length / 2 ? rows.slice(0, count) : undefined;
  }

  read(weights?: Int32Array): void {
    const { column, rows } = this;
    let sum = 0;
    if (weights === undefined) for (let i = 0; i < column.length; i++) sum += column[i]!;
    else if (rows === undefined) for (let i = 0; i < column.length; i++) sum += weights[i]! * column[i]!;
    else for (let n = 0; n < rows.length; n++) sum += weights[rows[n]!]! * column[rows[n]!]!;
    this.sum = sum;
  }
}

/**
 * The influence of each request on the difference, to first order; its serial dependence is that of the difference.
 * For a quantile it is the side of it on which the request lies, for a ratio the excess over the ratio.
 */
function influenceOf({ simulated, measured }: PairedQuantity, values: readonly [number, number]): Float64Array {
  const ofSimulated = influence(simulated, values[0]);
  const ofMeasured = influence(measured, values[1]);
  return ofSimulated.map((value, i) => value - ofMeasured[i]!);
}

function influence(figure: Figure, value: number): Float64Array {
  if (figure.kind === "quantile") {
    const { values, share } = figure;
    return values.map((each) => (Number.isNaN(each) ? 0 : share - (each <= value ? 1 : 0)));
  }
  const { numerator, denominator } = figure;
  return numerator.map((over, i) => over - value * denominator[i]!);
}

/**
 * Quantiles of a column under weights of its rows; rows that hold NaN are not in the sample. With equal weights they
 * are `orderStatistic` of base/statistics.ts: a weighted sample has no interpolated quantile (type 7) to agree on.
 */
interface QuantileColumn {
  /** Rows in the sample. */
  readonly count: number;
  /**
   * For each share, the smallest value that at least that share of the weighted sample does not exceed; NaN of none.
   *
   * @param shares ascending, in (0, 1]
   * @param weights by row, whole numbers; 1 each where left out
   */
  at(shares: readonly number[], out: Float64Array, weights?: ArrayLike<number>): void;
}

/** A column, sorted once so that each set of weights takes one pass. @param values NaN where a row has none */
export function createQuantileColumn(values: ArrayLike<number>): QuantileColumn {
  const rows = Int32Array.from(Array.from(values, (_, row) => row).filter((row) => !Number.isNaN(values[row]!))).sort(
    (a, b) => values[a]! - values[b]! || a - b,
  );
  const sorted = Float64Array.from(rows, (row) => values[row]!);
  const weightOf = (weights: ArrayLike<number> | undefined, i: number) =>
    weights === undefined ? 1 : weights[rows[i]!]!;
  return {
    count: rows.length,
    at(shares, out, weights) {
      const total = weights === undefined ? rows.length : totalOf(rows, weights);
      if (total <= 0) {
        out.fill(Number.NaN, 0, shares.length);
        return;
      }
      // High quantiles are near the top: the sample is counted from there, down to the first that still has enough below.
      let last = rows.length - 1;
      let upTo = total;
      for (let at = shares.length - 1; at >= 0; at--) {
        const wanted = shares[at]! * total - ROUNDING;
        while (last > 0) {
          const before = upTo - weightOf(weights, last);
          if (before < wanted) break;
          upTo = before;
          last--;
        }
        out[at] = sorted[last]!;
      }
    },
  };
}

function totalOf(rows: Int32Array, weights: ArrayLike<number>): number {
  let total = 0;
  // A column without gaps: the same sum in the order of the memory.
  if (rows.length === weights.length) for (let i = 0; i < weights.length; i++) total += weights[i]!;
  else for (let i = 0; i < rows.length; i++) total += weights[rows[i]!]!;
  return total;
}

/** 0.95 x 20 is a little more than 19 in binary. */
const ROUNDING = 1e-9;
