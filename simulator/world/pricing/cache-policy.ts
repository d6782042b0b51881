import type { PriceBookData, PriceRow } from "./price-book-data.ts";

/** Prices of cached tokens as multiples of the input price, for rows that do not list them. */
export interface CachePolicy {
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

/** No caching sold: tokens of a prefix cost what other input tokens cost. */
const AS_INPUT: CachePolicy = { read: 1, write5m: 1, write1h: 1 };

/**
 * Cache multipliers of a model. Claude: write 1.25 x (5 minutes) or 2 x (1 hour), read 0.1 x, in the 5.5 generation
 * 0.05 x; Nova: write 0, read 0.25 x. Models that list no cache price anywhere are taken to sell no caching.
 *
 * Source: AWS Price List and the Bedrock pricing page, 2026 (`rulesObserved` of the reference data).
 */
export function cachePolicyOf(
  modelId: string,
  rows: readonly PriceRow[],
  rules: PriceBookData["rulesObserved"] | undefined,
): CachePolicy {
  if (rules === undefined || !rows.some((row) => row.cacheRead !== null)) return AS_INPUT;
  if (modelId.startsWith("anthropic.")) {
    const read = /-5-5(?:-|$)/.test(modelId) ? rules.claude55CacheRead : rules.claudeCacheRead;
    return { read, write5m: rules.claudeCacheWrite5m, write1h: rules.claudeCacheWrite1h };
  }
  if (modelId.startsWith("amazon.nova")) {
    return { read: rules.novaCacheRead, write5m: rules.novaCacheWrite, write1h: rules.novaCacheWrite };
  }
  return AS_INPUT;
}
