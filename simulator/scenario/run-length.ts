/**
 * What of a run counts: what is left out of the figures at its start (`warmup`), the slices of time that are simulated as a
 * sample of the whole (`slices`), and what `meridian validate` replays of it (`validation`).
 */
import { z } from "zod";
import { parseDurationMs } from "../base/quantities.ts";
import { count, durationMs, durationUpTo, share } from "../base/schema-forms.ts";
import { DAY_MS } from "../base/time.ts";
import type { PricesSpec } from "../service/pricing/schema.ts";
import type { ClassInput } from "./classes.ts";
import type { ModelsInput } from "./models.ts";
import type { SlicePlan, WarmupPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";

/** Prices and faults are laid out over the whole run: longer ones would only fill the memory. */
const RUN_MS_MAX = 400 * DAY_MS;
/** A time inside a run. */
export const withinRun = durationUpTo(RUN_MS_MAX, "must be at most 400d: no run is longer");

const positiveCount = count.pipe(z.number().int().positive());

export const warmupSchema = z
  .union([
    z.enum(["none", "auto"]),
    withinRun,
    z.strictObject({
      requests: positiveCount.meta({ description: "Requests at the start that are left out of the figures" }),
    }),
  ])
  .default("none")
  .meta({
    description:
      "Left out of the figures: none, a duration, { requests: 50k }, or auto: MSER-5 on pilot runs chooses, nothing where the run follows the clock",
  });

/** What of a scenario sets its warm-up. */
export interface WarmupInput {
  readonly warmup: z.output<typeof warmupSchema>;
  readonly arrivalsFrom: number;
  readonly duration?: number | undefined;
  readonly requests?: number | undefined;
  readonly traffic: readonly Pick<ClassInput, "class" | "arrivals">[];
  readonly world: {
    readonly models: ModelsInput;
    readonly faults: readonly { readonly at?: number | undefined }[];
    readonly prices: Pick<PricesSpec, "hourly" | "hourlyFor" | "shocks">;
  };
}

/**
 * What is left out of the figures at a run's start. `auto` leaves it to pilot runs where there is a steady state to
 * wait for; a run that follows the clock is terminating: its start is part of what is asked, and nothing is removed.
 */
export function resolveWarmup(
  scenario: WarmupInput,
  problems: Problems,
): { readonly warmup: WarmupPlan; readonly notes: readonly string[] } {
  const { warmup, arrivalsFrom, duration, requests } = scenario;
  if (warmup === "none") return { warmup: { kind: "none", amount: 0 }, notes: [] };
  if (warmup === "auto") return automatic(scenario);
  const isDuration = typeof warmup === "number";
  const amount = isDuration ? arrivalsFrom + warmup : warmup.requests;
  if (amount >= ((isDuration ? duration : requests) ?? Number.POSITIVE_INFINITY)) {
    const fix = "make it shorter, or the run longer";
    problems.add("WARMUP_TOO_LONG", "warmup", "the warm-up is as long as the run", fix);
  }
  return { warmup: { kind: isDuration ? "duration" : "requests", amount }, notes: [] };
}

function automatic(scenario: WarmupInput): { readonly warmup: WarmupPlan; readonly notes: readonly string[] } {
  const reason = followsTheClock(scenario);
  if (reason === undefined) return { warmup: { kind: "none", amount: 0, isAuto: true }, notes: [] };
  return {
    warmup: { kind: "none", amount: 0 },
    notes: [
      `Warm-up auto removes nothing: ${reason}, so there is no steady state. The figures are those of a run that begins with empty systems.`,
    ],
  };
}

const STATIONARY: ReadonlySet<string> = new Set(["poisson", "deterministic", "renewal", "gamma", "mmpp"]);

/** Why the run has no steady state; undefined if all of it is the same at any time. */
function followsTheClock({ traffic, world }: WarmupInput): string | undefined {
  const moving = traffic.find(({ arrivals }) => !STATIONARY.has(arrivals.process));
  if (moving !== undefined)
    return `the traffic of class ${moving.class} follows the clock (${moving.arrivals.process})`;
  if (world.faults.some((fault) => fault.at !== undefined)) return "faults come at set times";
  const { hourly, hourlyFor, shocks } = world.prices;
  const isPriced = [hourly, ...hourlyFor.map(({ curve }) => curve)].some(({ kind }) => kind !== "flat");
  if (isPriced || shocks.length > 0) return "prices change in the course of it";
  const busy = Object.entries(world.models).find(([, { capacity, capacityIn }]) =>
    [capacity, ...Object.values(capacityIn)].some(
      (each) => "background" in each && each.background !== undefined && each.background.swing > 0,
    ),
  );
  return busy === undefined ? undefined : `other tenants of ${busy[0]} follow the hour`;
}

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

const aboveZero = share.pipe(z.number().positive().max(1));
/** Kept as text: it is passed on like `--at` and `--duration`. */
const time = z.string().refine((text) => parseDurationMs(text) !== undefined, "write a time such as 90s or 14h");

const marginsSchema = z
  .strictObject({
    p50: aboveZero.default(0.05).meta({ description: "Of p50 of E2E and TTFT, of the measured value" }),
    p95: aboveZero.default(0.05).meta({ description: "Of p95 of E2E and TTFT" }),
    p99: aboveZero.default(0.1).meta({ description: "Of p99 of E2E and TTFT" }),
    throttled: aboveZero.default(0.01).meta({ description: "Share of attempts answered 429; 1% is one point" }),
    unavailable: aboveZero.default(0.01).meta({ description: "Share of attempts answered 503, in points" }),
    retries: aboveZero.default(0.02).meta({ description: "Attempts beyond the first, per request" }),
    failed: aboveZero.default(0.01).meta({ description: "Share of requests not served, in points" }),
    split: aboveZero.default(0.01).meta({ description: "Share of served requests that ran in a region, in points" }),
    cost: aboveZero.default(0.005).meta({ description: "Of the price of 1,000 served requests" }),
  })
  .meta({ description: "Simulator and measurement must differ by less than this; fixed before measuring" });

/** What `meridian validate` compares, and how close it must be. */
export const validationSchema = z
  .strictObject({
    at: time.optional().meta({ description: "Where in the scenario to begin; its start unless given" }),
    for: time.optional().meta({ description: "How much of it is replayed in real time, such as 3m" }),
    strategies: z.array(z.string().min(1)).min(1).optional().meta({
      description: "Labels of the strategies that are validated; all unless given",
    }),
    margins: marginsSchema.prefault({}),
  })
  .meta({ description: "What meridian validate replays, and how far the simulator may be off" });

/** Labels that no strategy of the scenario has become problems. */
export function checkValidation(
  { strategies }: { readonly strategies?: readonly string[] | undefined },
  known: readonly string[],
  problems: Problems,
): void {
  strategies?.forEach((label, i) => {
    problems.indexOf(label, known, "strategy", `validation.strategies[${i}]`);
  });
}
