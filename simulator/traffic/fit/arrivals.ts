/** Fits arrival processes to recorded arrivals and tells how far each is: the choice is by simulated statistics. */
import { mean } from "simple-statistics";
import { lnGamma } from "../../base/special-functions.ts";
import { purposeStream } from "../../random/sampler.ts";
import { type ArrivalSpec, createArrivals } from "../arrivals/index.ts";
import { gapsOf, windowCounts, windowRates } from "../describe.ts";
import { type Candidate, cycles, fitHiddenStates, flashCrowd, type HiddenStates, stepRates } from "./changing-rates.ts";

/** How a statistic of a fitted process compares with the recorded one. */
export interface Comparison {
  readonly name: string;
  readonly recorded: number;
  /** Mean over runs of the recording's length, each with draws of its own, and the least and largest of them. */
  readonly fitted: number;
  readonly range: readonly [number, number];
  /** Largest error at which it passes: relative, or of shares absolute. */
  readonly tolerance: number;
  readonly isShare: boolean;
  readonly passes: boolean;
}

/** A candidate process with how far it is from the recording. */
export interface ArrivalFit {
  readonly name: string;
  readonly spec: ArrivalSpec;
  readonly comparisons: readonly Comparison[];
  /** Largest Kolmogorov-Smirnov distance of the times between requests. */
  readonly gapDistance: number;
  /** Mean error of single runs in units of its tolerance, of the statistic that is furthest off. */
  readonly distance: number;
  readonly passes: boolean;
}

const DISPERSION_TOLERANCE = 0.25;
const CV_TOLERANCE = 0.15;
const EMPTY_TOLERANCE = 0.05;
/** A maximum varies from run to run as nothing else does. */
const PEAK_TOLERANCE = 0.5;
/** Windows of a length are compared where the recording has so many of them. */
const WINDOWS_MIN = 30;
const COMPARED_S = [1, 10, 60, 600, 3600];
/** A process is judged on this many runs of the recording's length, fewer where there are many rows. */
const RUNS = 20;
const RUNS_MIN = 3;
const ROWS_MAX = 1_000_000;
/** Fewest requests that a process is fitted to. */
export const ROWS_MIN = 50;
const STEPS_MAX = 40_000;
const STATES_MAX = 7;

/** Processes that are fitted, as a scenario calls them. */
export const FITTED_PROCESSES = ["poisson", "gamma", "renewal", "flash", "diurnal", "steps", "mmpp"] as const;
export type FittedProcess = (typeof FITTED_PROCESSES)[number];

/**
 * All candidates, the closest first; but a renewal process, a flash crowd or a cycle comes first where it passes.
 *
 * @param arrivalMs ascending, at least `ROWS_MIN`
 * @param asked     only candidates of this process; null for all
 * @returns none where no candidate of the process could be fitted: the recording is too short, or has no course
 */
export function fitArrivals(
  arrivalMs: Float64Array,
  startMs: number | undefined,
  asked: FittedProcess | null = null,
): readonly ArrivalFit[] {
  const candidates = [
    ...renewals(arrivalMs),
    ...flashCrowd(arrivalMs),
    ...cycles(arrivalMs, startMs),
    ...stepRates(arrivalMs),
    ...(asked === null || asked === "mmpp" ? hidden(arrivalMs) : []),
  ].filter(({ spec }) => asked === null || spec.process === asked);
  const gaps = gapList(arrivalMs).sort();
  const fits = candidates.map(({ name, spec }) => judged(name, spec, arrivalMs, gaps));
  // One more hidden state or step costs nothing to read; a renewal process that is as good says more.
  const simplest = fits.find(({ passes, spec }) => passes && spec.process !== "mmpp" && spec.process !== "steps");
  return [...fits].sort((a, b) => Number(b === simplest) - Number(a === simplest) || a.distance - b.distance);
}

function renewals(arrivalMs: Float64Array): readonly Candidate[] {
  const { meanMs, cv } = gapsOf(arrivalMs);
  const ratePerS = 1000 / meanMs;
  const bounded = Math.min(20, Math.max(0.01, cv));
  const shape = weibullShape(cv);
  return [
    { name: "Poisson", spec: { process: "poisson", ratePerS } },
    { name: "gamma", spec: { process: "gamma", ratePerS, cv: bounded } },
    {
      name: "Weibull",
      spec: { process: "renewal", interarrival: { kind: "weibull", shape, scale: meanMs / gamma1p(1 / shape) } },
    },
  ];
}

/** Markov-modulated processes: numbers of states around the one with the least BIC. */
function hidden(arrivalMs: Float64Array): readonly Candidate[] {
  const spanMs = arrivalMs.at(-1)! - arrivalMs[0]!;
  const stepMs = Math.max(1000, Math.ceil(spanMs / STEPS_MAX / 1000) * 1000);
  const counts = windowCounts(arrivalMs, stepMs);
  if (counts.length < 100) return [];
  const models: HiddenStates[] = [];
  for (let states = 2; states <= STATES_MAX; states++) models.push(fitHiddenStates(counts, states));
  const least = Math.min(...models.map(({ bic }) => bic));
  const best = models.findIndex(({ bic }) => bic === least);
  return models
    .filter((_, i) => Math.abs(i - best) <= 1)
    .map((model) => ({ name: `${model.mean.length} hidden states`, spec: mmppOf(model, stepMs) }));
}

