/** Searches the candidate models of an endpoint, polishes them, and selects one by Akaike weight. */
import { meanNumber } from "../base/statistics.ts";
import type { Calls } from "./calls.ts";
import { type Parameters, specOf, spreadNoise, type Variant } from "./candidate-model.ts";
import { estimateParameters } from "./estimate-parameters.ts";
import { minimise } from "./fit-curve.ts";
import { serviceStarts } from "./occupancy.ts";
import { type CallErrors, errorsAtMeasuredConcurrency, type Score, type ScoreOptions, scorerOf } from "./score.ts";

/** A candidate model: a variant with its parameters, and its mean error on the calls that it was fitted to. */
export interface Candidate {
  readonly variant: Variant;
  readonly parameters: Parameters;
  readonly error: number;
}

export interface SearchOptions {
  readonly hasTtft: boolean;
  readonly isWhole: boolean;
  /** Most calls inside at a time. */
  readonly peak: number;
}

/** Every variant that can be fitted, each with its best number of servers; the one with the lowest error first. */
export function searchVariants(calls: Calls, options: SearchOptions): readonly Candidate[] {
  const variants = variantsOf(options);
  const servers = likelyServers(calls, variants[0]!, options.peak);
  const found = variants.map((variant) => bestOf(calls, variant, servers, options.peak));
  return found.filter((each) => each !== undefined).sort((a, b) => a.error - b.error);
}

const COUNTS_MAX = 48;
/** Numbers of servers that the search over variants begins with. */
const LIKELY = 2;

/**
 * Numbers of servers under which the simplest variant has the lowest error. Up to dozens, every number is tried: with
 * one too many or too few, all waits are wrong.
 */
function likelyServers(calls: Calls, simplest: Variant, peak: number): readonly number[] {
  const fits = countsUpTo(peak).flatMap((servers) => candidateOf(calls, simplest, servers) ?? []);
  const best = fits.sort((a, b) => a.error - b.error).slice(0, LIKELY);
  return best.map(({ parameters }) => parameters.servers);
}

function countsUpTo(peak: number): readonly number[] {
  if (peak <= COUNTS_MAX) return Array.from({ length: peak }, (_, i) => i + 1);
  const ratio = peak ** (1 / (COUNTS_MAX - 1));
  return [...new Set(Array.from({ length: COUNTS_MAX }, (_, i) => Math.round(ratio ** i)))];
}

/** The best of a variant without a limit, with the likely numbers of servers, and with neighbours of the best. */
function bestOf(calls: Calls, variant: Variant, likely: readonly number[], peak: number): Candidate | undefined {
  const unlimited = candidateOf(calls, variant, Number.POSITIVE_INFINITY);
  let best = unlimited;
  const look = (servers: number): boolean => {
    if (servers < 1 || servers > peak) return false;
    const each = candidateOf(calls, variant, servers);
    if (each === undefined || (best !== undefined && each.error >= best.error - 1e-9)) return false;
    best = each;
    return true;
  };
  for (const servers of likely) look(servers);
  const from = best?.parameters.servers ?? Number.POSITIVE_INFINITY;
  if (from === Number.POSITIVE_INFINITY) return best;
  const stride = Math.max(1, Math.round(peak / COUNTS_MAX / 2));
  for (const step of new Set([-stride, stride, -1, 1])) {
    let servers = best!.parameters.servers + step;
    while (look(servers)) servers += step;
  }
  return unlimited === undefined || explainsWaits(calls, best!, unlimited) ? best : unlimited;
}

/** Fewest calls made to wait by a limit that can support it. */
const TOUCHED_MIN = 8;
/** Standard deviations by which the calls with a lower error must exceed the others (a sign test). */
const SIGNS_MIN = 2;
/** Under the right limit, calls that waited have about the error of the others: at most this many times. */
const TOUCHED_ERROR_MAX = 1.2;

/**
 * Whether a limit on the servers explains the waits. A limit a little below the peak makes only a few calls wait, and
 * with so few a lower error proves nothing.
 */
