/**
 * How sure a fit is: confidence intervals of its parameters by the block bootstrap, and whether a stored fit still predicts what
 * is measured now.
 */
import { sampleStandardDeviation } from "simple-statistics";
import { blockStandardError, criticalT, meanNumber, quantileSorted, sortedNumbers } from "../base/statistics.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import { type FittedSpec, isFitted } from "../service/capacity/fitted-work.ts";
import type { CapacitySpec } from "../service/capacity/index.ts";
import type { Calls } from "./calls.ts";
import { curveFactor, noiseCv, type Parameters, type Variant } from "./candidate-model.ts";
import { estimateParameters } from "./estimate-parameters.ts";
import { errorsAtMeasuredConcurrency, replayCalls } from "./score.ts";

/** A fitted parameter with its 95 % interval. */
export interface Estimate {
  /** As in the world file: `prompt.base`. */
  readonly name: string;
  readonly unit: "ms" | "calls" | "factor" | "cv";
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface IntervalOptions {
  /** Most calls inside at a time. */
  readonly peak: number;
  readonly resamples?: number;
}

const RESAMPLES = 16;
/** Calls drawn together: neighbours shared the same load. */
const BLOCK_CALLS = 20;

/**
 * 95 % intervals: value ± t(0.975, n - 1) s, with s the standard deviation over n resamples of the block bootstrap
 * (Künsch 1989, Annals of Statistics 17). The measured occupancy is kept; blocks of neighbouring calls are drawn with
 * replacement and fitted anew. No resample is polished: where polishing moved a value away from what the calls themselves
 * give, the interval holds both, and reaches as far beyond each. The interval of the servers holds the counts whose errors
 * are not significantly worse.
 *
 * @param fitted parameters fitted to all calls
 * @returns servers first; bounds are 0 or more, Infinity where the measurement sets none
 */
export function estimatesOf(
  calls: Calls,
  variant: Variant,
  fitted: Parameters,
  { peak, resamples = RESAMPLES }: IntervalOptions,
): readonly Estimate[] {
  const samples: (readonly number[])[] = [];
  for (let sample = 0; sample < resamples; sample++) {
    const read = estimateParameters(calls, variant, fitted.servers, (rows) =>
      drawBlocks(rows, BLOCK_CALLS, purposeKey(sample, "calibration/blocks")),
    );
    if (read !== undefined) samples.push(numbersOf(variant, read, peak).map(({ value }) => value));
  }
  const unpolished = numbersOf(variant, estimateParameters(calls, variant, fitted.servers) ?? fitted, peak);
  const estimates = numbersOf(variant, fitted, peak).map((number, n): Estimate => {
    const half = halfWidth(samples.map((sample) => sample[n]!));
    const both = [number.value, unpolished[n]!.value];
    return { ...number, low: Math.max(0, Math.min(...both) - half), high: Math.max(...both) + half };
  });
  return [serversEstimate(calls, variant, fitted, peak), ...estimates];
}

type Named = Pick<Estimate, "name" | "unit" | "value">;

function numbersOf(variant: Variant, parameters: Parameters, peak: number): readonly Named[] {
  const named: Named[] = [
    { name: "prompt.base", unit: "ms", value: parameters.promptBaseMs },
    { name: "prompt.perToken", unit: "ms", value: parameters.promptPerTokenMs },
    { name: "prompt.noise", unit: "cv", value: noiseCv(parameters.promptNoise) },
    { name: "output.perToken", unit: "ms", value: parameters.perOutputTokenMs },
  ];
  if (!variant.isWhole) named.push({ name: "output.noise", unit: "cv", value: noiseCv(parameters.outputNoise) });
  if (variant.prompts === "serial" || variant.prompts === "in-steps") {
    named.push({ name: "prompt.slowdown", unit: "factor", value: parameters.promptSlowdown });
  }
  if (variant.curve === "flat") return named;
  const at = [...new Set([Math.max(2, Math.round(peak / 2)), Math.max(2, peak)])];
  for (const calls of at) {
    named.push({
      name: `load at ${calls} calls`,
      unit: "factor",
      value: curveFactor(variant.curve, parameters.curve, calls),
    });
  }
  return named;
}

function serversEstimate(calls: Calls, variant: Variant, fitted: Parameters, peak: number): Estimate {
  const { servers } = fitted;
  const base = { name: "servers", unit: "calls" as const, value: servers };
  if (servers === Number.POSITIVE_INFINITY) return { ...base, low: peak, high: servers };
  const best = errorsAtMeasuredConcurrency(calls, variant, fitted).both;
  const isWorse = (count: number) => {
    const errors = errorsAtMeasuredConcurrency(calls, variant, { ...fitted, servers: count }).both;
    const difference = errors.map((error, i) => error - best[i]!);
    return meanNumber(difference, 0, difference.length) > 2 * blockStandardError(difference);
  };
  let low = servers;
  while (low > 1 && servers - low < 20 && !isWorse(low - 1)) low--;
  let high = servers;
  while (high < peak && !isWorse(high + 1)) high++;
  return { ...base, low, high: high >= peak ? Number.POSITIVE_INFINITY : high };
}

/**
 * One resample of a block bootstrap: as many rows, in blocks of neighbours drawn with replacement.
 *
 * @param blockCalls length of a block; at most a quarter of the rows
 * @param key keyed-random purpose key of this resample
 */
export function drawBlocks(rows: readonly number[], blockCalls: number, key: number): readonly number[] {
  if (rows.length === 0) return rows;
  const size = Math.max(1, Math.min(blockCalls, Math.floor(rows.length / 4)));
  const drawn: number[] = [];
  for (let block = 0; drawn.length < rows.length; block++) {
    const from = Math.floor(keyedUniform(key, block, 0) * (rows.length - size + 1));
    for (let i = from; i < from + size && drawn.length < rows.length; i++) drawn.push(rows[i]!);
  }
  return drawn;
}

/** Infinity where fewer than two resamples could be fitted. */
function halfWidth(values: readonly number[]): number {
  return values.length < 2 ? Number.POSITIVE_INFINITY : criticalT(values.length) * sampleStandardDeviation([...values]);
}

/** How well a stored fit predicts a new measurement at one percentile. */
export interface DriftError {
  readonly measure: "ttft" | "e2e";
  readonly share: number;
  readonly measuredMs: number;
  readonly predictedMs: number;
  /** Predicted over measured minus one, with its 95 % interval. */
  readonly error: number;
  readonly low: number;
  readonly high: number;
  /** The whole interval lies beyond the margin. */
  readonly isDrift: boolean;
}

const SHARES = [0.5, 0.95] as const;
const SEEDS = [61, 62, 63, 64, 65, 66];
const DRIFT_RESAMPLES = 200;
const DRIFT_BLOCK_CALLS = 25;

/**
 * Sends newly measured calls through a stored model and compares percentiles. The intervals come from a block bootstrap
 * that draws the same blocks of measured and of simulated calls.
 *
 * @param hasTtft compare TTFT too
 * @param margin relative error up to which a fit still holds, 0.1 = 10 %
 * @returns one entry a measure and percentile (p50, p95)
 */
export function driftOf(spec: CapacitySpec, calls: Calls, hasTtft: boolean, margin: number): readonly DriftError[] {
  const replays = SEEDS.map((seed) => replayCalls(spec, calls, seed));
  const rows: number[] = [];
  for (let i = 0; i < calls.count; i++) if (calls.isServed[i] === 1) rows.push(i);
  const samples = Array.from({ length: DRIFT_RESAMPLES }, (_, sample) => {
    return drawBlocks(rows, DRIFT_BLOCK_CALLS, purposeKey(sample, "drift/blocks"));
  });
  const errors: DriftError[] = [];
  for (const measure of hasTtft ? (["e2e", "ttft"] as const) : (["e2e"] as const)) {
    const measuredAt = measure === "e2e" ? calls.endMs : calls.firstMs;
    const measured = (i: number) => measuredAt[i]! - calls.atMs[i]!;
    const predicted = replays.map((each) => (measure === "e2e" ? each.e2eMs : each.ttftMs));
    for (const share of SHARES) {
      const at = (chosen: readonly number[]) => ({
        measuredMs: quantileSorted(sortedNumbers(chosen.map(measured)), share),
        predictedMs: quantileSorted(sortedNumbers(predicted.flatMap((column) => chosen.map((i) => column[i]!))), share),
      });
      const ratios = samples.map(at).map((each) => each.predictedMs / each.measuredMs - 1);
      const sorted = sortedNumbers(ratios);
      const low = quantileSorted(sorted, 0.025);
      const high = quantileSorted(sorted, 0.975);
      const both = at(rows);
      const error = both.predictedMs / both.measuredMs - 1;
      errors.push({ measure, share, ...both, error, low, high, isDrift: low > margin || high < -margin });
    }
  }
  return errors;
}

/** A stored parameter that lies outside the interval of a new fit. */
export interface MovedParameter {
  readonly name: string;
  readonly stored: number;
  readonly now: Estimate;
}

/** The stored parameters that lie outside the intervals of a new fit; none where the two models differ in structure. */
export function movedParameters(
  stored: CapacitySpec,
  now: FittedSpec,
  estimates: readonly Estimate[],
): readonly MovedParameter[] {
  if (!isFitted(stored)) return [];
  const isSameStructure = stored.prompts === now.prompts && stored.isWhole === now.isWhole;
  if (!isSameStructure) return [];
  const values: Readonly<Record<string, number>> = {
    servers: stored.servers,
    "prompt.base": stored.promptBaseMs,
    "prompt.perToken": stored.promptPerTokenMs,
    "output.perToken": stored.perOutputTokenMs,
  };
  return estimates.flatMap((estimate) => {
    const value = values[estimate.name];
    const isInside = value === undefined || (value >= estimate.low && value <= estimate.high);
    return isInside ? [] : [{ name: estimate.name, stored: value, now: estimate }];
  });
}
