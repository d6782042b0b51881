import { z } from "zod";
import { customRegionSchema } from "../base/regions.ts";
import { count, durationMs, durationUpTo, parseDurationMs, share } from "../base/schema-forms.ts";
import { DAY_MS, HOUR_MS } from "../base/time.ts";
import { capacitySchema, gatewaySchema } from "../service/capacity/index.ts";
import { networkSchema } from "../service/network.ts";
import { pricesSchema } from "../service/pricing/schema.ts";
import { profilesSchema } from "../service/profiles.ts";
import { classSchema } from "./classes.ts";
import { clientSchema } from "./client.ts";
import { faultSchema } from "./faults.ts";
import { quotaSchema } from "./quotas.ts";
import { strategySchema } from "./strategies.ts";
import { batchSchema, provisionedSchema, reservedSchema, TARGET_TIERS, tiersSchema } from "./tiers.ts";

const aboveZero = share.pipe(z.number().positive().max(1));
/** Kept as text: it goes the way of `--at` and `--duration`. */
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
  .meta({ description: "Simulator and measurement must differ by less than this; fixed before anybody measures" });

/** What `meridian validate` compares, and how close it must be. */
const validationSchema = z
  .strictObject({
    at: time.optional().meta({ description: "Where in the scenario to begin; its start unless given" }),
    for: time.optional().meta({ description: "How much of it is replayed in real time, such as 3m" }),
    strategies: z.array(z.string().min(1)).min(1).optional().meta({
      description: "Labels of the strategies that are validated; all unless given",
    }),
    margins: marginsSchema.prefault({}),
  })
  .meta({ description: "What meridian validate replays, and how far the simulator may be off" });

const name = z.string().min(1).max(60);
const _positiveDuration = durationMs.refine((ms) => ms > 0, "must be more than 0");
/** Prices and faults are laid out over the whole run: longer ones would only fill the memory. */
const RUN_MS_MAX = 400 * DAY_MS;
const withinRun = durationUpTo(RUN_MS_MAX, "must be at most 400d: no run is longer");
const positiveCount = count.pipe(z.number().int().positive());

const modelSchema = z
  .strictObject({
    id: z.string().min(1).meta({ description: "Bedrock model id: anthropic.claude-sonnet-4-5-20250929-v1:0" }),
    maxOutputTokens: positiveCount.default(64_000).meta({ description: "What an unset max_tokens reserves" }),
    burndown: z.number().positive().optional().meta({
      description: "Output tokens count this often against quotas; AWS's rate for the model unless given",
    }),
    capacity: capacitySchema.meta({ description: "Capacity in each region" }),
    capacityIn: z
      .record(name, capacitySchema)
      .default({})
      .meta({ description: "Capacity in single regions, in place of the above" }),
    regions: z
      .array(name)
      .min(1)
      .optional()
      .meta({ description: "Regions that run it; all of the world unless given" }),
    onDemand: z.boolean().optional().meta({
      description:
        "Whether a region's own endpoint sells it; unless given, no for models known to be sold only through profiles",
    }),
    batch: batchSchema.prefault({}),
    errors: share.pipe(z.number().min(0).max(1)).default(0).meta({
      description: "Share of attempts that fail with 500 after they were served",
    }),
    cache: z
      .strictObject({
        ttl: z.enum(["5m", "1h"]).default("5m").meta({ description: "Time to live of a cached prefix" }),
        minimumTokens: count.default(1024).meta({ description: "Shortest prefix that is cached" }),
      })
      .optional()
      .meta({ description: "Prompt cache; none unless given" }),
  })
  .meta({ description: "A model" });

const targetSchema = z
  .union([
    name,
    z.strictObject({
      id: name.optional().meta({ description: "Name for strategies; <region>/<route>@<tier> unless given" }),
      region: name.meta({ description: "Source region: the endpoint that is called" }),
      route: name.default("regional").meta({
        description:
          "regional, the prefix of a system profile (us, eu, global ...), the name of a profile of your own, provisioned, or batch",
      }),
      tier: z.enum(TARGET_TIERS).default("standard").meta({ description: "Service tier: how the call is bought" }),
    }),
  ])
  .meta({ description: "Something a strategy can choose: us-east-1, eu-west-1/eu, or an object" });

