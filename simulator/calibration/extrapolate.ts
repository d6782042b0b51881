import type { CapacitySpec } from "../world/capacity/index.ts";
import type { Calls } from "./calls.ts";
import { evidenceWeights, type Rival } from "./choose-rival.ts";
import { quantileSorted, sortedNumbers } from "./quantiles.ts";
import { replayCalls } from "./replay-calls.ts";

/** What a fit says of more load than it saw, and what rivals say that tell the measured calls as well. */
export interface Extrapolation {
  /** The same calls, so much faster one after the other. */
  readonly load: number;
  readonly e2eMsP95: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly rivals: number;
}

const LOAD = 1.5;
const SEEDS = [41, 42];
/** Rivals with less of the evidence are ruled out. */
const WEIGHT_MIN = 0.03;

/** p95 E2E of the same calls in two thirds of the time, ms. */
export function underMoreLoad(calls: Calls, spec: CapacitySpec): number {
  const atMs = calls.atMs.map((ms) => calls.atMs[0]! + (ms - calls.atMs[0]!) / LOAD);
  const faster = { ...calls, atMs };
  const values = SEEDS.flatMap((seed) => [...replayCalls(spec, faster, seed).e2eMs]);
  return quantileSorted(sortedNumbers(values), 0.95);
}

/** @param chosen what the chosen one of the rivals says, ms */
export function extrapolationOf(chosen: number, rivals: readonly Rival[]): Extrapolation {
  const weights = evidenceWeights(rivals);
  const possible = rivals.filter((_, i) => weights[i]! >= WEIGHT_MIN).map(({ moreLoad }) => moreLoad);
  return {
    load: LOAD,
    e2eMsP95: chosen,
    lowMs: Math.min(chosen, ...possible),
    highMs: Math.max(chosen, ...possible),
    rivals: possible.length,
  };
}
