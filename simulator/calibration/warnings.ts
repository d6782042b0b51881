import { DAY_MS } from "../base/time.ts";
import type { FittedSpec } from "../world/capacity/fitted-work.ts";
import type { Extrapolation } from "./extrapolate.ts";
import type { CallsFit } from "./fit-calls.ts";
import type { SeenRange } from "./fit-endpoint.ts";
import type { QuotaFit } from "./fit-quota.ts";
import type { Observation } from "./observation.ts";

/** Something that the measurement cannot tell, or tells badly, and which one would. */
export interface CalibrationWarning {
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

/** Sizes that differ by less than this factor say nothing of what a token costs. */
const SPREAD_MIN = 1.5;
/** Above this error a limit does not explain who was throttled; guessing would be one half. */
export const QUOTA_ERROR_MAX = 0.3;
/** Below it, it does. */
const QUOTA_ERROR_MIN = 0.05;
const HELD_OUT_ERROR_MAX = 0.1;
const RIVAL_SPREAD_MAX = 0.15;
/** Where p95 at more load is this many times the measured one, a few percent of capacity decide. */
const STEEP_MIN = 2;

export function warningsOf(facts: WarningFacts): readonly CalibrationWarning[] {
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
    return [{ code: "CALIBRATE_NO_LOAD", what, fix: "measure with calls that overlap, some ten at a time" }];
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
    const what = `the limit that was found throttles as many calls, but ${(100 * quota.error).toFixed(0)} % of them others than were: its law is another`;
    warnings.push({ code: "CALIBRATE_QUOTA_ROUGH", what, fix: "give the quota under world.quotas if you know it" });
  } else if (counts.throttled > 0 && observations.some(({ maxTokens }) => Number.isNaN(maxTokens))) {
    const what = "the calls' max_tokens are not known, which a quota reserves: its limit is a guess";
    warnings.push({ code: "CALIBRATE_MAX_TOKENS_UNKNOWN", what, fix: "give the quota under world.quotas" });
  }
  if (counts.refused > 0) {
    const what = `${counts.refused} calls were refused with 503: the places that this leaves are a guess`;
    warnings.push({ code: "CALIBRATE_REFUSED", what, fix: "measure at a load that it takes, too" });
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
  const { load, lowMs, highMs, e2eMsP95, rivals } = extrapolation;
  if (highMs - lowMs > RIVAL_SPREAD_MAX * e2eMsP95) {
    const what = `${rivals} explanations fit alike, and at ${load} times the load they say p95 E2E from ${Math.round(lowMs)} to ${Math.round(highMs)} ms`;
    warnings.push({ code: "CALIBRATE_AMBIGUOUS", what, fix: "measure a second, higher load and give both runs" });
  }
  const measured = fit.heldOut.percentiles.find(({ measure, share }) => measure === "e2e" && share === 0.95);
  if (measured !== undefined && e2eMsP95 > STEEP_MIN * measured.measuredMs) {
    const times = (e2eMsP95 / measured.measuredMs).toFixed(1);
    const what = `at ${load} times the load p95 E2E would be ${times} times what was measured: so near the limit a small error becomes a large one, and load of others that nobody sees looks like this too`;
    warnings.push({ code: "CALIBRATE_STEEP", what, fix: "measure a second, higher load and give both runs" });
  }
  return warnings;
}

function percent(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)} %`;
}
