/** Calibrates one endpoint from its observations, and warns of what the measurement cannot determine. */
import { quantileSorted } from "../base/statistics.ts";
import { DAY_MS } from "../base/time.ts";
import type { FittedSpec } from "../service/capacity/fitted-work.ts";
import { type Calls, type EndpointObservations, endpointCalls, type Observation, sliceCalls } from "./calls.ts";
import { specOf, type Variant } from "./candidate-model.ts";
import {
  type CallsFit,
  type Extrapolation,
  extrapolationOf,
  fitCalls,
  peakInside,
  underMoreLoad,
} from "./fit-calls.ts";
import { fitQuota, type QuotaFit } from "./fit-quota.ts";
import { type Estimate, estimatesOf } from "./intervals.ts";
import type { PercentileError } from "./score.ts";

/** The result of calibrating one endpoint. */
export interface EndpointFit {
  readonly region: string;
  readonly model: string;
  readonly counts: Readonly<Record<Observation["outcome"], number>>;
  readonly spec: FittedSpec;
  readonly variant: Variant;
  readonly estimates: readonly Estimate[];
  readonly seen: SeenRange;
  /** Errors on the last part of the time of a fit to the first part. */
  readonly heldOut: readonly PercentileError[];
  readonly extrapolation: Extrapolation;
  readonly quota: QuotaFit | undefined;
  readonly warnings: readonly CalibrationWarning[];
}

/** The range of the measurement, beyond which the fit extrapolates. Token counts are the 1st and 99th percentiles. */
interface SeenRange {
  readonly calls: number;
  readonly spanMs: number;
  readonly callsPerS: number;
  /** Most calls inside at a time. */
  readonly insideMax: number;
  readonly inputTokens: readonly [number, number];
  readonly outputTokens: readonly [number, number];
}

/** Fewest answered calls that are fitted. */
export const CALLS_MIN = 40;
/** Of more calls, the newest this many are fitted. */
const CALLS_MAX = 5000;

/**
 * Fits one endpoint: capacity, noise, quota, intervals and warnings.
 *
 * @param burndowns candidates for the quota tokens that one output token takes
 * @returns undefined with fewer than 40 answered calls, or when none took any time
 */
export function fitEndpoint(
  { region, model, observations }: EndpointObservations,
  burndowns: readonly number[] = [1, 2, 3, 5],
): EndpointFit | undefined {
  const all = endpointCalls(observations);
  const calls = sliceCalls(all, Math.max(0, all.count - CALLS_MAX), all.count);
  if (calls.isServed.reduce((sum, each) => sum + each, 0) < CALLS_MIN) return undefined;
  const fit = fitCalls(calls);
  if (fit === undefined) return undefined;
  const { variant, parameters } = fit.candidate;
  const spec = withRefusals(specOf(variant, parameters, fit.options.peak), observations, calls);
  const estimates = estimatesOf(calls, variant, parameters, { peak: fit.options.peak });
  const seen = seenIn(calls, fit);
  const quota = fitQuota(observations, burndowns);
  const extrapolation = extrapolationOf(underMoreLoad(calls, spec), fit.candidates);
  const counts = countsOf(observations);
  const warnings = warningsOf({ fit, spec, seen, counts, observations, quota, extrapolation });
  const heldOut = fit.heldOut.percentiles;
  return { region, model, counts, spec, variant, estimates, seen, heldOut, extrapolation, quota, warnings };
}

function countsOf(observations: readonly Observation[]): Record<Observation["outcome"], number> {
  const counts = { served: 0, throttled: 0, refused: 0, failed: 0, left: 0 };
  for (const { outcome } of observations) counts[outcome]++;
  return counts;
}

function seenIn(calls: Calls, { options }: CallsFit): SeenRange {
  const range = (column: Float64Array): readonly [number, number] => {
    const sorted = Float64Array.from(column).sort();
    return [Math.round(quantileSorted(sorted, 0.01)), Math.round(quantileSorted(sorted, 0.99))];
  };
  const spanMs = calls.atMs[calls.count - 1]! - calls.atMs[0]!;
  return {
    calls: calls.count,
    spanMs,
    callsPerS: spanMs > 0 ? (calls.count / spanMs) * 1000 : 0,
    insideMax: options.peak,
    inputTokens: range(calls.inputTokens),
    outputTokens: range(calls.outputTokens),
  };
}

