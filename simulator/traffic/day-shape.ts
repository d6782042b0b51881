import { z } from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../base/time.ts";
import { MeridianError } from "../errors.ts";
import { unionOf } from "../random/schema-forms.ts";
import { parseDurationMs } from "../scenario/units.ts";
import { dayShape } from "./day-mixture.ts";
import type { DayShape, Recording } from "./recording.ts";

/** How a day goes, as plain data: recorded, given by weights, or a smooth peak. */
export type DayShapeSpec =
  | { readonly kind: "recorded"; readonly name: string }
  | { readonly kind: "weights"; readonly weights: readonly number[] }
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

/** YAML forms: a recorded shape's name, weights over the day (24 for hours), or `{ peakAt: 15:00, peakToMean: 1.8 }`. */
export const dayShapeSchema: z.ZodType<DayShapeSpec> = unionOf([
  z
    .string()
    .min(1)
    .transform((name) => ({ kind: "recorded" as const, name })),
  z
    .array(z.number().min(0))
    .min(2)
    .max(1440)
    .refine((weights) => weights.some((weight) => weight > 0), "at least one weight must be above 0")
    .transform((weights) => ({ kind: "weights" as const, weights })),
  z
    .strictObject({
      peakAt: timeOfDay,
      peakToMean: z
        .number()
        .refine((ratio) => ratio > 1 && ratio <= 20, "peakToMean must be above 1 and at most 20")
        .meta({ description: "Rate at the peak / mean rate, above 1" }),
    })
    .transform(({ peakAt, peakToMean }) => ({ kind: "peak" as const, atMs: peakAt, peakToMean })),
]).meta({ description: "A day's rise and fall: a recorded shape, weights such as 24 hourly ones, or a peak" });

/**
 * The weights behind a spec, scaled to a mean of 1.
 *
 * @throws MeridianError TRAFFIC_UNKNOWN_SHAPE if the name is no recorded shape
 */
export function createDayShape(spec: DayShapeSpec, recordings: Readonly<Record<string, Recording>>): DayShape {
  if (spec.kind === "weights") return dayShape(spec.weights);
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
