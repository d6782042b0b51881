/** How the rate of a day rises and falls: its YAML forms, its mixture over origins, and processes that follow it. */
import { z } from "zod";
import { MeridianError } from "../base/errors.ts";
import { parseDurationMs } from "../base/quantities.ts";
import { unionOf } from "../base/schema-forms.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS } from "../base/time.ts";
import { type ArrivalProcess, type OriginShare, operationalClock, type RateProfile } from "./arrival-process.ts";
import type { DayShape, Recording } from "./traffic.ts";

/** A day's shape as plain data: recorded, given by weights, or a smooth peak. */
export type DayShapeSpec =
  | { readonly kind: "recorded"; readonly name: string }
  | {
      readonly kind: "weights";
      readonly weights: readonly number[];
      /** A day unless given. */
      readonly period?: "week";
      readonly isUtc?: true;
    }
  | { readonly kind: "peak"; readonly atMs: number; readonly peakToMean: number };

const CLOCK = /^([01]?\d|2[0-4]):([0-5]\d)$/;

/** A time of day such as `15:00` (or `15h`); output in ms from midnight. */
export const timeOfDay: z.ZodType<number> = z
  .string()
  .transform((text, context) => {
    const clock = CLOCK.exec(text.trim());
    const ms = clock === null ? parseDurationMs(text) : Number(clock[1]) * HOUR_MS + Number(clock[2]) * MINUTE_MS;
    if (ms !== undefined && ms <= DAY_MS) return ms;
    context.addIssue({ code: "custom", message: `"${text}" is not a time of day; write it like 15:00` });
    return z.NEVER;
  })
  .meta({ description: "Time of day: 15:00" });

const weights = z
  .array(z.number().min(0))
  .min(2)
  .max(1440)
  .refine((list) => list.some((weight) => weight > 0), "at least one weight must be above 0");

const zone = z
  .enum(["local", "utc"])
  .default("local")
  .meta({ description: "Whose midnight it begins at: that of each origin, or UTC's for all of them" });

const isUtc = (of: "local" | "utc") => (of === "utc" ? { isUtc: true as const } : {});

/**
 * YAML forms: a recorded shape's name, weights over the day (24 for hours), `{ week: [...] }` (168 for hours, from Monday
 * on), or `{ peakAt: 15:00, peakToMean: 1.8 }`.
 */
export const dayShapeSchema: z.ZodType<DayShapeSpec> = unionOf([
  z
    .string()
    .min(1)
    .transform((name) => ({ kind: "recorded" as const, name })),
  weights.transform((list) => ({ kind: "weights" as const, weights: list })),
  z
    .strictObject({ day: weights.meta({ description: "Weights over the day, such as 24 hourly ones" }), zone })
    .transform((given) => ({ kind: "weights" as const, weights: given.day, ...isUtc(given.zone) })),
  z
    .strictObject({
      week: weights
        .refine((list) => list.length % 7 === 0, "a week has 7 weights, or so many for each of its days: 168")
        .meta({ description: "Weights over the week from Monday on: 7 daily or 168 hourly ones" }),
      zone,
    })
    .transform((given) => ({
      kind: "weights" as const,
      weights: given.week,
      period: "week" as const,
      ...isUtc(given.zone),
    })),
  z
    .strictObject({
      peakAt: timeOfDay,
      peakToMean: z
        .number()
        .refine((ratio) => ratio > 1 && ratio <= 20, "peakToMean must be above 1 and at most 20")
        .meta({ description: "Rate at the peak / mean rate, above 1" }),
    })
    .transform(({ peakAt, peakToMean }) => ({ kind: "peak" as const, atMs: peakAt, peakToMean })),
]).meta({
  description:
    "A day's or week's rise and fall: a recorded shape, weights such as 24 hourly ones, { week: ... }, or a peak",
});

/**
 * The weights behind a spec, scaled to a mean of 1.
 *
 * @throws MeridianError TRAFFIC_UNKNOWN_SHAPE if the name is not a recorded shape
 */
export function createDayShape(spec: DayShapeSpec, recordings: Readonly<Record<string, Recording>>): DayShape {
  if (spec.kind === "weights") {
    const shape = dayShape(spec.weights, spec.period === "week" ? WEEK_MS : DAY_MS);
    return spec.isUtc === true ? { ...shape, isUtc: true } : shape;
  }
  if (spec.kind === "peak") return peakShape(spec.atMs, spec.peakToMean);
  const recording = recordings[spec.name];
  if (recording?.kind === "shape") return recording.shape;
  throw new MeridianError("usage", {
    code: "TRAFFIC_UNKNOWN_SHAPE",
    what: `"${spec.name}" is not a recorded day shape`,
    fix: "run `meridian list traces` for the recordings there are, or give 24 hourly weights",
  });
}

const PEAK_STEPS = 288;

/**
 * A smooth single peak that is never negative, however high: exp(k·cos(angle)), the von Mises curve, with k found by
 * bisection so that peak / mean is as asked.
 */
