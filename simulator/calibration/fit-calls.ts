import { type Calls, sliceCalls } from "./calls.ts";
import { errorsGivenOthers } from "./errors-given-others.ts";
import { blockStandardError, meanNumber, median } from "./quantiles.ts";
import { readParameters } from "./read-parameters.ts";
import { type Score, scoreModel } from "./score.ts";
import { type Candidate, complexityOf, polish, type SearchOptions, searchVariants } from "./search.ts";
import { specOf } from "./variant.ts";

/** A fit of one endpoint. */
export interface CallsFit {
  readonly candidate: Candidate;
  readonly options: SearchOptions;
  /** Errors of the same variant, fitted to the first part of the time, on the rest. */
  readonly heldOut: Score;
  /** Those that came near, the best on the held-out part first. */
  readonly rivals: readonly Rival[];
}

export interface Rival {
  readonly candidate: Candidate;
  readonly heldOut: Score;
  /** What is least for the best: the held-out score plus the mean error of all calls given what the others did. */
  readonly error: number;
  /** The latter by call. */
  readonly errors: Float64Array;
  readonly isPolished: boolean;
}

/** Share of the time that the choice of a variant is made on. */
const TRAINING_SHARE = 0.7;
const FINALISTS = 5;
const HELD_OUT_SEEDS = [31, 32, 33, 34, 35, 36];

/** Calls that variants are told apart by; more make the search slower and little surer. */
const SEARCH_CALLS_MAX = 1800;

/**
 * @param calls at least some dozens of answered ones
 * @returns undefined where their times say nothing, as when all are none
 */
export function fitCalls(calls: Calls): CallsFit | undefined {
  const options = optionsOf(calls);
  const cut = cutAt(calls, TRAINING_SHARE);
  const training = sliceCalls(calls, Math.max(0, cut - SEARCH_CALLS_MAX), cut);
  const ranked = searchVariants(training, { ...options, peak: peakInside(training) });
  const scoring = { from: cut, to: calls.count, seeds: HELD_OUT_SEEDS, hasTtft: options.hasTtft };
  const judge = (candidate: Candidate): Rival => {
    const { variant, parameters } = candidate;
    const heldOut = scoreModel(specOf(variant, parameters, options.peak), calls, scoring);
    const errors = errorsGivenOthers(calls, variant, parameters);
    // A handful of numbers cannot learn a thousand calls by heart, so all of them may judge the variant.
    return { candidate, heldOut, errors, error: heldOut.total + meanNumber(errors, 0, calls.count), isPolished: false };
  };
  const rivals = finalistsOf(ranked)
    .map(judge)
    .sort((a, b) => a.error - b.error);
  for (const [place, rival] of rivals.slice(0, POLISHED).entries()) {
    const polished = judge(polish(training, rival.candidate, options, 80));
    const isBetter = polished.heldOut.total < rival.heldOut.total * (1 - POLISH_GAIN_MIN);
    if (isBetter) rivals[place] = { ...polished, isPolished: true };
  }
  if (rivals.length === 0) return undefined;
  rivals.sort((a, b) => a.error - b.error);
  const { candidate: chosen, heldOut, isPolished } = plainest(rivals);
  const parameters = readParameters(calls, chosen.variant, chosen.parameters.servers) ?? chosen.parameters;
  const read = { ...chosen, parameters };
  return { candidate: isPolished ? polish(calls, read, options, 120) : read, options, heldOut, rivals };
}

const POLISHED = 2;
/**
 * What is read off the calls is sharper than what comes of moving numbers about until a simulation with luck of its own
 * looks alike; that is for readings that went wrong, and shows on the held-out calls by at least this share.
 */
const POLISH_GAIN_MIN = 0.04;

/** Differences up to so many standard errors are what a number without meaning gains by chance, tried so often. */
const DIFFERENCE_MIN = 2;
/** The same between curves of one number and of two, which both mean something. */
const CURVES_DIFFERENCE_MIN = 1;

/** Of those that tell the calls as well as the best the one with the least to it. */
function plainest(rivals: readonly Rival[]): Rival {
  const best = rivals[0]!;
  const asGood = rivals.filter((each) => {
    const difference = each.errors.map((error, i) => error - best.errors[i]!);
    const mean = meanNumber(difference, 0, difference.length);
    const less = complexityOf(best.candidate.variant) - complexityOf(each.candidate.variant);
    const allowed = less < 0.5 ? CURVES_DIFFERENCE_MIN : DIFFERENCE_MIN;
    return mean <= allowed * blockStandardError(difference) && each.heldOut.total <= best.heldOut.total * 1.02;
  });
  return [best, ...asGood].reduce((a, b) =>
    complexityOf(b.candidate.variant) < complexityOf(a.candidate.variant) ? b : a,
  );
}

/** The best, and the best of each lesser complexity that is near. */
function finalistsOf(ranked: readonly Candidate[]): readonly Candidate[] {
  const best = ranked[0];
  if (best === undefined) return [];
  const finalists = ranked.slice(0, FINALISTS);
  for (const each of ranked.slice(FINALISTS)) {
    if (each.error > best.error * 1.03) break;
    const isPlainer = finalists.every(({ variant }) => complexityOf(each.variant) < complexityOf(variant));
    if (isPlainer) finalists.push(each);
  }
  return finalists;
}

function optionsOf(calls: Calls): SearchOptions {
  const shares: number[] = [];
  for (let i = 0; i < calls.count; i++) {
    if (calls.isServed[i] === 0 || calls.outputTokens[i]! < 8) continue;
    const share = (calls.firstMs[i]! - calls.atMs[i]!) / (calls.endMs[i]! - calls.atMs[i]!);
    if (!Number.isNaN(share)) shares.push(share);
  }
  const isWhole = shares.length === 0 || median(shares) > 0.985;
  return { hasTtft: !isWhole, isWhole, peak: peakInside(calls) };
}

/** Fewer answered calls than this judge nothing. */
const HELD_OUT_MIN = 15;

/** The first call after this share of the time; of the answered calls, where hardly any comes after that. */
function cutAt(calls: Calls, share: number): number {
  const fromMs = calls.atMs[0]!;
  const untilMs = fromMs + share * (calls.atMs[calls.count - 1]! - fromMs);
  const cut = calls.atMs.findIndex((ms) => ms > untilMs);
  const served = [...calls.isServed.keys()].filter((i) => calls.isServed[i] === 1);
  const after = served.filter((i) => i >= cut).length;
  const isEnough = cut >= 0 && after >= HELD_OUT_MIN && served.length - after >= HELD_OUT_MIN;
  return isEnough ? cut : served[Math.floor(share * served.length)]!;
}

export function peakInside(calls: Calls): number {
  const ends = Float64Array.from(calls.endMs).sort();
  let ended = 0;
  let peak = 1;
  for (let i = 0; i < calls.count; i++) {
    while (ends[ended]! <= calls.atMs[i]!) ended++;
    peak = Math.max(peak, i + 1 - ended);
  }
  return peak;
}
