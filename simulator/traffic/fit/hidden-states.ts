/** Fits a hidden Markov chain with Poisson counts to the requests of each step: the Markov-modulated Poisson process. */
import { meanNumber, quantileSorted, sortedNumbers } from "../../base/statistics.ts";

/** A fitted chain over steps of one length. */
export interface HiddenStates {
  /** Requests a step in each state, ascending. */
  readonly mean: Float64Array;
  /** Chance of going from one state to another in a step, row by row. */
  readonly transition: Float64Array;
  readonly logLikelihood: number;
  /** Bayesian information criterion: less is better. */
  readonly bic: number;
}

const ITERATIONS_MAX = 120;
/** Gain of log-likelihood per step below which no more is to be had. */
const GAIN_MIN = 1e-6;
const RATE_MIN = 1e-4;

/**
 * Expectation maximisation from a start by quantiles. Deterministic.
 *
 * @param counts requests in steps of one length
 * @param states at least 2
 * Source: L. Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77(2), 1989, with scaling.
 */
export function fitHiddenStates(counts: Float64Array, states: number): HiddenStates {
  const model = start(counts, states);
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < ITERATIONS_MAX; i++) {
    const likelihood = improve(counts, model);
    if (likelihood - last < GAIN_MIN * counts.length) {
      last = likelihood;
      break;
    }
    last = likelihood;
  }
  const parameters = states + states * (states - 1);
  return {
    mean: model.mean,
    transition: model.transition,
    logLikelihood: last,
    bic: parameters * Math.log(counts.length) - 2 * last,
  };
}

interface Model {
  readonly states: number;
  readonly mean: Float64Array;
  readonly transition: Float64Array;
  readonly initial: Float64Array;
}

function start(counts: Float64Array, states: number): Model {
  const sorted = sortedNumbers(counts);
  const mean = new Float64Array(states);
  // The top state starts near the busiest steps, which are few and matter most.
  for (let s = 0; s < states; s++) {
    const share = s === states - 1 ? 0.995 : (s + 0.5) / states;
    mean[s] = Math.max(RATE_MIN, quantileSorted(sorted, share) + 0.05 * s * Math.max(0.1, meanNumber(counts)));
  }
  const transition = new Float64Array(states * states);
  for (let from = 0; from < states; from++) {
    for (let to = 0; to < states; to++) transition[from * states + to] = from === to ? 0.9 : 0.1 / (states - 1);
  }
  return { states, mean: mean.sort(), transition, initial: new Float64Array(states).fill(1 / states) };
}

/** One round; the log-likelihood before it. */
function improve(counts: Float64Array, model: Model): number {
  const { states, mean, transition, initial } = model;
  const steps = counts.length;
  const emission = emissions(counts, mean);
  const forward = new Float64Array(steps * states);
  const scale = new Float64Array(steps);
  let likelihood = 0;
  for (let t = 0; t < steps; t++) {
    let total = 0;
    for (let s = 0; s < states; s++) {
      let reach = 0;
      if (t === 0) reach = initial[s]!;
      else
        for (let from = 0; from < states; from++)
          reach += forward[(t - 1) * states + from]! * transition[from * states + s]!;
      const value = reach * emission.values[t * states + s]!;
      forward[t * states + s] = value;
      total += value;
    }
    for (let s = 0; s < states; s++) forward[t * states + s]! /= total;
    scale[t] = total;
    likelihood += Math.log(total) + emission.offset[t]!;
  }
  update(counts, model, { emission: emission.values, forward, scale });
  return likelihood;
}

/** Poisson likelihoods of each step, relative to the best state, whose logarithm is in `offset`. */
function emissions(counts: Float64Array, mean: Float64Array) {
  const states = mean.length;
  const values = new Float64Array(counts.length * states);
  const offset = new Float64Array(counts.length);
  const logMean = mean.map(Math.log);
  for (let t = 0; t < counts.length; t++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < states; s++) {
      const log = counts[t]! * logMean[s]! - mean[s]!;
      values[t * states + s] = log;
      most = Math.max(most, log);
    }
    for (let s = 0; s < states; s++) values[t * states + s] = Math.exp(values[t * states + s]! - most) + 1e-300;
    offset[t] = most;
  }
  return { values, offset };
}

interface Pass {
  readonly emission: Float64Array;
  readonly forward: Float64Array;
  readonly scale: Float64Array;
}

/** Goes back over the steps and sets the model to what is expected of them. */
function update(counts: Float64Array, model: Model, { emission, forward, scale }: Pass): void {
  const { states, mean, transition, initial } = model;
  const steps = counts.length;
  const moves = new Float64Array(states * states);
  const weight = new Float64Array(states);
  const weighted = new Float64Array(states);
  let backward = new Float64Array(states).fill(1);
  let before = new Float64Array(states);
  for (let t = steps - 1; t >= 0; t--) {
    for (let s = 0; s < states; s++) {
      const share = forward[t * states + s]! * backward[s]!;
      weight[s]! += share;
      weighted[s]! += share * counts[t]!;
      if (t === 0) initial[s] = share;
    }
    if (t === 0) break;
    before.fill(0);
    for (let to = 0; to < states; to++) {
      const ahead = (emission[t * states + to]! * backward[to]!) / scale[t]!;
      for (let from = 0; from < states; from++) {
        const move = transition[from * states + to]! * ahead;
        before[from]! += move;
        moves[from * states + to]! += forward[(t - 1) * states + from]! * move;
      }
    }
    [backward, before] = [before, backward];
  }
  for (let from = 0; from < states; from++) {
    let total = 0;
    for (let to = 0; to < states; to++) total += moves[from * states + to]!;
    for (let to = 0; to < states; to++)
      transition[from * states + to] = total > 0 ? moves[from * states + to]! / total : 1 / states;
    mean[from] = Math.max(RATE_MIN, weight[from]! > 0 ? weighted[from]! / weight[from]! : RATE_MIN);
  }
}
