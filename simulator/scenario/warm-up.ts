/** `warmup`: what is left out of the figures at a run's start, and when `auto` has nothing to look for. */
import { z } from "zod";
import { count, durationUpTo } from "../base/schema-forms.ts";
import { DAY_MS } from "../base/time.ts";
import type { PricesSpec } from "../service/pricing/schema.ts";
import type { ClassInput } from "./classes.ts";
import type { ModelsInput } from "./models.ts";
import type { WarmupPlan } from "./plan.ts";
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
