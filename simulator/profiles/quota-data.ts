import { z } from "zod";

const limit = z.number().min(0).nullable();

const quotaRowSchema = z.object({
  /** Bedrock model id; `*` for any. */
  model: z.string(),
  /** `on-demand`, `cross-region-geo`, `cross-region-global`, `mantle-input`, `mantle-output` or `any`. */
  scope: z.string(),
  /** Source regions; `*` for each that offers the model, `other` for those no other row of the model names. */
  regions: z.union([z.literal("*"), z.literal("other"), z.array(z.string())]),
  tpm: limit,
  tpd: limit,
  rpm: limit,
  /** `default`, `applied`, `new-account` or `account-hold`. */
  kind: z.string(),
  /** How many tokens of quota one output token settles to; null where unknown. */
  burndown: z.number().positive().nullable(),
  source: z.string(),
  confidence: z.string(),
  quotaCode: z.string().optional(),
  note: z.string().optional(),
});

/** Shape of `scenarios/reference/bedrock-quotas.json`: token quotas with their sources. */
export const quotaDataSchema = z.object({
  sources: z.record(z.string(), z.string()),
  model: z.object({
    workedExample: z.object({
      input: z.number(),
      cacheRead: z.number(),
      cacheWrite: z.number(),
      output: z.number(),
      maxTokens: z.number(),
      burndown: z.number(),
      reserved: z.number(),
      reservedOlderText: z.number(),
      settled: z.number(),
    }),
  }),
  burndown: z.array(
    z.object({
      models: z.string(),
      rate: z.number().nullable(),
      source: z.string().nullable(),
      confidence: z.string(),
    }),
  ),
  quotas: z.array(quotaRowSchema).min(1),
});
export type QuotaData = z.output<typeof quotaDataSchema>;
