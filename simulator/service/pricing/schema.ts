/** The `prices` block of a scenario. */
import { z } from "zod";
import { parseShare } from "../../base/quantities.ts";
import { durationMs } from "../../base/schema-forms.ts";
import { type HourlyCurve, swingAmplitude } from "./hourly-curve.ts";
import { BILLING_RULES, ROUTE_FAMILIES, SERVICE_TIERS } from "./prices.ts";

const THREE_READINGS =
  'say which swing you mean: { peakToTrough: 1.31 } (peak = 1.31 x trough), { troughBelowPeak: "31%" } (trough = 0.69 x peak) or { plusMinus: "31%" } (mean price -31 % to +31 %)';

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** A share below one, given as `31%` or 0.31. */
const swingShare = z.union([z.number(), z.string()]).transform((value, context) => {
  const parsed = typeof value === "number" ? value : parseShare(value);
  if (parsed !== undefined && parsed >= 0 && parsed < 1) return parsed;
  return refuse(context, `${JSON.stringify(value)} is not a share below 100 %; write it like 31% or 0.31`);
});

/** A ratio such as 1.31; `31%` is read as 31 % above the trough. */
const swingRatio = z.union([z.number(), z.string()]).transform((value, context) => {
  const percent = typeof value === "string" && value.trim().endsWith("%");
  const parsed = typeof value === "number" ? value : parseShare(value);
  const ratio = parsed === undefined ? Number.NaN : percent ? 1 + parsed : parsed;
  if (ratio >= 1 && ratio <= 1000) return ratio;
  return refuse(context, `${JSON.stringify(value)} is not a peak over a trough; write it like 1.31 or 31%`);
});

const readingsSchema = z
  .strictObject({
    peakToTrough: swingRatio
      .optional()
      .meta({ description: "Peak over trough: 1.31, or 31% for 31 % above the trough" }),
    troughBelowPeak: swingShare.optional().meta({ description: "Trough below peak, as a share of the peak: 31%" }),
    plusMinus: swingShare.optional().meta({ description: "Up and down from the mean, as a share of the mean: 31%" }),
  })
  .superRefine((swing, context) => {
    if (Object.values(swing).filter((value) => value !== undefined).length === 1) return;
    context.addIssue({ code: "custom", message: `exactly one reading is needed; ${THREE_READINGS}` });
  });

/** A bare number or percentage gets a message of its own, which says more than "not an object". */
const swingSchema = z
  .preprocess((value, context) => {
    if (typeof value !== "string" && typeof value !== "number") return value;
    return refuse(context, `a swing of ${JSON.stringify(value)} alone is ambiguous; ${THREE_READINGS}`);
  }, readingsSchema)
  .meta({ description: "How far prices swing over the day, in one of three readings" });

const PEAK_AT = /^(\d{1,2}):([0-5]\d)\s+(local|utc)$/i;

const peakAtSchema = z
  .string()
  .transform((text, context) => {
    const match = PEAK_AT.exec(text.trim());
    if (match === null || Number(match[1]) > 23) {
      return refuse(context, `"${text}" is not an hour with its clock; write it like "15:00 local" or "06:00 UTC"`);
    }
    const clock: "local" | "utc" = match[3]?.toLowerCase() === "utc" ? "utc" : "local";
    return { peakHour: Number(match[1]) + Number(match[2]) / 60, clock };
  })
  .meta({ description: 'When the price peaks: "15:00 local" (standard time of each region) or "06:00 UTC"' });

const sineSchema = z
  .strictObject({
    swing: swingSchema.optional(),
    amplitude: swingShare.optional().meta({ description: "Relative amplitude, the same as swing: { plusMinus }" }),
    peakAt: peakAtSchema,
    hourValue: z
      .enum(["start", "mean"])
      .default("start")
      .meta({ description: "Price of an hour: the sine at its start, or its mean over the hour" }),
  })
  .superRefine((sine, context) => {
    if ((sine.swing === undefined) === (sine.amplitude === undefined)) {
      context.addIssue({ code: "custom", message: "give either swing or amplitude" });
    }
  })
  .meta({ description: "A sine wave over the day with mean factor 1" });

const tableSchema = z
  .strictObject({
    factors: z
      .array(z.number().positive().max(1000))
      .length(24, "24 factors are needed, one for each hour")
      .meta({ description: "24 factors over the list price, hour 0 first" }),
    clock: z.enum(["local", "utc"]).default("local").meta({ description: "Whose hours: each region's, or UTC" }),
  })
  .meta({ description: "A factor for each hour of the day" });

const recordedSchema = z
  .strictObject({
    file: z.string().min(1).meta({
      description: "CSV with columns instant, region, optional model, and factor or input and output (USD per MTok)",
    }),
  })
  .meta({ description: "Recorded prices: each row holds until the next row of its region and model" });

