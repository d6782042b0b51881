import type { Calls } from "./calls.ts";
import type { CallsFit, Rival } from "./fit-calls.ts";
import { blockStandardError, meanNumber, quantileSorted, sortedNumbers } from "./quantiles.ts";
import { replayCalls } from "./replay-calls.ts";
import { specOf } from "./variant.ts";

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
/** Rivals whose calls are told worse by fewer standard errors than this cannot be ruled out. */
const RULED_OUT = 2;

export function extrapolate(calls: Calls, { candidate, rivals, options }: CallsFit): Extrapolation {
  const atMs = calls.atMs.map((ms) => calls.atMs[0]! + (ms - calls.atMs[0]!) / LOAD);
  const faster = { ...calls, atMs };
  const p95 = ({ variant, parameters }: Rival["candidate"]) => {
    const spec = specOf(variant, parameters, options.peak);
    const values = SEEDS.flatMap((seed) => [...replayCalls(spec, faster, seed).e2eMs]);
    return quantileSorted(sortedNumbers(values), 0.95);
  };
  const e2eMsP95 = p95(candidate);
  const possible = rivals.filter((rival) => !isRuledOut(rival, rivals[0]!)).map((rival) => p95(rival.candidate));
  return {
    load: LOAD,
    e2eMsP95,
    lowMs: Math.min(e2eMsP95, ...possible),
    highMs: Math.max(e2eMsP95, ...possible),
    rivals: possible.length,
  };
}

function isRuledOut(rival: Rival, best: Rival): boolean {
  if (rival === best) return false;
  if (rival.heldOut.total > best.heldOut.total * 1.1) return true;
  const difference = rival.errors.map((error, i) => error - best.errors[i]!);
  return meanNumber(difference, 0, difference.length) > RULED_OUT * blockStandardError(difference);
}
