/** Drift: whether a stored fit still predicts what is measured now, and which of its parameters have moved. */
import { quantileSorted, sortedNumbers } from "../base/statistics.ts";
import { purposeKey } from "../random/keyed-random.ts";
import { type FittedSpec, isFitted } from "../service/capacity/fitted-work.ts";
import type { CapacitySpec } from "../service/capacity/index.ts";
import type { Calls } from "./calls.ts";
import { drawBlocks, type Estimate } from "./intervals.ts";
import { replayCalls } from "./score.ts";

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
const RESAMPLES = 200;
const BLOCK_CALLS = 25;

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
  const samples = Array.from({ length: RESAMPLES }, (_, sample) => {
    return drawBlocks(rows, BLOCK_CALLS, purposeKey(sample, "drift/blocks"));
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