function explainsWaits(calls: Calls, limited: Candidate, unlimited: Candidate): boolean {
  const free = errorsAtMeasuredConcurrency(calls, unlimited.variant, unlimited.parameters).both;
  const errors = errorsAtMeasuredConcurrency(calls, limited.variant, limited.parameters).both;
  const startMs = serviceStarts(calls, limited.parameters.servers);
  const waited = { calls: 0, better: 0, error: 0 };
  const others = { calls: 0, error: 0 };
  for (const [i, error] of errors.entries()) {
    if (Number.isNaN(error)) continue;
    const has = startMs[i]! > calls.atMs[i]! ? waited : others;
    has.calls++;
    has.error += error;
    if (has === waited && error < free[i]!) waited.better++;
  }
  return (
    waited.calls >= TOUCHED_MIN &&
    2 * waited.better - waited.calls >= SIGNS_MIN * Math.sqrt(waited.calls) &&
    (others.calls === 0 || waited.error / waited.calls <= (TOUCHED_ERROR_MAX * others.error) / others.calls)
  );
}

function candidateOf(calls: Calls, variant: Variant, servers: number): Candidate | undefined {
  const parameters = estimateParameters(calls, variant, servers);
  if (parameters === undefined) return undefined;
  const error = meanNumber(errorsAtMeasuredConcurrency(calls, variant, parameters).both, 0, calls.count);
  return Number.isFinite(error) ? { variant, parameters, error } : undefined;
}

/** The variants in the order of the search, the simplest first. */
export function variantsOf({ isWhole }: { readonly isWhole: boolean }): readonly Variant[] {
  const variants: Variant[] = [];
  const add = (
    curve: Variant["curve"],
    prompts: Variant["prompts"],
    counts: Variant["counts"],
    applies: Variant["applies"],
  ) => variants.push({ curve, prompts, counts, applies, isWhole });
  add("flat", isWhole ? "shared" : "own", "all", "continuously");
  if (!isWhole) add("flat", "in-line", "all", "continuously");
  if (!isWhole) add("flat", "serial", "all", "continuously");
  if (!isWhole) add("flat", "in-steps", "all", "continuously");
  for (const curve of ["straight", "capped", "power"] as const) {
    add(curve, "shared", "all", "continuously");
    add(curve, "shared", "all", "at-start");
    if (isWhole) continue;
    add(curve, "own", "decoding", "continuously");
    add(curve, "in-line", "decoding", "continuously");
    add(curve, "own", "all", "continuously");
    add(curve, "own", "all", "at-start");
    add(curve, "in-steps", "decoding", "continuously");
    add(curve, "serial", "decoding", "continuously");
    add(curve, "serial", "all", "continuously");
  }
  return variants;
}

/** Parameters of a variant beyond those that all have: what its Akaike penalty counts. */
export function complexityOf({ curve, prompts }: Variant): number {
  const ofCurve = { flat: 0, straight: 1, capped: 1, power: 2 }[curve];
  return ofCurve + (prompts === "serial" || prompts === "in-steps" ? 1 : 0);
}

const POLISH_SEEDS = [21, 22, 23];

/**
 * Adjusts a candidate's parameters by Nelder-Mead so that its simulation comes nearest to the measurement, with common
 * random numbers. It starts from the direct estimates and corrects what those miss.
 */
export function polish(calls: Calls, candidate: Candidate, options: SearchOptions, evaluationsMax: number): Candidate {
  const scoring: ScoreOptions = { from: 0, to: calls.count, seeds: POLISH_SEEDS, hasTtft: options.hasTtft };
  const { variant, parameters } = candidate;
  const moved = (x: readonly number[]) => moveParameters(parameters, x);
  const scoreOf = scorerOf(calls, scoring);
  const of = (x: readonly number[]) => scoreOf(specOf(variant, moved(x), options.peak)).total;
  const dimensions = 6 + parameters.curve.length;
  const start = new Array<number>(dimensions).fill(0);
  const steps = start.map((_, d) => (d >= 6 ? 0.15 : 0.05));
  const found = minimise(of, start, { steps, evaluationsMax, tolerance: 1e-5 });
  return { variant, parameters: moved(found.at), error: found.value };
}

