/** `slices`: a long run of which only slices of time are simulated, as a sample of the whole. */
import { z } from "zod";
import { durationMs } from "../base/schema-forms.ts";
import type { SlicePlan, WarmupPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";

const COUNT_MAX = 100_000;
const WARMUP_MS = 300_000;

export const slicesSchema = z
  .strictObject({
    count: z.number().int().min(2).max(COUNT_MAX).meta({ description: "Slices, one in each equal part of the run" }),
    length: durationMs.refine((ms) => ms > 0, "must be more than 0").meta({ description: "Time that counts in each" }),
    warmup: durationMs.default(WARMUP_MS).meta({
      description: "Simulated before each slice and not counted: longer than anything in the world remembers",
    }),
  })
  .optional()
  .meta({
    description:
      "Simulates slices of the run only: counts and bills are scaled up, intervals hold the error. For runs too long to simulate whole",
  });

interface SliceInput {
  readonly slices?: z.output<typeof slicesSchema>;
  readonly arrivalsFrom: number;
  readonly duration?: number | undefined;
  readonly requests?: number | undefined;
}

/** The slices of a run, and what a reader has to know of them; nothing at all for a run that is simulated whole. */
export function resolveSlices(
  scenario: SliceInput,
  warmup: WarmupPlan,
  problems: Problems,
): { readonly slices?: SlicePlan; readonly notes: readonly string[] } {
  const { slices, duration, requests, arrivalsFrom } = scenario;
  if (slices === undefined) return { notes: [] };
  if (duration === undefined || requests !== undefined) {
    const fix = "give duration, and no requests";
    problems.add("SLICES_WITHOUT_DURATION", "slices", "only a run of a set length can be cut into slices", fix);
    return { notes: [] };
  }
  if (warmup.kind === "requests" || warmup.isAuto === true) {
    const fix = "leave the warm-up to slices.warmup, or give a duration";
    problems.add("SLICES_WARMUP", "warmup", "a run in slices has a warm-up before each", fix);
  }
  const fromMs = warmup.kind === "duration" ? warmup.amount : arrivalsFrom;
  const wholeMs = duration - fromMs;
  const { count, length: lengthMs, warmup: warmupMs } = slices;
  if (count * lengthMs >= wholeMs) {
    const fix = "take fewer or shorter slices, or leave them out";
    problems.add("SLICES_TOO_LONG", "slices", "the slices together are as long as the run", fix);
  }
  const share = (ms: number) => `${Number((100 * Math.min(1, (count * ms) / wholeMs)).toPrecision(2))} %`;
  return {
    slices: { count, lengthMs, warmupMs },
    notes: [
      `A sample: ${count} slices of ${lengthMs / 1000} s, one in each equal part of the run at a time of its own in each replication; ${share(lengthMs)} of the run counts, ${share(lengthMs + warmupMs)} is simulated. Counts, tokens and bills are scaled to the arrivals of the whole run, which are known; intervals over replications hold the error of the sample.`,
      `Each slice begins with an empty world ${warmupMs / 1000} s before it counts: what lasts longer (a backlog of hours, quotas a day, prompt caches, cooldowns) is not in it.`,
    ],
  };
}
