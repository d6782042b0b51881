/** The shape of the bundled list prices. */
import { z } from "zod";

/** A rule such as `1.75 x standard`, or a bare number; the leading number counts. */
function multiplierSchema() {
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const factor = typeof value === "number" ? value : Number.parseFloat(value);
    if (Number.isFinite(factor) && factor >= 0) return factor;
    context.addIssue({ code: "custom", message: `"${value}" does not begin with a multiplier` });
    return z.NEVER;
  });
}

function priceRowSchema() {
  const usdPerMTok = z.number().min(0);
  return z.object({
    model: z.string(),
    /** `*`: the source listed no region. */
    region: z.string(),
    /** `global` for the standard tier of global profiles; else a tier, or `public-extended-access`. */
    tier: z.string(),
    routing: z.enum(["in-region-or-geo", "global"]),
    input: usdPerMTok,
    output: usdPerMTok,
    cacheRead: usdPerMTok.nullable(),
    cacheWrite: usdPerMTok.nullable(),
    cacheWrite1h: usdPerMTok.nullable().optional(),
    source: z.string(),
    asOf: z.string(),
    confidence: z.string(),
    note: z.string().optional(),
  });
}

/**
 * Shape of `scenarios/reference/bedrock-prices.json`: list prices in USD per million tokens, each with its source,
 * and the multipliers that were seen to hold between them.
 */
export function priceBookDataSchema() {
  const multiplier = multiplierSchema();
  const usdPerHour = z.number().min(0).nullable();
  return z.object({
    currency: z.literal("USD"),
    unit: z.literal("per 1M tokens"),
    sources: z.record(z.string(), z.string()),
    rulesObserved: z.object({
      priority: multiplier,
      flex: multiplier,
      batch: multiplier,
      claude45PlusGeoOverGlobal: multiplier,
      claudeCacheWrite5m: multiplier,
      claudeCacheWrite1h: multiplier,
      claudeCacheRead: multiplier,
      claude55CacheRead: multiplier,
      novaCacheRead: multiplier,
      novaCacheWrite: multiplier,
      govCloudOverGlobalClaude: multiplier,
    }),
    prices: z.array(priceRowSchema()).min(1),
    reservedTier: z.array(
      z.object({
        model: z.string(),
        routing: z.enum(["global", "geo"]),
        termMonths: z.number().int().positive(),
        usdPerHourPer1KInputTpm: z.number().min(0),
        usdPerHourPer1KOutputTpm: z.number().min(0),
        source: z.string(),
        asOf: z.string(),
      }),
    ),
    provisionedThroughput: z.array(
      z.object({
        /** Beginning of the model ids that it is sold for. */
        model: z.string(),
        region: z.string().optional(),
        noCommit: usdPerHour,
        oneMonth: usdPerHour,
        sixMonth: usdPerHour,
        source: z.string(),
        asOf: z.string(),
      }),
    ),
  });
}
export type PriceBookData = z.output<ReturnType<typeof priceBookDataSchema>>;
export type PriceRow = PriceBookData["prices"][number];
