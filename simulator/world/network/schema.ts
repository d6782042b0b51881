import { z } from "zod";
import { durationMs, share } from "../../scenario/units.ts";

const name = z.string().min(1);

const overrideSchema = z
  .strictObject({
    from: name.meta({ description: "Origin or region; * for any" }),
    to: name.meta({ description: "Region; * for any" }),
    rtt: durationMs.meta({ description: "Round trip, such as 70ms" }),
    oneWay: z.boolean().default(false).meta({ description: "true: do not use it for the way back as well" }),
  })
  .transform((entry) => ({ from: entry.from, to: entry.to, rttMs: entry.rtt, oneWay: entry.oneWay }))
  .meta({ description: "A round trip of the scenario's own; the entry that names most of the pair wins" });

const originSchema = z
  .strictObject({
    near: name.optional().meta({ description: "Region whose round trips it shares" }),
    plus: durationMs.optional().meta({ description: "Added to each of those: the way to that region" }),
    rtt: z.record(name, durationMs).default({}).meta({ description: "Round trips to single regions" }),
  })
  .transform((origin) => ({ near: origin.near, plusMs: origin.plus ?? 0, rttMs: origin.rtt }))
  .meta({ description: "A place of callers that is not an AWS region" });

const jitterSchema = z
  .union([
    z.literal("none").transform(() => ({ cv: 0 })),
    z.strictObject({ cv: share.pipe(z.number().min(0).max(10)) }),
  ])
  .default({ cv: 0.1 })
  .meta({
    description:
      "Spread of each round trip, { cv: 10% } or none: a lognormal factor with mean 1 and this coefficient of variation",
  });

/** The `network` block of a scenario. */
export const networkSchema = z
  .strictObject({
    roundTrips: z.enum(["aws-2025-05", "none"]).default("aws-2025-05").meta({
      description: "Measured medians between AWS regions, or none: every round trip is 0 unless overridden",
    }),
    missing: z.enum(["refuse", "estimate"]).default("refuse").meta({
      description: "For pairs that were not measured: refuse the scenario, or estimate from distance",
    }),
    overrides: z.array(overrideSchema).default([]).meta({ description: "Round trips of the scenario's own" }),
    origins: z.record(name, originSchema).default({}).meta({ description: "Places of callers, by name" }),
    jitter: jitterSchema,
  })
  .meta({ description: "Round trips from callers to regions and between regions" });
export type NetworkSpec = z.output<typeof networkSchema>;