function mmppOf({ mean, transition }: HiddenStates, stepMs: number): ArrivalSpec {
  const states = mean.length;
  return {
    process: "mmpp",
    stepMs,
    states: Array.from(mean, (requests, s) => {
      const leave = Math.max(1e-6, 1 - transition[s * states + s]!);
      const next = Array.from(transition.subarray(s * states, (s + 1) * states), (chance, to) =>
        to === s ? 0 : Number((chance / leave).toFixed(5)),
      );
      const isStuck = next.every((chance) => chance === 0);
      return {
        ratePerS: Number(((requests / stepMs) * 1000).toPrecision(6)),
        meanStayMs: Math.max(stepMs, Math.round(stepMs / leave)),
        next: isStuck ? next.map((_, to) => Number(to !== s)) : next,
      };
    }),
  };
}

/** @param gaps times between the recorded requests, ascending */
function judged(name: string, spec: ArrivalSpec, arrivalMs: Float64Array, gaps: Float64Array): ArrivalFit {
  const [firstMs, lastMs] = [arrivalMs[0]!, arrivalMs.at(-1)!];
  const runs: Float64Array[] = [];
  const rows = { made: 0 };
  for (let seed = 1; seed <= RUNS && (seed <= RUNS_MIN || rows.made < ROWS_MAX); seed++) {
    // Cut as the recording is, which need not begin at 0.
    const whole = simulate(spec, lastMs, seed);
    const from = whole.findIndex((ms) => ms >= firstMs);
    const run = whole.subarray(from < 0 ? whole.length : from);
    rows.made += run.length;
    runs.push(run);
  }
  const comparisons: Comparison[] = [];
  let distance = 0;
  const compare = (what: string, of: (times: Float64Array) => number, tolerance: number, isShare = false) => {
    const recorded = of(arrivalMs);
    const found = runs.map((run) => (run.length < 3 ? Number.NaN : of(run)));
    const fitted = mean(found);
    const error = isShare ? Math.abs(fitted - recorded) : Math.abs(fitted / recorded - 1);
    const range = [Math.min(...found), Math.max(...found)] as const;
    comparisons.push({ name: what, recorded, fitted, range, tolerance, isShare, passes: error <= tolerance });
    // Of single runs: of two models that are right in the mean, the one that is mostly near it is the better one.
    const errors = found.map((value) =>
      isShare ? Math.abs(value - recorded) / tolerance : Math.abs(Math.log(value / recorded)) / Math.log1p(tolerance),
    );
    const meanError = mean(errors);
    distance = Math.max(distance, Number.isNaN(meanError) ? Number.POSITIVE_INFINITY : meanError);
  };
  compare("CV of the time between", (times) => gapsOf(times).cv, CV_TOLERANCE);
  for (const windowS of COMPARED_S) {
    if (windowRates(arrivalMs, windowS).windows < WINDOWS_MIN) continue;
    const rates = new Map([arrivalMs, ...runs].map((times) => [times, windowRates(times, windowS)] as const));
    compare(`dispersion in ${windowS} s`, (times) => rates.get(times)!.dispersion, DISPERSION_TOLERANCE);
    if (windowS !== 1) continue;
    compare("empty seconds", (times) => rates.get(times)!.emptyShare, EMPTY_TOLERANCE, true);
    compare("busiest second", (times) => rates.get(times)!.requestsMax, PEAK_TOLERANCE);
  }
  return {
    name,
    spec,
    comparisons,
    gapDistance: distanceOf(gaps, joined(runs.map(gapList)).sort()),
    distance,
    passes: comparisons.every(({ passes }) => passes),
  };
}

/** Arrivals of a process over a time; the same each time. */
export function simulate(spec: ArrivalSpec, durationMs: number, seed = 1): Float64Array {
  const process = createArrivals(spec, {
    className: "fit",
    random: (purpose) => purposeStream(seed, `fit/${purpose}`),
    recordings: {},
    origins: [{ originIndex: 0, share: 1, shapeShiftMs: 0 }],
    durationMs,
  });
  const block = new Float64Array(8192);
  const rows = new Int32Array(8192);
  const parts: Float64Array[] = [];
  for (let total = 0; total < 4 * ROWS_MAX; ) {
    const end = process.fill(block, 0, block.length, rows);
    const cut = block.subarray(0, end).findIndex((ms) => ms >= durationMs);
    parts.push(block.slice(0, cut < 0 ? end : cut));
    total += end;
    if (cut >= 0 || end < block.length) break;
  }
  return joined(parts);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function gapList(arrivalMs: Float64Array): Float64Array {
  const gaps = new Float64Array(Math.max(0, arrivalMs.length - 1));
  for (let i = 0; i < gaps.length; i++) gaps[i] = arrivalMs[i + 1]! - arrivalMs[i]!;
  return gaps;
}

/** Kolmogorov-Smirnov distance of two ascending samples. */
export function distanceOf(a: Float64Array, b: Float64Array): number {
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= value) i++;
    while (j < b.length && b[j]! <= value) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  return most;
}

/** The Weibull shape with a coefficient of variation, by bisection: it falls as the shape grows. */
function weibullShape(cv: number): number {
  let [low, high] = [0.15, 20];
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    const found = Math.sqrt(Math.max(0, gamma1p(2 / middle) / gamma1p(1 / middle) ** 2 - 1));
    if (found > cv) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}

function gamma1p(x: number): number {
  return Math.exp(lnGamma(1 + x));
}
