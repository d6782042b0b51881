/** Estimates a variant's parameters directly from the measured calls, without simulation. */
import { sampleCorrelation } from "simple-statistics";
import { median } from "../base/statistics.ts";
import { type CallParts, callPartsOf, type Slowdown, type Work, workUnder } from "./call-parts.ts";
import type { Calls } from "./calls.ts";
import { NO_NOISE, type Noise, noiseCv, noiseOf, type Parameters, type Variant } from "./candidate-model.ts";
import { fitCurve, fitLinearLog, sizeColumns } from "./fit-curve.ts";
import { occupancyOf } from "./occupancy.ts";

/**
 * A variant's parameters: with the occupancy known at every instant, each call's durations give its work; a regression
 * on its size gives the costs per token, and the ratios to it are the noise.
 *
 * @param servers calls served at a time; Infinity = no limit
 * @param pick selects among the informative calls: all of them, or a bootstrap sample
 * @returns undefined with fewer than eight such calls
 */
export function estimateParameters(
  calls: Calls,
  variant: Variant,
  servers: number,
  pick: (rows: readonly number[]) => readonly number[] = (rows) => rows,
): Parameters | undefined {
  const occupancy = occupancyOf(calls, {
    servers,
    isSerial: variant.prompts === "serial" || variant.prompts === "in-line",
    counts: variant.counts,
    isWhole: variant.isWhole,
  });
  const all = callPartsOf(calls, occupancy, variant);
  const data: CallParts = {
    ...all,
    rows: pick(all.rows),
    outputRows: pick(all.outputRows),
    aloneRows: pick(all.aloneRows),
  };
  if (data.rows.length < 8) return undefined;
  const curve = fitCurve(data, variant);
  const work = workUnder(data, variant, curve);
  return variant.isWhole
    ? wholeParameters(data, work, servers, curve)
    : partParameters(data, work, variant, { servers, ...curve });
}

function wholeParameters(data: CallParts, work: Work, servers: number, { curve }: Slowdown): Parameters {
  const [base = 0, perInput = 0, perOutput = 0] = fitLinearLog(sizeColumns(data, true), work.promptMs, data.rows);
  const { calls, later } = data;
  const { noise, mean } = noiseOf(
    data.rows.map((i) => work.promptMs[i]! / (base + perInput * calls.inputTokens[i]! + perOutput * later[i]!)),
  );
  return {
    servers,
    promptBaseMs: base * mean,
    promptPerTokenMs: perInput * mean,
    perOutputTokenMs: perOutput * mean,
    promptSlowdown: 0,
    curve,
    promptNoise: noise,
    outputNoise: noise,
    sharedNoise: true,
  };
}

function partParameters(
  data: CallParts,
  work: Work,
  variant: Variant,
  { servers, curve, beside }: Slowdown & { readonly servers: number },
): Parameters {
  const { calls, later } = data;
  const isStepwise = variant.prompts === "in-steps";
  const promptRows = isStepwise ? data.aloneRows : data.rows;
  const [base = 0, paced = 0] = fitLinearLog(sizeColumns(data, false), work.promptMs, promptRows);
  const perInput = isStepwise ? Math.max(paced, beside / STOPPED_FACTOR) : paced;
  const promptRatio = (i: number) => work.promptMs[i]! / (base + perInput * calls.inputTokens[i]!);
  const prompt = noiseOf(promptRows.map(promptRatio));
  const typical = median(data.outputRows.map((i) => work.outputMs[i]! / later[i]!));
  const perOutput = Number.isNaN(typical) ? 0 : typical;
  const outputRatio = (i: number) => work.outputMs[i]! / (later[i]! * perOutput);
  const output = perOutput > 0 ? noiseOf(data.outputRows.map(outputRatio)) : { noise: NO_NOISE, mean: 1 };
  return {
    servers,
    promptBaseMs: base * prompt.mean,
    promptPerTokenMs: perInput * prompt.mean,
    perOutputTokenMs: perOutput * output.mean,
    promptSlowdown: isStepwise && beside > 0 ? beside / perInput : isStepwise ? 0 : beside,
    curve,
    promptNoise: prompt.noise,
    outputNoise: output.noise,
    sharedNoise: isSharedNoise(data.outputRows, promptRatio, outputRatio, [prompt.noise, output.noise]),
  };
}

/** Where prompts stop everything else: a slowdown by this factor counts as stopped. */
const STOPPED_FACTOR = 200;

/** From this correlation of the logarithms of their ratios on, both parts of a call share one noise factor. */
const SHARED_NOISE_MIN = 0.6;

function isSharedNoise(
  rows: readonly number[],
  promptRatio: (i: number) => number,
  outputRatio: (i: number) => number,
  noises: readonly Noise[],
): boolean {
  if (rows.length < 30 || noises.some((noise) => noiseCv(noise) < 0.02)) return false;
  const x = rows.map((i) => Math.log(Math.max(1e-9, promptRatio(i))));
  const y = rows.map((i) => Math.log(Math.max(1e-9, outputRatio(i))));
  return sampleCorrelation(x, y) >= SHARED_NOISE_MIN;
}
