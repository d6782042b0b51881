import type { QuotaData } from "../../profiles/quota-data.ts";
import type { RouteFamily } from "../../world/pricing/prices.ts";

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
 * AWS's default for a model in a source region; undefined where none is recorded. A row for the very region goes
 * before `other`, and that before `*`; the first of equals.
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
