/**
 * The scenario file as one schema. Its blocks stand beside what resolves them, here or in base/ and service/ (regions,
 * networks, profiles, prices, gateways); the keys of the run, of `signals` and of `world` itself are this file's own.
 */
import { z } from "zod";
import { instantMeant } from "../base/instants.ts";
import { customRegionSchema } from "../base/regions.ts";
import { count, durationMs } from "../base/schema-forms.ts";
import { HOUR_MS } from "../base/time.ts";
import { gatewaySchema } from "../service/capacity/index.ts";
import { networkSchema } from "../service/network.ts";
import { pricesSchema } from "../service/pricing/schema.ts";
import { profilesSchema } from "../service/profiles.ts";
import { loadFactor } from "../traffic/arrival-process.ts";
import { classSchema } from "./classes.ts";
import { clientSchema } from "./client.ts";
import { faultSchema } from "./faults.ts";
import { modelSchema } from "./models.ts";
import { quotaSchema } from "./quotas.ts";
import { slicesSchema, validationSchema, warmupSchema, withinRun } from "./run-length.ts";
import { strategySchema } from "./strategies.ts";
import { targetSchema } from "./targets.ts";
import { provisionedSchema, reservedSchema, tiersSchema } from "./tiers.ts";

const name = z.string().min(1).max(60);
const positiveCount = count.pipe(z.number().int().positive());

const worldSchema = z
  .strictObject({
    include: z.string().min(1).optional().meta({
      description:
        "World file whose keys hold where this one has none, such as meridian calibrate writes; see its guide",
    }),
    regions: z
      .array(
        z.union([name, customRegionSchema]).meta({ description: "Name of an AWS region, or a region of your own" }),
      )
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
  .meta({ description: "Regions, models and their limits" });

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
      .meta({ description: "Every draw follows from it" }),
    start: z.iso
      .datetime({
        error: ({ input }) => `write ${instantMeant(input) ?? "an instant in UTC such as 2026-05-04T00:00:00Z"}`,
      })
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
    warmup: warmupSchema,
    slices: slicesSchema,
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
    load: loadFactor
      .default(1)
      .meta({ description: "The arrivals of every class times this: 1.5 is half as much again" }),
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
      const message = "give duration or requests: the run must end";
      context.addIssue({ code: "custom", path: ["duration"], message, params: { code: "SCENARIO_MISSING_KEY" } });
    }
    if (scenario.arrivalsFrom > 0 && scenario.arrivalsFrom >= (scenario.duration ?? Number.POSITIVE_INFINITY)) {
      const message = "must be before the end of the run, which duration gives";
      context.addIssue({ code: "custom", path: ["arrivalsFrom"], message });
    }
  })
  .meta({ title: "Meridian scenario", description: "Traffic, world, strategies and questions of one run" });

export type Scenario = z.output<typeof scenarioSchema>;

/** The scenario as a person writes it. */
export type ScenarioInput = z.input<typeof scenarioSchema>;

/**
 * JSON Schema of scenario files, for editors. What a world must have may also stand in the file that it includes.
 *
 * @returns a document of draft 2020-12, as plain data
 */
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
