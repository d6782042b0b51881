import { DAY_MS } from "../base/time.ts";
import type { OriginShare } from "./arrival-process.ts";
import type { RateProfile } from "./rate-profile.ts";
import type { DayShape } from "./recording.ts";

/** The day of a class whose callers live in several zones: the summed rate, and who is calling at each time. */
export interface DayMixture {
  readonly profile: RateProfile;
  /** Origin index of an arrival at `arrivalMs`, drawn by `u` with the chances of that time of day. */
  originAt(arrivalMs: number, u: number): number;
}

/**
 * Mixes a day shape over origins: rate(t) = sum of share_o · shape(t - shift_o), in steps at every origin's step.
 *
 * @param origins shares that sum to 1; shifts in ms, of any sign
 */
export function mixDays(shape: DayShape, origins: readonly OriginShare[]): DayMixture {
  const startMs = stepStarts(shape, origins);
  const steps = startMs.length;
  const rate = new Float64Array(steps);
  const upTo = new Float64Array(steps * origins.length);
  for (let step = 0; step < steps; step++) {
    const middleMs = (startMs[step]! + (step + 1 < steps ? startMs[step + 1]! : DAY_MS)) / 2;
    let sum = 0;
    for (let o = 0; o < origins.length; o++) {
      sum += origins[o]!.share * shapeAt(shape, middleMs - origins[o]!.shapeShiftMs);
      upTo[step * origins.length + o] = sum;
    }
    rate[step] = sum;
  }
  let hint = 0;
  const stepAt = (timeMs: number): number => {
    if (startMs[hint]! > timeMs) hint = 0;
    while (hint + 1 < steps && startMs[hint + 1]! <= timeMs) hint++;
    return hint;
  };
  return {
    profile: { startMs, rate, periodMs: DAY_MS },
    originAt(arrivalMs, u) {
      const step = stepAt(arrivalMs % DAY_MS);
      const target = u * rate[step]!;
      const base = step * origins.length;
      for (let o = 0; o < origins.length - 1; o++) if (target < upTo[base + o]!) return origins[o]!.originIndex;
      return origins[origins.length - 1]!.originIndex;
    },
  };
}

/** Scales weights to a mean of 1. Weights sit at equal steps over a day. */
export function dayShape(weights: readonly number[]): DayShape {
  let total = 0;
  for (const weight of weights) total += weight;
  return { stepMs: DAY_MS / weights.length, weights: Float64Array.from(weights, (w) => (w * weights.length) / total) };
}

function shapeAt({ stepMs, weights }: DayShape, timeMs: number): number {
  return weights[Math.floor(wrapDay(timeMs) / stepMs) % weights.length]!;
}

function stepStarts({ stepMs, weights }: DayShape, origins: readonly OriginShare[]): Float64Array {
  const starts = new Set([0]);
  for (const { shapeShiftMs } of origins) {
    for (let i = 0; i < weights.length; i++) starts.add(Math.round(wrapDay(i * stepMs + shapeShiftMs)) % DAY_MS);
  }
  return Float64Array.from(starts).sort();
}

function wrapDay(timeMs: number): number {
  return ((timeMs % DAY_MS) + DAY_MS) % DAY_MS;
}
