import { z } from "zod";
import { DAY_MS, MINUTE_MS } from "../base/time.ts";
import { unionOf } from "../random/schema-forms.ts";
import type { MeterSpec } from "../world/quota/meter.ts";
import { count, durationMs } from "./units.ts";

const lawSchema = z.enum(["token-bucket", "clock-window", "rolling-window"]).meta({
  description:
    "Window law: AWS does not publish its own. token-bucket refills continuously; clock-window restarts at each whole window of UTC; rolling-window looks back one window",
});

const unlimited = z.literal("unlimited").transform(() => Number.POSITIVE_INFINITY);
const positive = z
  .union([unlimited, count])
  .refine((value) => value > 0, "a quota of 0 refuses everything: leave it out, or give a number above 0");

const meterSchema = unionOf([
  positive.transform((limit) => ({ limit, law: undefined, burst: undefined, window: undefined })),
  z.strictObject({
    limit: positive.meta({ description: "Amount per window" }),
    window: durationMs
      .refine((ms) => ms > 0, "must be more than 0")
      .optional()
      .meta({ description: "Length of the window" }),
    law: lawSchema.optional(),
    burst: count
      .refine((value) => value > 0, "must be more than 0")
      .optional()
      .meta({ description: "Bucket size of a token bucket; the limit unless given" }),
  }),
]);

export const quotaSchema = z
  .strictObject({
    account: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Account it is for; every account has its own unless given" }),
    region: z.string().min(1).optional().meta({ description: "Source region; every region has its own unless given" }),
    model: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "The scenario's model; every model has its own unless given" }),
    family: z
      .enum(["on-demand", "geographic", "global"])
      .optional()
      .meta({ description: "Quota family: each has its own unless given" }),
    tier: z
      .literal("latency-optimized")
      .optional()
      .meta({ description: "Quota of latency-optimised calls alone; beyond it they go on as standard" }),
    defaults: z.literal("aws-2026").optional().meta({
      description: "AWS's published defaults of 2026, wherever no other entry fits; stands alone, or with a law",
    }),
    tokensPerMinute: meterSchema.optional().meta({ description: "TPM: a number, or limit with law and burst" }),
    tokensPerDay: meterSchema.optional().meta({ description: "TPD; restarts at midnight UTC" }),
    requests: meterSchema.optional().meta({ description: "Requests per window (a minute unless given)" }),
    law: lawSchema.default("token-bucket"),
    retryAfter: durationMs
      .optional()
      .meta({ description: "What a refusal tells the caller to wait; nothing unless given" }),
    burndown: z
      .number()
      .positive()
      .optional()
      .meta({ description: "Output tokens count this often at settlement; from the model unless given" }),
    reserveCacheReads: z
      .boolean()
      .default(false)
      .meta({ description: "Cache reads are part of the reservation (the older reading of the AWS page)" }),
  })
  .superRefine((quota, context) => {
    const limits = ["tokensPerMinute", "tokensPerDay", "requests"] as const;
    if (quota.defaults === undefined) {
      if (limits.some((key) => quota[key] !== undefined)) return;
      const message = "a quota limits something: give tokensPerMinute, tokensPerDay or requests";
      context.addIssue({ code: "custom", message });
      return;
    }
    for (const key of [...limits, "region", "model", "account", "family", "tier", "burndown", "retryAfter"] as const) {
      if (quota[key] === undefined) continue;
      const message = "defaults stand alone: write what differs as an entry of its own, which then wins";
      context.addIssue({ code: "custom", path: [key], message });
    }
  })
  .meta({
    description:
      "A limit of each account x source region x model x family that it names; the last entry that fits wins",
  });
export type QuotaInput = z.output<typeof quotaSchema>;

/** The meters of a quota entry. */
export function metersOf(quota: QuotaInput): {
  readonly tokensPerMinute: MeterSpec | null;
  readonly tokensPerDay: MeterSpec | null;
  readonly requests: MeterSpec | null;
} {
  const meter = (input: z.output<typeof meterSchema> | undefined, windowMs: number, law: MeterSpec["law"]) =>
    input === undefined || input.limit === Number.POSITIVE_INFINITY
      ? null
      : {
          law: input.law ?? law,
          limit: input.limit,
          windowMs: input.window ?? windowMs,
          burst: input.burst ?? input.limit,
        };
  return {
    tokensPerMinute: meter(quota.tokensPerMinute, MINUTE_MS, quota.law),
    tokensPerDay: meter(quota.tokensPerDay, DAY_MS, "clock-window"),
    requests: meter(quota.requests, MINUTE_MS, quota.law),
  };
}
