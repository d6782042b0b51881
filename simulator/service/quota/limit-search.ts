/** The smallest limit that is enough: the one at which a bisection would end, found with fewer trials. */

/** A bisection ends when its bounds are this near, as a share. */
const PRECISION = 0.005;
/** Or this near: where calls ask for nothing, every limit is enough, and half of it again. */
const FINEST = 1e-6;
/** How many times the allowed share a trial may refuse before it is given up: below, it says how far off the limit is. */
const TOLD_UP_TO = 3;
/** By how much the share's logarithm falls when a limit grows by its own size: a first idea, measured on shipped scenarios. */
const USUAL_SLOPE = 10;
/** Small shares fall faster than that, so the idea is not trusted for more than this, as a share of the limit. */
const LONGEST_STEP = 1 / 8;

/** So many trials are chosen by estimates. */
const ESTIMATES_MAX = 8;

/** What a limit is looked for by. */
export interface LimitSearch {
  /** A limit that is thought to be enough; doubled until it is. */
  readonly enough: number;
  /** Where the answer is expected: nothing but the number of trials depends on it. NaN = no idea. */
  readonly guess: number;
  /** Share of the calls that may be refused. */
  readonly shareMax: number;
  /** Share that a limit refuses; 1 once that is above `giveUpAt`. */
  readonly shareAt: (limit: number, giveUpAt: number) => number;
}

/** A limit that was tried, and the share that it refused; NaN where that is of no use for an estimate. */
interface Trial {
  readonly limit: number;
  readonly share: number;
}

/**
 * The limit that a bisection down from `enough` would find, to half a per cent, where more never refuses more: only those of
 * its limits are tried that lie about where the shares seen so far put the answer. Where more refuses more by a call or two
 * (one that was refused takes no room from those after it), several limits are enough while the next below is not: it is one.
 *
 * @example smallestEnough({ enough: 100, guess: Number.NaN, shareMax: 0.01, shareAt: (limit) => (limit < 40 ? 1 : 0) }) // => 40.0390625
 */
export function smallestEnough({ enough: first, guess, shareMax, shareAt }: LimitSearch): number {
  let high = first;
  let low = 0;
  while (shareAt(high, shareMax) > shareMax) {
    low = high;
    high *= 2;
  }
  let short: Trial = { limit: low, share: Number.NaN };
  let enough: Trial = { limit: high, share: Number.NaN };
  let next = guess;
  /** Trials in a row that fell on the same side: each doubles the step, so that a wrong slope costs little. */
  let [sameSide, wasEnough] = [0, false];
  for (let trials = 0; ; trials++) {
    const isBetween = next > short.limit && next < enough.limit;
    const expected = isBetween ? next : (short.limit + enough.limit) / 2;
    const cell = cellAt(expected, short.limit, enough.limit, [low, high]);
    if (cell.from <= short.limit && cell.to >= enough.limit) return enough.limit;
    const limit = cell.to < enough.limit ? cell.to : cell.from;
    const share = shareAt(limit, TOLD_UP_TO * shareMax);
    const isEnough = share <= shareMax;
    const trial = { limit, share: share > 0 && share < 1 ? share : Number.NaN };
    if (isEnough) enough = trial;
    else short = trial;
    sameSide = isEnough === wasEnough ? sameSide + 1 : 0;
    wasEnough = isEnough;
    // Shares that hardly change tell nothing: then the middle, as in a bisection.
    next = trials < ESTIMATES_MAX ? estimate(short, enough, shareMax, 2 ** sameSide) : Number.NaN;
  }
}

/** Where the share passes what is allowed, if its logarithm falls evenly. NaN where nothing is known of that. */
function estimate(short: Trial, enough: Trial, shareMax: number, stretch: number): number {
  const known = Number.isNaN(enough.share) ? short : enough;
  if (Number.isNaN(known.share) || shareMax === 0) return Number.NaN;
  const left = Math.log(known.share / shareMax);
  if (known === short || Number.isNaN(short.share)) {
    const step = Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, left / USUAL_SLOPE));
    return known.limit * (1 + stretch * step);
  }
  return enough.limit + (left * (enough.limit - short.limit)) / Math.log(short.share / enough.share);
}

/** The last interval of a bisection that ends at a limit, which is taken to lie between the bounds. */
function cellAt(limit: number, short: number, enough: number, [low, high]: readonly [number, number]) {
  let [from, to] = [low, high];
  while (to - from > Math.max(FINEST, PRECISION * to)) {
    const middle = (from + to) / 2;
    if (middle > short && (middle >= enough || middle >= limit)) to = middle;
    else from = middle;
  }
  return { from, to };
}
