import { type Calls, sliceCalls } from "./calls.ts";
import { blockStandardError, meanNumber, median } from "./quantiles.ts";
import { errorsGivenOthers, readParameters } from "./read-parameters.ts";
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
  /** That error by call. */
  readonly errors: Float64Array;
}

/** Share of the time that the choice of a variant is made on. */
const TRAINING_SHARE = 0.7;
const FINALISTS = 5;
const HELD_OUT_SEEDS = [31, 32, 33, 34, 35, 36];

export function fitCalls(calls: Calls): CallsFit {
  const options = optionsOf(calls);
  const cut = cutAt(calls, TRAINING_SHARE);
  const training = sliceCalls(calls, 0, cut);
  const ranked = searchVariants(training, { ...options, peak: peakInside(training) });
  const scoring = { from: cut, to: calls.count, seeds: HELD_OUT_SEEDS, hasTtft: options.hasTtft };
  const rivals = finalistsOf(ranked)
    .map((each) => polish(training, each, options, 90))
    .map((candidate) => {
      const { variant, parameters } = candidate;
      const heldOut = scoreModel(specOf(variant, parameters, options.peak), calls, scoring);
      const errors = errorsGivenOthers(calls, variant, parameters);
      // A handful of numbers cannot learn a thousand calls by heart, so all of them may judge the variant.
      const error = heldOut.total + meanNumber(errors, 0, calls.count);
      return { candidate, heldOut, error, errors };
    })
    .sort((a, b) => a.error - b.error);
  const { candidate: chosen, heldOut } = plainest(rivals);
  const parameters = readParameters(calls, chosen.variant, chosen.parameters.servers) ?? chosen.parameters;
  const candidate = polish(calls, { ...chosen, parameters }, options, 150);
  return { candidate, options, heldOut, rivals };
}

/** Differences up to so many standard errors are what a number without meaning gains by chance. */
const DIFFERENCE_MIN = 1;

/** Of those that tell the calls as well as the best the one with the least to it. */
function plainest(rivals: readonly Rival[]): Rival {
  const best = rivals[0]!;
  const asGood = rivals.filter((each) => {
    const difference = each.errors.map((error, i) => error - best.errors[i]!);
    const mean = meanNumber(difference, 0, difference.length);
    return mean <= DIFFERENCE_MIN * blockStandardError(difference) && each.heldOut.total <= best.heldOut.total * 1.02;
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

/** The first call after this share of the time between the first and the last. */
function cutAt(calls: Calls, share: number): number {
  const fromMs = calls.atMs[0]!;
  const untilMs = fromMs + share * (calls.atMs[calls.count - 1]! - fromMs);
  const cut = calls.atMs.findIndex((ms) => ms > untilMs);
  return cut < 0 ? calls.count : cut;
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
