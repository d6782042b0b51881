import { z } from "zod";
import { count, durationMs, share } from "../base/schema-forms.ts";
import { DAY_MS } from "../base/time.ts";
import { capacitySchema } from "../service/capacity/index.ts";
import { SERVICE_TIERS } from "../service/pricing/prices.ts";
import { PROVISIONED_TERMS } from "../service/pricing/reserved.ts";

const name = z.string().min(1).max(60);
const positiveCount = count.pipe(z.number().positive());
const usdPerHour = z.number().min(0).max(1e6);

/** Tiers that a target can name. A reserved one draws on `world.reserved`. */
export const TARGET_TIERS = [...SERVICE_TIERS, "reserved"] as const;
export type TargetTier = (typeof TARGET_TIERS)[number];

const holders = z
  .array(name)
  .min(1)
  .optional()
  .meta({ description: "Labels of the strategies that hold and pay for it; all whose targets have it unless given" });

const speedUp = share.pipe(z.number().min(0).max(10));

/** What service tiers do besides their price. */
export const tiersSchema = z
  .strictObject({
    priority: z
      .strictObject({
        speedUp: speedUp.default(0).meta({
          description: "More output tokens per second than standard; AWS speaks of up to 25% for most models",
        }),
      })
      .prefault({})
      .meta({ description: "The tier priority: served before standard" }),
    flex: z
      .strictObject({
        queueShare: share.pipe(z.number().min(0).max(1)).default(0.5).meta({
          description: "Share of a queue's places and of its longest delay that flex calls may use: beyond it, 503",
        }),
      })
      .prefault({})
      .meta({ description: "The tier flex: served after standard" }),
    latencyOptimized: z
      .strictObject({
        speedUp: speedUp.default(0.5).meta({
          description: "More output tokens per second than standard; an assumption: AWS promises no number",
        }),
      })
      .prefault({})
      .meta({ description: "Latency-optimised inference" }),
  })
  .meta({ description: "What service tiers do besides their price" });

export const batchSchema = z
  .strictObject({
    capacity: capacitySchema.optional().meta({
      description: "Machines for batch in each region; as many as for calls, with an endless queue, unless given",
    }),
    window: durationMs
      .refine((ms) => ms > 0, "must be more than 0")
      .default(DAY_MS)
      .meta({ description: "What is not done by then has expired: 24h" }),
  })
  .meta({ description: "Batch inference: targets <region>/batch, for deferrable classes" });

export const provisionedSchema = z
  .strictObject({
    region: name.meta({ description: "Where it is bought" }),
    model: name.optional().meta({ description: "The scenario's model; may be left out where there is one" }),
    units: z.number().int().min(1).max(10_000).default(1).meta({ description: "Model units" }),
    term: z.enum(PROVISIONED_TERMS).default("noCommit").meta({ description: "Commitment, which sets the price" }),
    usdPerUnitHour: usdPerHour
      .optional()
      .meta({ description: "USD per hour and model unit; the published price of the term unless given" }),
    capacity: capacitySchema.meta({ description: "Capacity of one model unit; units multiply it" }),
    overflow: name.default("none").meta({
      description:
        "Where a refused call goes: none (503, as AWS does), standard (the region's own endpoint), or a profile of the region such as eu",
    }),
    strategies: holders,
  })
  .meta({ description: "Provisioned throughput: a target <region>/provisioned, paid by the hour whether used or not" });
export type ProvisionedInput = z.output<typeof provisionedSchema>;

export const reservedSchema = z
  .strictObject({
    region: name.meta({ description: "Source region of the reservation" }),
    model: name.optional().meta({ description: "The scenario's model; may be left out where there is one" }),
    inputTokensPerMinute: positiveCount.meta({ description: "Input tokens without cache reads: at least 100k" }),
    outputTokensPerMinute: positiveCount.meta({ description: "Output tokens: at least 10k" }),
    term: z.enum(["1m", "3m"]).default("1m").meta({ description: "Months of commitment, which set the price" }),
    routing: z
      .enum(["geo", "global"])
      .default("geo")
      .meta({ description: "geo: the region's own endpoint or a geographic profile; global: the global profile" }),
    route: name.optional().meta({
      description: "Route of its calls, as in targets; global for global, else the region's own endpoint or profile",
    }),
    usdPerHour: usdPerHour.optional().meta({ description: "USD per hour in all; the published price unless given" }),
    strategies: holders,
  })
  .meta({ description: "Reserved tier: a target <region>/<route>@reserved; what does not fit goes on as standard" });
export type ReservedInput = z.output<typeof reservedSchema>;
