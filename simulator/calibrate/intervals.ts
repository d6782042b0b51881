import { blockStandardError, meanNumber, varianceOf } from "../base/statistics.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { Calls } from "./calls.ts";
import { curveFactor, luckCv, type Parameters, type Variant } from "./candidate-model.ts";
import { readParameters } from "./read-parameters.ts";
import { errorsGivenOthers } from "./score.ts";

/** A fitted number with its 95 % interval. */
export interface Estimate {
  /** As in the world file: `prompt.base`. */
  readonly name: string;
  readonly unit: "ms" | "calls" | "factor" | "cv";
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface IntervalOptions {
  readonly peak: number;
  readonly resamples?: number;
}

const RESAMPLES = 16;
/** Calls that stay together: neighbours met the same others. */
const BLOCK_CALLS = 20;
/** Student's t for 15 degrees of freedom, two-sided 95 %. */
const T_95 = 2.131;

/**
 * 95 % intervals by the block bootstrap (Künsch 1989, Annals of Statistics 17): who met whom stays as measured, and
 * blocks of neighbouring calls are drawn with replacement to be asked for their work. That of the servers is those
 * numbers that do not tell the calls significantly worse.
 */
export function estimatesOf(
  calls: Calls,
  variant: Variant,
  fitted: Parameters,
  { peak, resamples = RESAMPLES }: IntervalOptions,
): readonly Estimate[] {
  const samples: (readonly number[])[] = [];
  for (let sample = 0; sample < resamples; sample++) {
    const read = readParameters(calls, variant, fitted.servers, (rows) => drawBlocks(rows, sample));
    if (read !== undefined) samples.push(numbersOf(variant, read, peak).map(({ value }) => value));
  }
  const estimates = numbersOf(variant, fitted, peak).map((number, n): Estimate => {
    const half = T_95 * deviation(samples.map((sample) => sample[n]!));
    return { ...number, low: Math.max(0, number.value - half), high: number.value + half };
  });
  return [serversEstimate(calls, variant, fitted, peak), ...estimates];
}

type Named = Pick<Estimate, "name" | "unit" | "value">;

function numbersOf(variant: Variant, parameters: Parameters, peak: number): readonly Named[] {
  const named: Named[] = [
    { name: "prompt.base", unit: "ms", value: parameters.promptBaseMs },
    { name: "prompt.perToken", unit: "ms", value: parameters.promptPerTokenMs },
    { name: "prompt.noise", unit: "cv", value: luckCv(parameters.promptLuck) },
    { name: "output.perToken", unit: "ms", value: parameters.perOutputTokenMs },
  ];
  if (!variant.isWhole) named.push({ name: "output.noise", unit: "cv", value: luckCv(parameters.outputLuck) });
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
  const best = errorsGivenOthers(calls, variant, fitted).both;
  const isWorse = (count: number) => {
    const errors = errorsGivenOthers(calls, variant, { ...fitted, servers: count }).both;
    const difference = errors.map((error, i) => error - best[i]!);
    return meanNumber(difference, 0, difference.length) > 2 * blockStandardError(difference);
  };
  let low = servers;
  while (low > 1 && servers - low < 20 && !isWorse(low - 1)) low--;
  let high = servers;
  while (high < peak && !isWorse(high + 1)) high++;
  return { ...base, low, high: high >= peak ? Number.POSITIVE_INFINITY : high };
}

function drawBlocks(rows: readonly number[], sample: number): readonly number[] {
  if (rows.length === 0) return rows;
  const key = purposeKey(sample, "calibration/blocks");
  const size = Math.max(1, Math.min(BLOCK_CALLS, Math.floor(rows.length / 4)));
  const drawn: number[] = [];
  for (let block = 0; drawn.length < rows.length; block++) {
    const from = Math.floor(keyedUniform(key, block, 0) * (rows.length - size + 1));
    for (let i = from; i < from + size && drawn.length < rows.length; i++) drawn.push(rows[i]!);
  }
  return drawn;
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return Number.POSITIVE_INFINITY;
  return Math.sqrt(varianceOf(values));
}
