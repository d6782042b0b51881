/** Fits the calls of one endpoint: search, polish, evaluation on held-out calls, selection, and extrapolation. */
import { median, quantileSorted, sortedNumbers } from "../base/statistics.ts";
import type { CapacitySpec } from "../service/capacity/index.ts";
import { type Calls, sliceCalls } from "./calls.ts";
import { specOf } from "./candidate-model.ts";
import { estimateParameters } from "./estimate-parameters.ts";
import { errorsAtMeasuredConcurrency, replayCalls, type Score, scorerOf } from "./score.ts";
import {
  akaikeWeights,
  type Candidate,
  type EvaluatedCandidate,
  polish,
  type SearchOptions,
  searchVariants,
  selectModel,
} from "./select-model.ts";

/** A fit of one endpoint. */
export interface CallsFit {
  readonly candidate: Candidate;
  readonly options: SearchOptions;
  /** Score on the last part of the time of the same variant fitted to the first part. */
  readonly heldOut: Score;
  /** The finalists, the one with the lowest held-out error first. */
  readonly candidates: readonly EvaluatedCandidate[];
}

/** Share of the time that variants are fitted to; the rest is held out. */
const TRAINING_SHARE = 0.7;
const FINALISTS = 5;
const HELD_OUT_SEEDS = [31, 32, 33, 34, 35, 36];

/** Most calls that the search uses: more make it slower and hardly more certain. */
const SEARCH_CALLS_MAX = 1800;

/**
 * Fits every variant to the first 70 % of the time, evaluates the best on the rest, and selects one by Akaike weight.
 *
 * @param calls at least some dozens of answered ones
 * @returns undefined where no variant fits, as when all durations are zero
 */
export function fitCalls(calls: Calls): CallsFit | undefined {
  const options = optionsOf(calls);
  const cut = cutAt(calls, TRAINING_SHARE);
  const training = sliceCalls(calls, Math.max(0, cut - SEARCH_CALLS_MAX), cut);
  const ranked = searchVariants(training, { ...options, peak: peakInside(training) });
  const scoring = { from: cut, to: calls.count, seeds: HELD_OUT_SEEDS, hasTtft: options.hasTtft };
  const scoreOf = scorerOf(calls, scoring);
  const heldOutOf = ({ variant, parameters }: Candidate) => scoreOf(specOf(variant, parameters, options.peak));
  const judged = finalistsOf(ranked)
    .map((candidate) => ({ candidate, heldOut: heldOutOf(candidate), isPolished: false }))
    .sort((a, b) => a.heldOut.total - b.heldOut.total);
  for (const [place, each] of judged.slice(0, POLISHED).entries()) {
    const candidate = polish(training, each.candidate, options, 80);
    const heldOut = heldOutOf(candidate);
    if (heldOut.total < each.heldOut.total * (1 - POLISH_GAIN_MIN))
      judged[place] = { candidate, heldOut, isPolished: true };
  }
  const candidates = judged.map(({ candidate, heldOut, isPolished }): EvaluatedCandidate => {
    const whole = onAllCalls(calls, candidate, isPolished, options);
    const errors = errorsAtMeasuredConcurrency(calls, whole.variant, whole.parameters);
    const spec = specOf(whole.variant, whole.parameters, options.peak);
    return { candidate: whole, heldOut, errors, moreLoad: underMoreLoad(calls, spec) };
  });
  const chosen = selectModel(candidates);
  if (chosen === undefined) return undefined;
  return { candidate: chosen.candidate, options, heldOut: chosen.heldOut, candidates };
}

/** The variant's parameters from all of the calls, polished where polishing had improved it. */
function onAllCalls(calls: Calls, found: Candidate, isPolished: boolean, options: SearchOptions): Candidate {
  const parameters = estimateParameters(calls, found.variant, found.parameters.servers) ?? found.parameters;
  const read = { ...found, parameters };
  return isPolished ? polish(calls, read, options, 120) : read;
}

const POLISHED = 2;
/**
 * Direct estimates are sharper than parameters tuned by simulation, whose draws differ from the endpoint's. Polishing
 * is for estimates that went wrong, which shows as a gain on the held-out calls of at least this share.
 */
const POLISH_GAIN_MIN = 0.04;

/** The best few, and the best of each further curve kind whose error is within `NEAR`. */
function finalistsOf(ranked: readonly Candidate[]): readonly Candidate[] {
  const best = ranked[0];
  if (best === undefined) return [];
  const finalists = ranked.slice(0, FINALISTS);
  for (const each of ranked.slice(FINALISTS)) {
    if (each.error > best.error * NEAR) break;
    if (finalists.every(({ variant }) => variant.curve !== each.variant.curve)) finalists.push(each);
  }
  return finalists;
}

const NEAR = 1.05;

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

/** Fewest answered calls on either side of the cut. */
const HELD_OUT_MIN = 15;

/**
 * The first call after this share of the time; after this share of the answered calls where too few come after that.
 */
function cutAt(calls: Calls, share: number): number {
  const fromMs = calls.atMs[0]!;
  const untilMs = fromMs + share * (calls.atMs[calls.count - 1]! - fromMs);
  const cut = calls.atMs.findIndex((ms) => ms > untilMs);
  const served = [...calls.isServed.keys()].filter((i) => calls.isServed[i] === 1);
  const after = served.filter((i) => i >= cut).length;
  const isEnough = cut >= 0 && after >= HELD_OUT_MIN && served.length - after >= HELD_OUT_MIN;
  return isEnough ? cut : served[Math.floor(share * served.length)]!;
}

/** Most calls inside the endpoint at a time. */
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

/** What a fit predicts at a higher load than measured, and the range over the candidates that fit comparably. */
export interface Extrapolation {
  /** Factor on the arrival rate of the measured calls. */
  readonly load: number;
  readonly e2eMsP95: number;
  /** Lowest and highest p95 E2E of the candidates, ms. */
  readonly lowMs: number;
  readonly highMs: number;
  /** How many candidates that range is over. */
  readonly candidates: number;
}

const LOAD = 1.5;
const SEEDS = [41, 42];
/** Candidates with a smaller Akaike weight are ruled out. */
const WEIGHT_MIN = 0.03;

/** Predicted p95 E2E of the same calls at `LOAD` times their arrival rate, ms. */
export function underMoreLoad(calls: Calls, spec: CapacitySpec): number {
  const atMs = calls.atMs.map((ms) => calls.atMs[0]! + (ms - calls.atMs[0]!) / LOAD);
  const faster = { ...calls, atMs };
  const values = SEEDS.flatMap((seed) => [...replayCalls(spec, faster, seed).e2eMs]);
  return quantileSorted(sortedNumbers(values), 0.95);
}

/** The range of predictions at more load. @param chosen prediction of the selected candidate, ms */
export function extrapolationOf(chosen: number, candidates: readonly EvaluatedCandidate[]): Extrapolation {
  const weights = akaikeWeights(candidates);
  const possible = candidates.filter((_, i) => weights[i]! >= WEIGHT_MIN).map(({ moreLoad }) => moreLoad);
  return {
    load: LOAD,
    e2eMsP95: chosen,
    lowMs: Math.min(chosen, ...possible),
    highMs: Math.max(chosen, ...possible),
    candidates: possible.length,
  };
}
