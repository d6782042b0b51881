import { readFileSync } from "node:fs";
import type { z } from "zod";
import { type CustomRegion, customRegionSchema, regionDirectory } from "../../../../simulator/base/regions.ts";
import { HOUR_MS } from "../../../../simulator/base/time.ts";
import { createPriceBook } from "../../../../simulator/service/pricing/price-book.ts";
import { type PriceBookData, priceBookDataSchema } from "../../../../simulator/service/pricing/price-book-data.ts";
import { buildPriceSchedule, type PriceScheduleInput } from "../../../../simulator/service/pricing/price-schedule.ts";
import type { PriceKey, PriceSchedule } from "../../../../simulator/service/pricing/prices.ts";
import { pricesSchema } from "../../../../simulator/service/pricing/schema.ts";

const file = new URL("../../../../scenarios/reference/bedrock-prices.json", import.meta.url);
export const BOOK_DATA: PriceBookData = priceBookDataSchema().parse(JSON.parse(readFileSync(file, "utf8")));

export const MIDNIGHT_MS = Date.parse("2026-05-04T00:00:00Z");

export function standardKey(model: string, region: string): PriceKey {
  return { model, region, family: "regional", tier: "standard" };
}

export function region(name: string, utcOffset = "UTC"): CustomRegion {
  return customRegionSchema.parse({ name, utcOffset });
}

/** A schedule of a `prices` block as a scenario writes it, over custom and AWS regions, without bundled prices. */
export function scheduleOf(
  yaml: z.input<typeof pricesSchema>,
  keys: readonly PriceKey[],
  more: Partial<PriceScheduleInput> & { readonly custom?: readonly CustomRegion[] } = {},
): PriceSchedule {
  const spec = pricesSchema.parse({ book: "none", ...yaml });
  return buildPriceSchedule({
    spec,
    book: createPriceBook({ data: spec.book === "none" ? null : BOOK_DATA, overrides: spec.overrides }),
    keys,
    regions: regionDirectory(more.custom ?? []),
    startMs: MIDNIGHT_MS,
    durationMs: 24 * HOUR_MS,
    ...more,
  });
}