function peakShape(atMs: number, peakToMean: number): DayShape {
  const angleOf = (step: number) => 2 * Math.PI * ((step + 0.5) / PEAK_STEPS - atMs / DAY_MS);
  const weightsOf = (k: number) =>
    Array.from({ length: PEAK_STEPS }, (_, i) => Math.exp(k * (Math.cos(angleOf(i)) - 1)));
  const meanOf = (k: number) => weightsOf(k).reduce((sum, weight) => sum + weight, 0) / PEAK_STEPS;
  let low = 0;
  let high = 5000;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (meanOf(middle) * peakToMean > 1) low = middle;
    else high = middle;
  }
  return dayShape(weightsOf(low));
}

/** The day of a class with origins in several time zones: the summed rate, and which origin calls at each time. */
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
  const periodMs = periodOf(shape);
  const startMs = stepStarts(shape, origins);
  const steps = startMs.length;
  const rate = new Float64Array(steps);
  const upTo = new Float64Array(steps * origins.length);
  for (let step = 0; step < steps; step++) {
    const middleMs = (startMs[step]! + (step + 1 < steps ? startMs[step + 1]! : periodMs)) / 2;
    let sum = 0;
    for (let o = 0; o < origins.length; o++) {
      sum += origins[o]!.share * shapeAt(shape, middleMs - shiftOf(shape, origins[o]!));
      upTo[step * origins.length + o] = sum;
    }
    rate[step] = sum;
  }
  let hint = 0;
  let hintFromMs = 0;
  let hintToMs = Number.NEGATIVE_INFINITY;
  /** Mostly the step of the arrival before: a remainder of doubles costs more than a draw. */
  const stepAt = (arrivalMs: number): number => {
    if (arrivalMs >= hintFromMs && arrivalMs < hintToMs) return hint;
    const timeMs = arrivalMs % periodMs;
    if (startMs[hint]! > timeMs) hint = 0;
    while (hint + 1 < steps && startMs[hint + 1]! <= timeMs) hint++;
    hintFromMs = arrivalMs - timeMs + startMs[hint]!;
    hintToMs = arrivalMs - timeMs + (hint + 1 < steps ? startMs[hint + 1]! : periodMs);
    return hint;
  };
  return {
    profile: { startMs, rate, periodMs },
    originAt(arrivalMs, u) {
      const step = stepAt(arrivalMs);
      const target = u * rate[step]!;
      const base = step * origins.length;
      for (let o = 0; o < origins.length - 1; o++) if (target < upTo[base + o]!) return origins[o]!.originIndex;
      return origins[origins.length - 1]!.originIndex;
    },
  };
}

/** Scales weights at equal steps over a day, or another period, to a mean of 1. */
export function dayShape(weights: readonly number[], periodMs = DAY_MS): DayShape {
  let total = 0;
  for (const weight of weights) total += weight;
  return {
    stepMs: periodMs / weights.length,
    weights: Float64Array.from(weights, (w) => (w * weights.length) / total),
  };
}

function shapeAt(shape: DayShape, timeMs: number): number {
  const { stepMs, weights } = shape;
  return weights[Math.floor(wrapped(timeMs, periodOf(shape)) / stepMs) % weights.length]!;
}

function stepStarts(shape: DayShape, origins: readonly OriginShare[]): Float64Array {
  const periodMs = periodOf(shape);
  const starts = new Set([0]);
  for (const origin of origins) {
    for (let i = 0; i < shape.weights.length; i++) {
      starts.add(Math.round(wrapped(i * shape.stepMs + shiftOf(shape, origin), periodMs)) % periodMs);
    }
  }
  return Float64Array.from(starts).sort();
}

function periodOf({ stepMs, weights }: DayShape): number {
  return Math.round(stepMs * weights.length);
}

function shiftOf({ isUtc }: DayShape, { shapeShiftMs, utcShiftMs = 0 }: OriginShare): number {
  return isUtc === true ? utcShiftMs : shapeShiftMs;
}

function wrapped(timeMs: number, periodMs: number): number {
  return ((timeMs % periodMs) + periodMs) % periodMs;
}

/** Runs a process in operational time, so that its rate follows the profile. */
export function timeChanged(process: ArrivalProcess, profile: RateProfile): ArrivalProcess {
  const toWall = operationalClock(profile);
  return {
    ...process,
    fill(arrivalMs, from, to, recordedRow) {
      const end = process.fill(arrivalMs, from, to, recordedRow);
      for (let i = from; i < end; i++) {
        const wallMs = toWall(arrivalMs[i]!);
        if (wallMs === Number.POSITIVE_INFINITY) return i;
        arrivalMs[i] = wallMs;
      }
      return end;
    },
  };
}

/** Runs a process by a day's shape, mixed over origins that each have their own midnight. */
export function shapedByDay(process: ArrivalProcess, shape: DayShape, origins: readonly OriginShare[]): ArrivalProcess {
  const mixture = mixDays(shape, origins);
  return { ...timeChanged(process, mixture.profile), originAt: mixture.originAt };
}