function moveParameters(from: Parameters, x: readonly number[]): Parameters {
  const times = (value: number, d: number) => value * Math.exp(x[d]!);
  return {
    ...from,
    promptBaseMs: times(from.promptBaseMs, 0),
    promptPerTokenMs: times(from.promptPerTokenMs, 1),
    perOutputTokenMs: times(from.perOutputTokenMs, 2),
    promptSlowdown: times(from.promptSlowdown, 3),
    promptNoise: spreadNoise(from.promptNoise, Math.exp(x[4]!)),
    outputNoise: spreadNoise(from.outputNoise, Math.exp(x[5]!)),
    curve: from.curve.map((value, c) => times(value, 6 + c)),
  };
}

/** A candidate model fitted to all calls, with what selection needs of it. */
export interface EvaluatedCandidate {
  readonly candidate: Candidate;
  /** Score on the last part of the time of the same variant fitted to the first part. */
  readonly heldOut: Score;
  /** Per-call errors given the measured concurrency. */
  readonly errors: CallErrors;
  /** Predicted p95 E2E at more load, ms. */
  readonly moreLoad: number;
}

/** Rejects candidates whose held-out error exceeds the best by more than this factor. */
const HELD_OUT_WORSE_MAX = 1.03;
/**
 * Penalty for a further parameter, in units of -2 ln likelihood: Akaike's 2, and 4 more since some two dozen variants
 * are tried. Chosen so that a slowdown of three standard errors is kept (an emulated batch whose p95 at twice the load
 * was a sixth too low without it), and none is found for servers with a queue.
 */
const PARAMETER_PENALTY = 6;

/**
 * The weighted median candidate: ordered by predicted p95 at more load, weighted by Akaike weight. Where the calls
 * distinguish the variants it is the best one; where they do not, it avoids both extremes.
 *
 * @returns undefined of none
 */
export function selectModel(candidates: readonly EvaluatedCandidate[]): EvaluatedCandidate | undefined {
  const weights = akaikeWeights(candidates);
  const order = [...candidates.keys()].sort((a, b) => candidates[a]!.moreLoad - candidates[b]!.moreLoad);
  let sum = 0;
  for (const i of order) {
    sum += weights[i]!;
    if (sum >= 0.5) return candidates[i];
  }
  return candidates[0];
}

/**
 * Akaike weights (Burnham and Anderson 2002, section 2.9) under Laplace errors of ln E2E and ln TTFT; 0 for candidates
 * that the held-out calls rule out.
 *
 * @returns one weight per candidate; they sum to 1
 */
export function akaikeWeights(candidates: readonly EvaluatedCandidate[]): readonly number[] {
  const best = Math.min(...candidates.map(({ heldOut }) => heldOut.total));
  const costs = candidates.map((candidate) =>
    candidate.heldOut.total <= best * HELD_OUT_WORSE_MAX ? criterionOf(candidate) : Number.POSITIVE_INFINITY,
  );
  const least = Math.min(...costs);
  const raw = costs.map((cost) => (cost === Number.POSITIVE_INFINITY ? 0 : Math.exp((least - cost) / 2)));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => (sum > 0 ? weight / sum : 1 / raw.length));
}

/** The information criterion: -2 ln likelihood plus the penalty for its parameters. */
function criterionOf({ candidate, errors }: EvaluatedCandidate): number {
  const count = errors.e2e.length;
  const logMean = (values: Float64Array) => Math.log(Math.max(1e-6, meanNumber(values, 0, count)));
  const both = logMean(errors.e2e) + (candidate.variant.isWhole ? 0 : logMean(errors.ttft));
  return 2 * count * both + PARAMETER_PENALTY * complexityOf(candidate.variant);
}
