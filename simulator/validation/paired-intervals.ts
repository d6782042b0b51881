import { studentQuantile } from "../experiment/statistics.ts";
import type { RandomStream } from "../random/random-stream.ts";
import { createBlockBootstrap } from "./block-bootstrap.ts";
import { blockLength } from "./block-length.ts";
import { ALPHA, type Difference } from "./equivalence.ts";
import { exactShareDifference } from "./exact-share.ts";
import { differenceOf, type Figure, FigureReader, influenceOf, type PairedQuantity } from "./paired-quantity.ts";
import { quantileOf } from "./weighted-quantiles.ts";

/** A quantity on both sides, and the difference with its 90 % interval; NaN where it is not to be had. */
export interface PairedResult {
  readonly simulated: number;
  readonly measured: number;
  readonly difference: Difference;
}

export interface PairedResults {
  /** In the order of the quantities. */
  readonly results: readonly PairedResult[];
  /** Neighbouring requests that were drawn together. */
  readonly blockRequests: number;
}

/** Fewer blocks than this and their spread is hardly known. */
const BLOCKS_MIN = 10;
/** With fewer events than this, or fewer non-events, resampling says too little of a share. */
const EVENTS_MIN = 10;
/** Resamples in which a figure is missing (no request of its group drawn) are tolerated up to this share. */
const MISSING_MAX = 0.05;

/**
 * Differences of many quantities of the same paired requests, with intervals that respect that neighbours are alike:
 * pairs are resampled in blocks, whose length is the longest that any of the quantities asks for, one tenth of the
 * series at most. Each end of an interval is the farther of the bootstrap's percentile and of Student's t on its
 * standard error with one degree of freedom less than there are blocks: the first knows skewness, the second that the
 * blocks are few. Shares with hardly any events get exact limits.
 *
 * Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 8 and 13.
 */
export function pairedIntervals(
  quantities: readonly PairedQuantity[],
  requests: number,
  how: {
    readonly resamples: number;
    readonly random: RandomStream;
    /** How many of the quantities, from the first, have a say in the length of blocks; all unless given. */
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
      draws[q]![resample] = differenceOf(
        reader.valueOf(simulated, weights),
        reader.valueOf(measured, weights),
        isRelative,
      );
    });
  }
  const blocks = Math.ceil(requests / blockRequests);
  const results = quantities.map((quantity, q): PairedResult => {
    const [simulated, measured] = values[q]!;
    const value = differenceOf(simulated, measured, quantity.isRelative);
    const { low, high } = exactLimits(quantity) ?? intervalOf(value, draws[q]!, blocks);
    return { simulated, measured, difference: { value, low, high } };
  });
  return { results, blockRequests };
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

function intervalOf(
  value: number,
  draws: Float64Array,
  blocks: number,
): { readonly low: number; readonly high: number } {
  const known = draws.filter((draw) => !Number.isNaN(draw)).sort();
  if (Number.isNaN(value) || known.length < (1 - MISSING_MAX) * draws.length) return { low: NaN, high: NaN };
  let sum = 0;
  for (const draw of known) sum += draw;
  const mean = sum / known.length;
  let squares = 0;
  for (const draw of known) squares += (draw - mean) ** 2;
  const error = Math.sqrt(squares / Math.max(1, known.length - 1));
  const reach = error > 0 && blocks > 1 ? studentQuantile(1 - ALPHA, blocks - 1) * error : 0;
  return {
    low: Math.min(value - reach, quantileOf(known, ALPHA)),
    high: Math.max(value + reach, quantileOf(known, 1 - ALPHA)),
  };
}

/** For a share with hardly any events or non-events on a side; undefined for everything else. */
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
