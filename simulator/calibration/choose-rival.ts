import type { CallErrors } from "./errors-given-others.ts";
import { meanNumber } from "./quantiles.ts";
import type { Score } from "./score.ts";
import { type Candidate, complexityOf } from "./search.ts";

/** A variant that may be what the endpoint is, fitted to all calls. */
export interface Rival {
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
export function chooseRival(rivals: readonly Rival[]): Rival | undefined {
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
export function evidenceWeights(rivals: readonly Rival[]): readonly number[] {
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
function costOf({ candidate, errors }: Rival): number {
  const count = errors.e2e.length;
  const logMean = (values: Float64Array) => Math.log(Math.max(1e-6, meanNumber(values, 0, count)));
  const both = logMean(errors.e2e) + (candidate.variant.isWhole ? 0 : logMean(errors.ttft));
  return 2 * count * both + CHANCE * complexityOf(candidate.variant);
}
