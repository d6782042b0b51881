/**
 * Candidates whose rate changes: at known times (cycles of the day and week, a flash crowd, the recorded course in steps), or
 * with a hidden Markov chain, fitted to the requests of each step.
 */
import { meanNumber, quantileSorted, sortedNumbers } from "../../base/statistics.ts";
import { DAY_MS, HOUR_MS, WEEK_MS } from "../../base/time.ts";
import type { ArrivalSpec } from "../arrivals/index.ts";
import { gapsOf, windowCounts, windowRates } from "../describe.ts";

/** A process with its parameters, to be judged against the recording. */
export interface Candidate {
  readonly name: string;
  readonly spec: ArrivalSpec;
}

/** A cycle is fitted to recordings of more than one period. */
const PERIODS = [
  { name: "daily", periodMs: DAY_MS, spanMinMs: 1.5 * DAY_MS },
  { name: "weekly", periodMs: WEEK_MS, spanMinMs: 10 * DAY_MS },
] as const;
/** 1 January 1970 was a Thursday; weeks begin on Mondays. */
const MONDAY_MS = 3 * DAY_MS;

/** Cycles by hour of the day and of the week, in UTC. */
export function cycles(arrivalMs: Float64Array, startMs: number | undefined): readonly Candidate[] {
  const spanMs = arrivalMs.at(-1)! - arrivalMs[0]!;
  if (startMs === undefined) return [];
  const { meanMs } = gapsOf(arrivalMs);
  // Within an hour, what the cycle leaves of the burstiness: dispersion of short windows is about the squared CV.
  const short = windowRates(arrivalMs, 10).dispersion;
  const cvs = [1, Number(Math.min(20, Math.max(0.1, Math.sqrt(short))).toPrecision(3))];
  return PERIODS.filter(({ spanMinMs }) => spanMs >= spanMinMs).flatMap(({ name, periodMs }) => {
    const weights = hourlyRates(arrivalMs, startMs + MONDAY_MS, periodMs);
    const period = name === "weekly" ? { period: "week" as const } : {};
    const shape = { kind: "weights" as const, weights, ...period, isUtc: true as const };
    return cvs.map((cv) => ({
      name: cv === 1 ? `${name} cycle` : `${name} cycle with bursts`,
      spec: { process: "diurnal" as const, ratePerS: 1000 / meanMs, shape, cv },
    }));
  });
}

/** Requests in each hour of a period, by how long the recording was in it; the mean where it never was. */
function hourlyRates(arrivalMs: Float64Array, startMs: number, periodMs: number): readonly number[] {
  const hours = periodMs / HOUR_MS;
  const [counts, seenMs] = [new Float64Array(hours), new Float64Array(hours)];
  for (let row = 0; row < arrivalMs.length; row++) counts[Math.floor((startMs + arrivalMs[row]!) / HOUR_MS) % hours]!++;
  const lastMs = startMs + arrivalMs.at(-1)!;
  for (let ms = startMs + arrivalMs[0]!; ms < lastMs; ) {
    const nextMs = Math.min(lastMs, (Math.floor(ms / HOUR_MS) + 1) * HOUR_MS);
    seenMs[Math.floor(ms / HOUR_MS) % hours]! += nextMs - ms;
    ms = nextMs;
  }
  const meanPerMs = arrivalMs.length / (lastMs - startMs - arrivalMs[0]!);
  return Array.from(counts, (count, i) =>
    Number((seenMs[i]! === 0 ? 1 : count / seenMs[i]! / meanPerMs).toPrecision(4)),
  );
}

/** The stretch in which a flash crowd is looked for, at most, and the rate from which it is one. */
const FLASH_SHARE_MAX = 0.25;
const FLASH_FACTOR_MIN = 2;
const FLASH_WINDOWS = 400;

/**
 * The stretch whose rate differs most from the rest, by the likelihood ratio of two Poisson rates against one. Source:
 * M. Kulldorff, "A spatial scan statistic", Communications in Statistics 26(6), 1997.
 */
export function flashCrowd(arrivalMs: Float64Array): readonly Candidate[] {
  const spanMs = arrivalMs.at(-1)! - arrivalMs[0]!;
  const stepMs = Math.max(1000, Math.ceil(spanMs / FLASH_WINDOWS / 1000) * 1000);
  const counts = windowCounts(arrivalMs, stepMs, true);
  const all = counts.reduce((sum, count) => sum + count, 0);
  let [best, from, length, inside] = [0, 0, 0, 0];
  for (let start = 0; start < counts.length; start++) {
    let within = 0;
    for (let steps = 1; steps <= FLASH_SHARE_MAX * counts.length && start + steps <= counts.length; steps++) {
      within += counts[start + steps - 1]!;
      const expected = (all * steps) / counts.length;
      if (within <= expected || within === all) continue;
      const gain = within * Math.log(within / expected) + (all - within) * Math.log((all - within) / (all - expected));
      if (gain > best) [best, from, length, inside] = [gain, start, steps, within];
    }
  }
  const base = (all - inside) / (counts.length - length);
  const factor = inside / length / base;
  if (length === 0 || !(factor >= FLASH_FACTOR_MIN) || !Number.isFinite(factor)) return [];
  const spec: ArrivalSpec = {
    process: "flash",
    ratePerS: Number(((base / stepMs) * 1000).toPrecision(6)),
    atMs: arrivalMs[0]! + from * stepMs,
    forMs: length * stepMs,
    factor: Number(factor.toPrecision(4)),
  };
  return [{ name: "flash crowd", spec }];
}