const curveObjectSchema = z
  .strictObject({
    sine: sineSchema.optional(),
    table: tableSchema.optional(),
    recorded: recordedSchema.optional(),
  })
  .transform((curve, context): HourlyCurve => {
    const given = Object.values(curve).filter((value) => value !== undefined).length;
    if (given !== 1) return refuse(context, "give exactly one of sine, table or recorded, or write flat");
    if (curve.sine !== undefined) {
      const { swing, amplitude, peakAt, hourValue } = curve.sine;
      const known = swing === undefined ? {} : { swing };
      return { kind: "sine", amplitude: amplitude ?? swingAmplitude(swing ?? {}), ...known, ...peakAt, hourValue };
    }
    if (curve.table !== undefined) return { kind: "table", ...curve.table };
    return { kind: "recorded", file: curve.recorded?.file ?? "" };
  });

/** `flat`, or an object with one kind of curve. */
export const hourlyCurveSchema = z
  .union([z.literal("flat").transform((): HourlyCurve => ({ kind: "flat" })), curveObjectSchema])
  .meta({
    description:
      "Price over list price by hour of the day: flat (what AWS publishes), or one of { sine }, { table }, { recorded }",
  });

const name = z.string().min(1);

const hourlyForSchema = z
  .strictObject({
    region: name.optional().meta({ description: "Only in this region" }),
    model: name.optional().meta({ description: "Only for this model" }),
    curve: hourlyCurveSchema,
  })
  .meta({ description: "A curve of its own for a region, a model or both; the last entry that fits wins" });

const usdPerMTok = z.number().min(0).max(1e6);

const overrideSchema = z
  .strictObject({
    model: name.meta({ description: "The scenario's name of the model, or its Bedrock id" }),
    region: name.optional().meta({ description: "Left out: every region" }),
    family: z.enum(ROUTE_FAMILIES).optional().meta({ description: "Left out: every family of routes" }),
    tier: z.enum(SERVICE_TIERS).optional().meta({ description: "Left out: standard, with the other tiers following" }),
    input: usdPerMTok.meta({ description: "USD per million input tokens" }),
    output: usdPerMTok.meta({ description: "USD per million output tokens" }),
    cacheRead: usdPerMTok.optional().meta({ description: "USD per million tokens read from the prompt cache" }),
    cacheWrite: usdPerMTok.optional().meta({ description: "USD per million tokens written to the prompt cache" }),
  })
  .meta({ description: "A price of the scenario's own; wins over the book" });

const shockSchema = z
  .strictObject({
    region: name.optional().meta({ description: "Left out: every region" }),
    model: name.optional().meta({ description: "Left out: every model" }),
    at: durationMs.meta({ description: "Start of the shock, after the run's start: 10h" }),
    for: durationMs.meta({ description: "How long it lasts: 2h" }),
    factor: z.number().min(0).max(1e6).meta({ description: "Multiplies the price: 1.4 is 40 % dearer" }),
  })
  .transform((shock) => ({
    region: shock.region,
    model: shock.model,
    atMs: shock.at,
    forMs: shock.for,
    factor: shock.factor,
  }))
  .meta({ description: "A temporary price change" });
export type PriceShock = z.output<typeof shockSchema>;

/** The `prices` block of a scenario. */
export const pricesSchema = z
  .strictObject({
    book: z
      .string()
      .refine((book) => ["aws-2026-09", "none"].includes(book) || /.\.json$/.test(book), {
        message: "write aws-2026-09, none, or the name of a .json file that meridian prices import has written",
      })
      .default("aws-2026-09")
      .meta({
        description:
          "List prices: the bundled AWS prices (aws-2026-09), none (what is not overridden costs nothing), or a price book of your own, a .json file from meridian prices import",
      }),
    hourly: hourlyCurveSchema.default({ kind: "flat" }),
    hourlyFor: z.array(hourlyForSchema).default([]).meta({ description: "Curves for single regions or models" }),
    overrides: z.array(overrideSchema).default([]).meta({ description: "Prices of the scenario's own" }),
    shocks: z.array(shockSchema).default([]).meta({ description: "Temporary price changes" }),
    billing: z.enum(BILLING_RULES).default("source").meta({
      description:
        "Whose price a strategy sees and the headline cost uses: source (what AWS documents), destination, or lowest-cost. All three are always priced",
    }),
    routingFeeUsdPer1kDecisions: z.number().min(0).max(1e6).default(0.0005).meta({
      description: "USD per 1,000 routing decisions, charged under the lowest-cost rule only",
    }),
  })
  .meta({ description: "What calls cost" });
export type PricesSpec = z.output<typeof pricesSchema>;

/** The file of a price book of the user's own; undefined for the bundled one and for none. */
export function priceBookFile({ book }: PricesSpec): string | undefined {
  return book.endsWith(".json") ? book : undefined;
}

/** Files of recorded prices that a scenario's prices refer to, each once, for the loader. */
export function recordedPriceFiles(spec: PricesSpec): readonly string[] {
  const curves = [spec.hourly, ...spec.hourlyFor.map((entry) => entry.curve)];
  return [...new Set(curves.flatMap((curve) => (curve.kind === "recorded" ? [curve.file] : [])))];
}
