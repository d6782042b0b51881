import { meanNumber, median } from "../base/statistics.ts";
import { type CallParts, callPartsOf, type Slowdown, type Work, workUnder } from "./call-parts.ts";
import type { Calls } from "./calls.ts";
import { type Luck, luckCv, luckOf, NO_LUCK, type Parameters, type Variant } from "./candidate-model.ts";
import { fitCurve, fitLinearLog, sizeColumns } from "./fit-curve.ts";
import { occupancyOf } from "./occupancy.ts";

/**
 * A variant's numbers, read off the measurement: with the calls inside known at every instant, each call's times tell
 * its work, and what its size does not explain of that is its luck. No simulation is needed for it.
 *
 * @param pick which of the calls that can tell something are asked: all, or a bootstrap's sample of them
 * @returns undefined where the calls cannot tell
 */
export function readParameters(
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
  const { luck, mean } = luckOf(
    data.rows.map((i) => work.promptMs[i]! / (base + perInput * calls.inputTokens[i]! + perOutput * later[i]!)),
  );
  return {
    servers,
    promptBaseMs: base * mean,
    promptPerTokenMs: perInput * mean,
    perOutputTokenMs: perOutput * mean,
    promptSlowdown: 0,
    curve,
    promptLuck: luck,
    outputLuck: luck,
    sameLuck: true,
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
  const prompt = luckOf(promptRows.map(promptRatio));
  const typical = median(data.outputRows.map((i) => work.outputMs[i]! / later[i]!));
  const perOutput = Number.isNaN(typical) ? 0 : typical;
  const outputRatio = (i: number) => work.outputMs[i]! / (later[i]! * perOutput);
  const output = perOutput > 0 ? luckOf(data.outputRows.map(outputRatio)) : { luck: NO_LUCK, mean: 1 };
  return {
    servers,
    promptBaseMs: base * prompt.mean,
    promptPerTokenMs: perInput * prompt.mean,
    perOutputTokenMs: perOutput * output.mean,
    promptSlowdown: isStepwise && beside > 0 ? beside / perInput : isStepwise ? 0 : beside,
    curve,
    promptLuck: prompt.luck,
    outputLuck: output.luck,
    sameLuck: isSameLuck(data.outputRows, promptRatio, outputRatio, [prompt.luck, output.luck]),
  };
}

/** Prompts that stop everything else: so much slower counts as stopped. */
const STOPPED_FACTOR = 200;

/** From this correlation of their logarithms on, both parts of a call are taken to share one luck. */
const SAME_LUCK_MIN = 0.6;

function isSameLuck(
  rows: readonly number[],
  promptRatio: (i: number) => number,
  outputRatio: (i: number) => number,
  lucks: readonly Luck[],
): boolean {
  if (rows.length < 30 || lucks.some((luck) => luckCv(luck) < 0.02)) return false;
  const x = rows.map((i) => Math.log(Math.max(1e-9, promptRatio(i))));
  const y = rows.map((i) => Math.log(Math.max(1e-9, outputRatio(i))));
  return correlation(x, y) >= SAME_LUCK_MIN;
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mx = meanNumber(x);
  const my = meanNumber(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  x.forEach((each, i) => {
    xy += (each - mx) * (y[i]! - my);
    xx += (each - mx) ** 2;
    yy += (y[i]! - my) ** 2;
  });
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}