const worldSchema = z
  .strictObject({
    include: z.string().min(1).optional().meta({
      description:
        "World file whose keys hold where this one has none, such as meridian calibrate writes; see its guide",
    }),
    regions: z
      .array(z.union([name, customRegionSchema]))
      .min(1)
      .meta({ description: "AWS regions by name; others with their clock and country" }),
    models: z
      .record(name, modelSchema)
      .refine((models) => Object.keys(models).length > 0, "a world has at least one model")
      .meta({ description: "Models by the scenario's own name" }),
    targets: z
      .array(targetSchema)
      .min(1)
      .optional()
      .meta({ description: "What strategies choose among; every region's own endpoint unless given" }),
    profiles: profilesSchema.prefault({}),
    profileRule: z
      .enum(["random", "least-busy", "in-order"])
      .default("random")
      .meta({ description: "Which destination a profile takes when the source has no room" }),
    quotas: z.array(quotaSchema).default([]),
    provisioned: z.array(provisionedSchema).default([]),
    reserved: z.array(reservedSchema).default([]),
    tiers: tiersSchema.prefault({}),
    prices: pricesSchema.prefault({}),
    network: networkSchema.prefault({}),
    faults: z.array(faultSchema).default([]),
    healthDelay: durationMs.default(30_000).meta({ description: "How late health checks see an outage and its end" }),
    gateways: z
      .array(gatewaySchema)
      .default([])
      .meta({ description: "Stations that every request passes before it is routed, in order" }),
  })
  .meta({ description: "Regions, models and what holds them back" });

/** A scenario file. Its JSON Schema for editors is made from this (`meridian schema`). */
export const scenarioSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,47}$/, "use lower-case letters, digits, dots, dashes and underscores, at most 48")
      .meta({ description: "Name of the scenario and of its run folders" }),
    description: z.string().max(2000).default("").meta({ description: "What it asks" }),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 53 - 1)
      .default(1)
      .meta({ description: "All chance follows from it" }),
    start: z.iso
      .datetime({ message: "write an instant in UTC such as 2026-05-04T00:00:00Z" })
      .default("2026-05-04T00:00:00Z")
      .meta({ description: "The run's start, UTC" }),
    duration: withinRun
      .refine((ms) => ms > 0, "must be more than 0")
      .optional()
      .meta({ description: "Length of the run: arrivals end here" }),
    arrivalsFrom: withinRun.default(0).meta({
      description:
        "A window of a longer run: requests that would arrive before this time are left out; traffic, prices, faults and other tenants are as they are then",
    }),
    requests: positiveCount.optional().meta({ description: "Number of requests after which arrivals end" }),
    warmup: z
      .union([z.enum(["none", "auto"]), withinRun, z.strictObject({ requests: positiveCount })])
      .default("none")
      .meta({
        description:
          "Left out of the figures: none, a duration, { requests: 50k }, or auto: MSER-5 on pilot runs chooses, nothing where the run follows the clock",
      }),
    drain: withinRun.default(HOUR_MS).meta({ description: "How long requests may still end after the last arrival" }),
    replications: z.number().int().min(1).max(10_000).default(10).meta({ description: "Independent repetitions" }),
    routers: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .meta({ description: "Router instances, each with its own state" }),
    signals: z
      .strictObject({
        source: z
          .enum(["own", "shared"])
          .default("own")
          .meta({ description: "own: each router's outcomes; shared: the endpoints' true load" }),
        age: durationMs.default(0).meta({ description: "Signals are a picture taken this often; 0 = always fresh" }),
      })
      .prefault({})
      .meta({ description: "What routers know, and how old it is" }),
    world: worldSchema,
    traffic: z.array(classSchema).min(1),
    strategies: z.array(strategySchema).min(1),
    baseline: name
      .optional()
      .meta({ description: "Label of the strategy that others are compared with; the first unless given" }),
    client: clientSchema.prefault({}),
    validation: validationSchema.prefault({}),
    assert: z.array(z.string().min(1)).default([]).meta({
      description: 'Gates, such as "p95(e2e, strategy=cheapest) < 8s"; a failed one makes the exit code 99',
    }),
  })
  .superRefine((scenario, context) => {
    if (scenario.duration === undefined && scenario.requests === undefined) {
      context.addIssue({ code: "custom", path: ["duration"], message: "give duration or requests: the run must end" });
    }
    if (scenario.arrivalsFrom >= (scenario.duration ?? Number.POSITIVE_INFINITY)) {
      const message = "must be before the end of the run, which duration gives";
      context.addIssue({ code: "custom", path: ["arrivalsFrom"], message });
    }
  })
  .meta({ title: "Meridian scenario", description: "Traffic, world, strategies and questions of one run" });

export type Scenario = z.output<typeof scenarioSchema>;

/** The scenario as a person writes it. */
export type ScenarioInput = z.input<typeof scenarioSchema>;

/** JSON Schema of scenario files, for editors. What a world must have may also stand in the file that it includes. */
export function scenarioJsonSchema(): unknown {
  return z.toJSONSchema(scenarioSchema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema !== worldSchema) return;
      const { required = [] } = jsonSchema;
      delete jsonSchema.required;
      jsonSchema.anyOf = [{ required }, { required: ["include"] }];
    },
  });
}