/** Where some calls were refused with 503, the most calls inside at a time is taken as the number of places. */
function withRefusals(spec: FittedSpec, observations: readonly Observation[], calls: Calls): FittedSpec {
  const refused = observations.filter(({ outcome }) => outcome === "refused").length;
  if (refused < REFUSALS_MIN) return spec;
  const places = peakInside(calls);
  const servers = Math.min(spec.servers, places);
  return { ...spec, servers, waitingRoom: places - servers };
}

const REFUSALS_MIN = 5;

/** Something that the measurement determines badly or not at all, and which measurement would. */
interface CalibrationWarning {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

export interface WarningFacts {
  readonly fit: CallsFit;
  readonly spec: FittedSpec;
  readonly seen: SeenRange;
  readonly counts: Readonly<Record<Observation["outcome"], number>>;
  readonly observations: readonly Observation[];
  readonly quota: QuotaFit | undefined;
  readonly extrapolation: Extrapolation;
}

/** Sizes must differ by at least this factor to show what a token takes. */
const SPREAD_MIN = 1.5;
/** Above this error a limit does not explain which calls were throttled; guessing has 0.5. */
export const QUOTA_ERROR_MAX = 0.3;
/** Below this error it does. */
const QUOTA_ERROR_MIN = 0.05;
/** With fewer throttled calls a limit that explains them says little. */
const THROTTLED_MIN = 10;
const HELD_OUT_ERROR_MAX = 0.1;
const CANDIDATE_SPREAD_MAX = 0.15;
/** Where p95 at more load is this many times the measured one, a few percent of capacity make the difference. */
const STEEP_MIN = 2;

function warningsOf(facts: WarningFacts): readonly CalibrationWarning[] {
  return [
    ...loadWarnings(facts),
    ...sizeWarnings(facts),
    ...outcomeWarnings(facts),
    ...timeWarnings(facts),
    ...errorWarnings(facts),
  ];
}

function loadWarnings({ spec, seen }: WarningFacts): readonly CalibrationWarning[] {
  if (seen.insideMax < 4) {
    const what = `never more than ${seen.insideMax} calls were inside at a time: how load slows them is not known`;
    return [{ code: "CALIBRATE_NO_LOAD", what, fix: "measure with calls that overlap, about ten at a time" }];
  }
  if (spec.servers < Number.POSITIVE_INFINITY) return [];
  const what = `no call was seen waiting for a place: there are at least ${seen.insideMax} places, how many is not known`;
  return [{ code: "CALIBRATE_NEVER_FULL", what, fix: "measure at the highest load that you want to predict" }];
}

function sizeWarnings({ seen, fit }: WarningFacts): readonly CalibrationWarning[] {
  const warnings: CalibrationWarning[] = [];
  const isFlat = ([low, high]: readonly [number, number]) => high < SPREAD_MIN * Math.max(1, low);
  if (isFlat(seen.inputTokens)) {
    const what =
      "all prompts are of about one size: what an input token takes cannot be told from what every call takes";
    warnings.push({ code: "CALIBRATE_ONE_PROMPT_SIZE", what, fix: "measure prompts of several sizes" });
  }
  if (isFlat(seen.outputTokens) && fit.options.isWhole) {
    const what =
      "all answers are of about one size: what an output token takes cannot be told from what every call takes";
    warnings.push({ code: "CALIBRATE_ONE_ANSWER_SIZE", what, fix: "measure answers of several sizes" });
  }
  if (!fit.options.hasTtft) {
    const what = "no first token was seen before the last: TTFT is not known";
    warnings.push({ code: "CALIBRATE_NO_TTFT", what, fix: "measure with streaming (ConverseStream)" });
  }
  return warnings;
}

function outcomeWarnings({ counts, quota, observations }: WarningFacts): readonly CalibrationWarning[] {
  const warnings: CalibrationWarning[] = [];
  if (counts.throttled > 0 && (quota === undefined || quota.error > QUOTA_ERROR_MAX)) {
    const what = `${counts.throttled} calls were throttled, and no limit per minute explains which: none is in the fit`;
    warnings.push({ code: "CALIBRATE_QUOTA_UNKNOWN", what, fix: "give the quota under world.quotas" });
  } else if (quota !== undefined && quota.error > QUOTA_ERROR_MIN) {
    const what = `the limit that was found throttles as many calls, but ${(100 * quota.error).toFixed(0)} % are the wrong calls, so the quota's window law differs`;
    warnings.push({ code: "CALIBRATE_QUOTA_ROUGH", what, fix: "give the quota under world.quotas if you know it" });
  } else if (counts.throttled > 0 && observations.some(({ maxTokens }) => Number.isNaN(maxTokens))) {
    const what = "the calls' max_tokens are not known, which a quota reserves: its limit is a guess";
    warnings.push({ code: "CALIBRATE_MAX_TOKENS_UNKNOWN", what, fix: "give the quota under world.quotas" });
  }
  if (quota !== undefined && counts.throttled < THROTTLED_MIN) {
    const calls = counts.throttled === 1 ? "one call was" : `only ${counts.throttled} calls were`;
    const what = `${calls} throttled: other limits and laws decide as the one that was found does`;
    warnings.push({ code: "CALIBRATE_QUOTA_FEW", what, fix: "measure at a load at which more calls are throttled" });
  }
  if (counts.refused > 0) {
    const what = `${counts.refused} calls were refused with 503: the places that this leaves are a guess`;
    warnings.push({ code: "CALIBRATE_REFUSED", what, fix: "also measure at a load without refusals" });
  }
  const lost = counts.left + counts.failed;
  if (lost > 0.02 * (lost + counts.served)) {
    const what = `${lost} calls failed or were given up: how long they kept the endpoint busy is a guess`;
    warnings.push({ code: "CALIBRATE_LOST", what, fix: "measure with longer time limits, or at less load" });
  }
  return warnings;
}

function timeWarnings({ seen, observations }: WarningFacts): readonly CalibrationWarning[] {
  const warnings: CalibrationWarning[] = [];
  if (seen.spanMs < DAY_MS) {
    const what = "less than a day was measured: how others' load changes by the hour is not known";
    warnings.push({ code: "CALIBRATE_NO_DAY", what, fix: "measure around the clock, or give capacity.background" });
  }
  if (observations.every(({ roundTripMs }) => Number.isNaN(roundTripMs))) {
    const what = "no round trip was given: the network's time is part of prompt.base";
    warnings.push({ code: "CALIBRATE_NO_ROUND_TRIP", what, fix: "give --rtt, and simulate with that round trip" });
  }
  return warnings;
}

function errorWarnings({ fit, extrapolation }: WarningFacts): readonly CalibrationWarning[] {
  const warnings: CalibrationWarning[] = [];
  const worst = fit.heldOut.percentiles
    .filter(({ share }) => share === 0.5 || share === 0.95)
    .map((each) => ({ ...each, error: each.predictedMs / each.measuredMs - 1 }))
    .sort((a, b) => Math.abs(b.error) - Math.abs(a.error))[0];
  if (worst !== undefined && Math.abs(worst.error) > HELD_OUT_ERROR_MAX) {
    const name = `${worst.measure === "e2e" ? "E2E" : "TTFT"} p${worst.share * 100}`;
    const what = `on the held-out calls ${name} was predicted ${percent(worst.error)} off`;
    warnings.push({
      code: "CALIBRATE_HELD_OUT_ERROR",
      what,
      fix: "measure longer; the endpoint may also have changed meanwhile",
    });
  }
  const { load, lowMs, highMs, e2eMsP95, candidates } = extrapolation;
  if (highMs - lowMs > CANDIDATE_SPREAD_MAX * e2eMsP95) {
    const what = `${candidates} explanations fit alike, and at ${load} times the load they say p95 E2E from ${Math.round(lowMs)} to ${Math.round(highMs)} ms`;
    warnings.push({ code: "CALIBRATE_AMBIGUOUS", what, fix: "measure a second, higher load and give both runs" });
  }
  const measured = fit.heldOut.percentiles.find(({ measure, share }) => measure === "e2e" && share === 0.95);
  if (measured !== undefined && e2eMsP95 > STEEP_MIN * measured.measuredMs) {
    const times = (e2eMsP95 / measured.measuredMs).toFixed(1);
    const what = `at ${load} times the load p95 E2E would be ${times} times what was measured: so near the limit a small error becomes a large one, and unobserved load of other tenants looks the same`;
    warnings.push({ code: "CALIBRATE_STEEP", what, fix: "measure a second, higher load and give both runs" });
  }
  return warnings;
}

function percent(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)} %`;
}
