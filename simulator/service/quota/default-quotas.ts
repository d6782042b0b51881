/** AWS's published default quotas, and the shape of their data. */
import { z } from "zod";
import type { RouteFamily } from "../pricing/prices.ts";

/** A published default, as a quota entry would give it. */
export interface DefaultQuota {
  readonly tokensPerMinute: number;
  readonly tokensPerDay: number;
  /** Key of the data's sources. */
  readonly source: string;
}

type QuotaRow = QuotaData["quotas"][number];

const SCOPE: Readonly<Record<RouteFamily, string>> = {
  regional: "on-demand",
  geographic: "cross-region-geo",
  global: "cross-region-global",
};
const MINUTES_A_DAY = 1440;

/**
 * AWS's default for a model in a source region; undefined where none is recorded. A row for that region goes before
 * `other`, and that before `*`; the first of equals.
 *
 * Tokens per day: as recorded, else TPM x 1440 (Bedrock User Guide, quotas); recorded ones are doubled for
 * cross-Region calls, as the quota's name in Service Quotas says. Requests per minute are not enforced since
 * 2026-05-27 (Bedrock User Guide, document history) and are left out.
 */
export function defaultQuotaOf(
  data: QuotaData,
  asked: { readonly modelId: string; readonly region: string; readonly family: RouteFamily },
): DefaultQuota | undefined {
  const row = rowOf(data, asked, "default");
  if (row === undefined || row.tpm === null || row.tpm === 0) return undefined;
  const perDay = row.tpd === null ? undefined : row.tpd * (asked.family === "regional" ? 1 : 2);
  return { tokensPerMinute: row.tpm, tokensPerDay: perDay ?? row.tpm * MINUTES_A_DAY, source: row.source };
}

/** What accounts were seen to have where no default is published: a hint, not a default. */
export function appliedQuotaOf(data: QuotaData, asked: Parameters<typeof defaultQuotaOf>[1]): number | undefined {
  return rowOf(data, asked, "applied")?.tpm ?? undefined;
}

function rowOf(data: QuotaData, asked: Parameters<typeof defaultQuotaOf>[1], kind: string): QuotaRow | undefined {
  const rows = data.quotas.filter(
    (row) => row.model === asked.modelId && row.scope === SCOPE[asked.family] && row.kind === kind,
  );
  return (
    rows.find((row) => Array.isArray(row.regions) && row.regions.includes(asked.region)) ??
    rows.find((row) => row.regions === "other") ??
    rows.find((row) => row.regions === "*")
  );
}

function quotaRowSchema() {
  const limit = z.number().min(0).nullable();
  return z.object({
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
}

/** Shape of `scenarios/reference/bedrock-quotas.json`: token quotas with their sources. */
export function quotaDataSchema() {
  return z.object({
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
    quotas: z.array(quotaRowSchema()).min(1),
  });
}
export type QuotaData = z.output<ReturnType<typeof quotaDataSchema>>;