/** Numbers of steps that the course of a recording is cut into, and the fewest requests in one of them. */
const STEP_COUNTS = [12, 30, 60];
const STEP_ROWS_MIN = 100;

/** The recorded course itself: the rate in steps, Poisson or bursty within them. It repeats after the recording's length. */
export function stepRates(arrivalMs: Float64Array): readonly Candidate[] {
  const [firstMs, lastMs] = [arrivalMs[0]!, arrivalMs.at(-1)!];
  const { meanMs } = gapsOf(arrivalMs);
  return STEP_COUNTS.filter((steps) => arrivalMs.length >= steps * STEP_ROWS_MIN).flatMap((steps) => {
    const stepMs = Math.ceil((lastMs + 1) / steps);
    const counts = new Float64Array(steps);
    for (let row = 0; row < arrivalMs.length; row++) counts[Math.floor(arrivalMs[row]! / stepMs)]!++;
    const weights = Array.from(counts, (count) => Number(((count * steps) / arrivalMs.length).toPrecision(4)));
    const ratePerS = Number(((1000 / meanMs) * ((lastMs - firstMs) / (steps * stepMs))).toPrecision(6));
    return [1, burstsWithin(weights, gapsOf(arrivalMs).cv)].map((cv) => ({
      name: `rate in ${steps} steps${cv === 1 ? "" : " with bursts"}`,
      spec: { process: "steps" as const, ratePerS, stepMs, weights, cv },
    }));
  });
}

/**
 * The CV of gaps in operational time that gives the recorded one in all: by 1 + CV² = (1 + cv²) · E[1/w²] / E[1/w]², over
 * the requests of all steps.
 */
function burstsWithin(weights: readonly number[], recordedCv: number): number {
  const busy = weights.filter((weight) => weight > 0);
  const total = busy.reduce((sum, weight) => sum + weight, 0);
  // A step of weight w has w / total of the requests, and gaps of mean 1 / w.
  const [first, second] = [busy.length / total, busy.reduce((sum, weight) => sum + 1 / weight, 0) / total];
  const square = ((1 + recordedCv ** 2) * first ** 2) / second - 1;
  return Number(Math.min(20, Math.max(0.1, Math.sqrt(Math.max(0, square)))).toPrecision(3));
}

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
  const kinds = kindsOf(counts);
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < ITERATIONS_MAX; i++) {
    const likelihood = improve(counts, kinds, model);
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

/** Steps with as many requests are alike: the counts that there are, and which of them each step has. */
interface Kinds {
  readonly counts: Float64Array;
  readonly ofStep: Int32Array;
}

function kindsOf(counts: Float64Array): Kinds {
  const distinct = sortedNumbers([...new Set(counts)]);
  const places = new Map(Array.from(distinct, (count, place) => [count, place]));
  return { counts: distinct, ofStep: Int32Array.from(counts, (count) => places.get(count)!) };
}

/** One round; the log-likelihood before it. */
function improve(counts: Float64Array, kinds: Kinds, model: Model): number {
  const { states, mean, transition, initial } = model;
  const steps = counts.length;
  const { ofStep } = kinds;
  const emission = emissions(kinds.counts, mean);
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
      const value = reach * emission.values[ofStep[t]! * states + s]!;
      forward[t * states + s] = value;
      total += value;
    }
    for (let s = 0; s < states; s++) forward[t * states + s]! /= total;
    scale[t] = total;
    likelihood += Math.log(total) + emission.offset[ofStep[t]!]!;
  }
  update(counts, model, { emission: emission.values, ofStep, forward, scale });
  return likelihood;
}

/** Poisson likelihoods of each count, relative to the best state, whose logarithm is in `offset`. */
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
  /** By the kind of step. */
  readonly emission: Float64Array;
  readonly ofStep: Int32Array;
  readonly forward: Float64Array;
  readonly scale: Float64Array;
}

/** Goes back over the steps and sets the model to what is expected of them. */
function update(counts: Float64Array, model: Model, { emission, ofStep, forward, scale }: Pass): void {
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
      const ahead = (emission[ofStep[t]! * states + to]! * backward[to]!) / scale[t]!;
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
