/** The neutral description of a queueing model in the reference file: what a row may say, and nothing else. */
import { z } from "zod";

const law = z.discriminatedUnion("dist", [
  z.strictObject({ dist: z.literal("exponential"), mean_s: z.number() }),
  z.strictObject({ dist: z.literal("deterministic"), value_s: z.number() }),
  z.strictObject({
    dist: z.literal("lognormal"),
    mean_s: z.number(),
    cv: z.number(),
    // What follows from the two above.
    mu: z.number().optional(),
    sigma: z.number().optional(),
  }),
  z.strictObject({ dist: z.literal("erlang"), k: z.number(), mean_s: z.number() }),
  z.strictObject({ dist: z.literal("uniform"), min_s: z.number(), max_s: z.number() }),
  z.strictObject({ dist: z.literal("hyperexponential"), p: z.array(z.number()), means_s: z.array(z.number()) }),
  z.strictObject({ dist: z.literal("weibull"), shape: z.number(), mean_s: z.number() }),
  z.strictObject({ dist: z.literal("gamma"), mean_s: z.number(), cv: z.number() }),
  z.strictObject({ dist: z.literal("bounded_pareto"), alpha: z.number(), min_s: z.number(), max_s: z.number() }),
]);

const arrivals = z.discriminatedUnion("process", [
  z.strictObject({ process: z.literal("poisson"), rate_per_s: z.number() }),
  z.strictObject({ process: z.literal("deterministic"), interval_s: z.number() }),
  z.strictObject({ process: z.literal("renewal"), interarrival: law }),
  z.strictObject({ process: z.literal("poisson_classes"), rates_per_s: z.record(z.string(), z.number()) }),
  z.strictObject({ process: z.literal("count_only"), calls: z.number() }),
  z.strictObject({
    process: z.literal("mmpp"),
    states: z.array(z.strictObject({ rate_per_s: z.number(), mean_stay_s: z.number() })).min(2),
  }),
  z.strictObject({
    process: z.literal("sinusoidal"),
    mean_rate_per_s: z.number(),
    amplitude: z.number(),
    period_s: z.number(),
  }),
]);

const station = z.strictObject({
  name: z.string(),
  count: z.number().optional(),
  servers: z.number().nullable(),
  service: law,
  waiting_room: z.number().nullable().optional(),
  discipline: z.enum(["fcfs", "processor_sharing", "non_preemptive_priority"]).optional(),
});

const routing = z.strictObject({
  policy: z.enum([
    "least_outstanding_of_d",
    "least_outstanding",
    "round_robin",
    "random",
    "weighted_random",
    "ordered_failover",
  ]),
  d: z.number().optional(),
  ties: z.string().optional(),
  weights: z.array(z.number()).optional(),
  order: z.array(z.string()).optional(),
});

const scenario = z.strictObject({
  arrivals,
  stations: z.array(station),
  throttle: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("token_bucket"), refill_per_s: z.number(), burst: z.number() }),
      z.strictObject({ kind: z.literal("fixed_window"), window_s: z.number(), limit: z.number() }),
      z.strictObject({ kind: z.literal("rolling_window"), window_s: z.number(), limit: z.number() }),
    ])
    .optional(),
  routing: routing.optional(),
  retry: z
    .union([
      z.strictObject({ on: z.literal("rejected"), backoff: law, max_attempts: z.number().nullable() }),
      z.strictObject({ fail_probability: z.number(), delay_s: z.number(), max_attempts: z.number() }),
    ])
    .optional(),
  patience: law.optional(),
  queue_timeout_s: z.number().optional(),
});

/**
 * Refuses a row that says what cannot be expressed: its answer would be that of another model.
 *
 * @throws Error with every member that is not known, or has a value that is not
 */
export function refuseUnknown(id: string, described: unknown): void {
  const found = scenario.safeParse(described);
  if (found.success) return;
  const what = found.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`row ${id} of the reference file cannot be expressed: ${what.join("; ")}`);
}
