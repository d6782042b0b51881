import { median, quantileSorted, sortedNumbers } from "../base/statistics.ts";
import type { CapacitySpec } from "../service/capacity/index.ts";
import { type Calls, sliceCalls } from "./calls.ts";
import { specOf } from "./candidate-model.ts";
import { readParameters } from "./read-parameters.ts";
import { errorsGivenOthers, replayCalls, type Score, scoreModel } from "./score.ts";
import {
  type Candidate,
  type Contender,
  chooseRival,
  evidenceWeights,
  polish,
  type SearchOptions,
  searchVariants,
} from "./select-model.ts";

/** A fit of one endpoint. */
export interface CallsFit {
  readonly candidate: Candidate;
  readonly options: SearchOptions;
  /** Errors of the same variant, fitted to the first part of the time, on the rest. */
  readonly heldOut: Score;
  /** Those that came near, the one that foretold the held-out part best first. */
  readonly rivals: readonly Contender[];
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
  const heldOutOf = ({ variant, parameters }: Candidate) =>
    scoreModel(specOf(variant, parameters, options.peak), calls, scoring);
  const judged = finalistsOf(ranked)
    .map((candidate) => ({ candidate, heldOut: heldOutOf(candidate), isPolished: false }))
    .sort((a, b) => a.heldOut.total - b.heldOut.total);
  for (const [place, each] of judged.slice(0, POLISHED).entries()) {
    const candidate = polish(training, each.candidate, options, 80);
    const heldOut = heldOutOf(candidate);
    if (heldOut.total < each.heldOut.total * (1 - POLISH_GAIN_MIN))
      judged[place] = { candidate, heldOut, isPolished: true };
  }
  const rivals = judged.map(({ candidate, heldOut, isPolished }): Contender => {
    const whole = onAllCalls(calls, candidate, isPolished, options);
    const errors = errorsGivenOthers(calls, whole.variant, whole.parameters);
    const spec = specOf(whole.variant, whole.parameters, options.peak);
    return { candidate: whole, heldOut, errors, moreLoad: underMoreLoad(calls, spec) };
  });
  const chosen = chooseRival(rivals);
  if (chosen === undefined) return undefined;
  return { candidate: chosen.candidate, options, heldOut: chosen.heldOut, rivals };
}

/** The variant's numbers read off all of the calls; of one that simulation had mended, mended again. */
function onAllCalls(calls: Calls, found: Candidate, isPolished: boolean, options: SearchOptions): Candidate {
  const parameters = readParameters(calls, found.variant, found.parameters.servers) ?? found.parameters;
  const read = { ...found, parameters };
  return isPolished ? polish(calls, read, options, 120) : read;
}

const POLISHED = 2;
/**
 * What is read off the calls is sharper than what comes of moving numbers about until a simulation with luck of its own
 * looks alike; that is for readings that went wrong, and shows on the held-out calls by at least this share.
 */
const POLISH_GAIN_MIN = 0.04;

/** The best, and the best of each shape of curve that is near. */
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

/** What a fit says of more load than it saw, and what rivals say that tell the measured calls as well. */
export interface Extrapolation {
  /** The same calls, so much faster one after the other. */
  readonly load: number;
  readonly e2eMsP95: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly rivals: number;
}

const LOAD = 1.5;
const SEEDS = [41, 42];
/** Rivals with less of the evidence are ruled out. */
const WEIGHT_MIN = 0.03;

/** p95 E2E of the same calls in two thirds of the time, ms. */
export function underMoreLoad(calls: Calls, spec: CapacitySpec): number {
  const atMs = calls.atMs.map((ms) => calls.atMs[0]! + (ms - calls.atMs[0]!) / LOAD);
  const faster = { ...calls, atMs };
  const values = SEEDS.flatMap((seed) => [...replayCalls(spec, faster, seed).e2eMs]);
  return quantileSorted(sortedNumbers(values), 0.95);
}

/** @param chosen what the chosen one of the rivals says, ms */
export function extrapolationOf(chosen: number, rivals: readonly Contender[]): Extrapolation {
  const weights = evidenceWeights(rivals);
  const possible = rivals.filter((_, i) => weights[i]! >= WEIGHT_MIN).map(({ moreLoad }) => moreLoad);
  return {
    load: LOAD,
    e2eMsP95: chosen,
    lowMs: Math.min(chosen, ...possible),
    highMs: Math.max(chosen, ...possible),
    rivals: possible.length,
  };
}
