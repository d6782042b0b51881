import { meanNumber } from "../base/statistics.ts";
import type { Calls } from "./calls.ts";
import { type Parameters, specOf, spreadLuck, type Variant } from "./candidate-model.ts";
import { minimise } from "./fit-curve.ts";
import { serviceStarts } from "./occupancy.ts";
import { readParameters } from "./read-parameters.ts";
import { type CallErrors, errorsGivenOthers, type Score, type ScoreOptions, scoreModel } from "./score.ts";

/** A variant with its numbers, and how far it is from the calls that it was fitted to. */
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

/** All ideas of what an endpoint may be, each with as many servers as serve it best; the best first. */
export function searchVariants(calls: Calls, options: SearchOptions): readonly Candidate[] {
  const variants = variantsOf(options);
  const servers = likelyServers(calls, variants[0]!, options.peak);
  const found = variants.map((variant) => bestOf(calls, variant, servers, options.peak));
  return found.filter((each) => each !== undefined).sort((a, b) => a.error - b.error);
}

const COUNTS_MAX = 48;
const LIKELY = 2;

/**
 * Numbers of servers under which the plainest variant tells the calls best. Every one up to dozens is tried: with one
 * too many or too few, the waits of all who waited are wrong.
 */
function likelyServers(calls: Calls, plainest: Variant, peak: number): readonly number[] {
  const fits = countsUpTo(peak).flatMap((servers) => candidateOf(calls, plainest, servers) ?? []);
  const best = fits.sort((a, b) => a.error - b.error).slice(0, LIKELY);
  return best.map(({ parameters }) => parameters.servers);
}

function countsUpTo(peak: number): readonly number[] {
  if (peak <= COUNTS_MAX) return Array.from({ length: peak }, (_, i) => i + 1);
  const ratio = peak ** (1 / (COUNTS_MAX - 1));
  return [...new Set(Array.from({ length: COUNTS_MAX }, (_, i) => Math.round(ratio ** i)))];
}

/** A variant without a limit, with the likely ones, and with their neighbours as long as that helps. */
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

/** Fewer calls that a limit touches say nothing for it. */
const TOUCHED_MIN = 8;
/** Standard deviations by which more calls must be told better by a limit than worse (a sign test). */
const SIGNS_MIN = 2;
/** Under the right limit, those who waited are told as well as those who did not: so many times their error at most. */
const TOUCHED_ERROR_MAX = 1.2;

/**
 * Whether a limit on the servers explains who waited: a number a little below the most that were ever inside touches
 * a few calls only, and with so few one of them can always seem better.
 */
function explainsWaits(calls: Calls, limited: Candidate, unlimited: Candidate): boolean {
  const free = errorsGivenOthers(calls, unlimited.variant, unlimited.parameters).both;
  const errors = errorsGivenOthers(calls, limited.variant, limited.parameters).both;
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
  const parameters = readParameters(calls, variant, servers);
  if (parameters === undefined) return undefined;
  const error = meanNumber(errorsGivenOthers(calls, variant, parameters).both, 0, calls.count);
  return Number.isFinite(error) ? { variant, parameters, error } : undefined;
}

/** The plain ones first. */
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

/** Numbers that a variant has beside those that all have. */
export function complexityOf({ curve, prompts }: Variant): number {
  const ofCurve = { flat: 0, straight: 1, capped: 1, power: 2 }[curve];
  return ofCurve + (prompts === "serial" || prompts === "in-steps" ? 1 : 0);
}

const POLISH_SEEDS = [21, 22, 23];

/**
 * Moves a candidate's numbers so that its simulation comes nearest to what was measured, with the same luck for every
 * try. What was read off is the start: this mends what reading could not see, such as its own rounding.
 */
export function polish(calls: Calls, candidate: Candidate, options: SearchOptions, evaluationsMax: number): Candidate {
  const scoring: ScoreOptions = { from: 0, to: calls.count, seeds: POLISH_SEEDS, hasTtft: options.hasTtft };
  const { variant, parameters } = candidate;
  const moved = (x: readonly number[]) => moveParameters(parameters, x);
  const of = (x: readonly number[]) => scoreModel(specOf(variant, moved(x), options.peak), calls, scoring).total;
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
    promptLuck: spreadLuck(from.promptLuck, Math.exp(x[4]!)),
    outputLuck: spreadLuck(from.outputLuck, Math.exp(x[5]!)),
    curve: from.curve.map((value, c) => times(value, 6 + c)),
  };
}

/** A variant that may be what the endpoint is, fitted to all calls. */
export interface Contender {
  readonly candidate: Candidate;
  /** Of the same variant fitted to the first part of the time, on the rest. */
  readonly heldOut: Score;
  readonly errors: CallErrors;
  /** p95 E2E at more load, ms. */
  readonly moreLoad: number;
}

/** A variant that is worse than the best on the held-out calls by more than this is none to take. */
const HELD_OUT_WORSE_MAX = 1.03;
/**
 * What a further number costs, as twice a logarithm of likelihoods: Akaike's 2, and 4 more since some two dozen
 * variants are tried. It must leave a slowdown standing that is three standard errors (an emulated batch whose p95 at
 * twice the load was a sixth too low without it), and none for servers in line.
 */
const CHANCE = 6;

/**
 * The rival in the middle of all that may be true: by what they say of more load, each with the weight of its evidence.
 * Where the calls tell the variants apart it is the best; where they do not, neither the boldest nor the meekest guess.
 */
export function chooseRival(rivals: readonly Contender[]): Contender | undefined {
  const weights = evidenceWeights(rivals);
  const order = [...rivals.keys()].sort((a, b) => rivals[a]!.moreLoad - rivals[b]!.moreLoad);
  let sum = 0;
  for (const i of order) {
    sum += weights[i]!;
    if (sum >= 0.5) return rivals[i];
  }
  return rivals[0];
}

/**
 * Akaike weights (Burnham and Anderson 2002, section 2.9) of errors with double exponential tails, of E2E and TTFT; 0
 * for what the simulation of the held-out calls rules out. They sum to 1.
 */
export function evidenceWeights(rivals: readonly Contender[]): readonly number[] {
  const best = Math.min(...rivals.map(({ heldOut }) => heldOut.total));
  const costs = rivals.map((rival) =>
    rival.heldOut.total <= best * HELD_OUT_WORSE_MAX ? costOf(rival) : Number.POSITIVE_INFINITY,
  );
  const least = Math.min(...costs);
  const raw = costs.map((cost) => (cost === Number.POSITIVE_INFINITY ? 0 : Math.exp((least - cost) / 2)));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => (sum > 0 ? weight / sum : 1 / raw.length));
}

/** Minus twice the logarithm of the likelihood, and what its numbers would gain by chance. */
function costOf({ candidate, errors }: Contender): number {
  const count = errors.e2e.length;
  const logMean = (values: Float64Array) => Math.log(Math.max(1e-6, meanNumber(values, 0, count)));
  const both = logMean(errors.e2e) + (candidate.variant.isWhole ? 0 : logMean(errors.ttft));
  return 2 * count * both + CHANCE * complexityOf(candidate.variant);
}
