/**
 * AWS Price List files (bulk API JSON, offers of Amazon Bedrock) as rows of a price book; imported prices over those that a
 * user's book had, what that changes, and which entries are old.
 */

import { z } from "zod";
import { MeridianError } from "../base/errors.ts";
import { DAY_MS } from "../base/time.ts";
import type { PriceBookData, PriceRow } from "../service/pricing/price-book-data.ts";
import { type Decimal, formatDecimal, parseDecimal } from "./bill-line.ts";
import { isMarketplaceModel, type ModelNames, modelNameOf } from "./classify.ts";
import { readUsageType, type TokenKind, tokensPerUnit, type UsageTypeFacts } from "./usage-type.ts";

const dimensionSchema = z.object({
  unit: z.string(),
  beginRange: z.string().optional(),
  pricePerUnit: z.record(z.string(), z.string()),
});

/** What is read of `index.json`; everything else of it is left aside. */
const priceListSchema = z.object({
  offerCode: z.string(),
  publicationDate: z.iso.datetime(),
  products: z.record(z.string(), z.object({ attributes: z.record(z.string(), z.string()) })),
  terms: z.object({
    OnDemand: z
      .record(z.string(), z.record(z.string(), z.object({ priceDimensions: z.record(z.string(), dimensionSchema) })))
      .default({}),
  }),
});

/** What a price list says of tokens, and what of it was left out. */
export interface ImportedPrices {
  readonly offer: string;
  /** Day of publication, as in `asOf`. */
  readonly asOf: string;
  readonly rows: readonly PriceRow[];
  /** Reasons with the number of products, most first; nothing is dropped without one. */
  readonly left: readonly { readonly reason: string; readonly products: number; readonly example: string }[];
}

/**
 * Reads one price list. A key's price may stand in several products: one that names its tier wins over one that does
 * not; of others the higher is taken, since a bill that is smaller than planned is the better surprise.
 *
 * @param value the parsed JSON
 * @param where file, for messages
 * @param names models by their public names
 * @throws MeridianError data, when it is not a price list
 */
export function readPriceList(value: unknown, where: string, names: ModelNames): ImportedPrices {
  const parsed = priceListSchema.safeParse(value);
  if (!parsed.success) {
    const what = `this is not a price list: ${z.prettifyError(parsed.error).split("\n").slice(0, 2).join(" ")}`;
    const fix = "give an index.json of the bulk API, e.g. of the offer AmazonBedrockFoundationModels";
    throw new MeridianError("data", { code: "PRICE_LIST_FORMAT", what, where, fix });
  }
  const { offerCode, publicationDate, products, terms } = parsed.data;
  const regions = regionsByPrefix(Object.values(products).map(({ attributes }) => attributes));
  const found = new Map<string, Draft>();
  const left = new Map<string, { products: number; example: string }>();
  const leave = (reason: string, example: string) => {
    const before = left.get(reason);
    left.set(reason, { products: 1 + (before?.products ?? 0), example: before?.example ?? example });
  };
  for (const [sku, { attributes }] of Object.entries(products)) {
    const usageType = attributes.usagetype ?? sku;
    const price = priceOf(attributes, Object.values(terms.OnDemand[sku] ?? {}), names, regions);
    if (typeof price === "string") leave(price, usageType);
    else if (!keep(found, price))
      leave("two products have the price of one key: a named tier goes first, then the higher price", usageType);
  }
  const asOf = publicationDate.slice(0, 10);
  const rows: PriceRow[] = [];
  for (const draft of found.values()) {
    const row = rowOf(draft, `AWS Price List, ${offerCode}`, asOf);
    if (row === undefined) leave("input or output has no price", `${draft.model} ${draft.region} ${draft.tier}`);
    else rows.push(row);
  }
  return {
    offer: offerCode,
    asOf,
    rows: rows.sort((a, b) => rowKey(a).localeCompare(rowKey(b))),
    left: [...left].map(([reason, each]) => ({ reason, ...each })).sort((a, b) => b.products - a.products),
  };
}

/** Two rows of one key state the price of the same thing. */
function rowKey({ model, region, routing, tier }: Pick<PriceRow, "model" | "region" | "routing" | "tier">) {
  return `${model} ${region} ${routing} ${tier}`;
}

type Attributes = Readonly<Record<string, string>>;

interface FoundPrice {
  readonly model: string;
  readonly region: string;
  readonly tier: string;
  readonly routing: PriceRow["routing"];
  readonly kind: TokenKind;
  readonly usdPerMTok: Decimal;
  /** 1: the product names its tier. */
  readonly rank: 0 | 1;
}

type Draft = Pick<FoundPrice, "model" | "region" | "tier" | "routing"> & {
  readonly prices: Map<TokenKind, FoundPrice>;
};

interface Term {
  readonly priceDimensions: Readonly<Record<string, z.output<typeof dimensionSchema>>>;
}

/** The price of a product, or why it is none of a token. */
function priceOf(
  attributes: Attributes,
  terms: readonly Term[],
  names: ModelNames,
  regions: ReadonlyMap<string, string>,
): FoundPrice | string {
  const usageType = attributes.usagetype ?? "";
  const facts = factsOf(attributes);
  if (/mantle/i.test(usageType)) return "of the mantle endpoint, which has prices of its own";
  if (/custom[-_ ]?model/i.test(usageType)) return "of a custom model";
  if (facts.tier === "reserved" || facts.tier === "provisioned") return "capacity that is paid by the hour";
  if (facts.tokenKind === undefined) return "no tokens of a text model";
  if (facts.isLongPrompt) return "of long prompts, which follow by the model's factors";
  const written = modelWritten(attributes, facts);
  const model = written === undefined ? undefined : names.idOf(written);
  if (model === undefined) return "the model is not in the table of models";
  const region = attributes.regionCode ?? regions.get(prefixOf(usageType)) ?? facts.region;
  if (region === undefined || region === "") return "the region cannot be told";
  const isMarketplace = isMarketplaceModel(attributes.servicename) || facts.isMarketplace;
  const usdPerMTok = perMillion(terms, isMarketplace);
  if (usdPerMTok === undefined) return "no USD price of a unit of tokens";
  const isGlobal = facts.routing === "global";
  return {
    model,
    region,
    tier: isGlobal && facts.tier === "standard" ? "global" : facts.tier,
    routing: isGlobal ? "global" : "in-region-or-geo",
    kind: facts.tokenKind,
    usdPerMTok,
    rank: attributes.service_tier !== undefined || /standard|batch|flex|priority|optimized/i.test(usageType) ? 1 : 0,
  };
}

/** By the usage type; where that names no tokens, by `inferenceType`; a tier of its own attribute goes first. */
function factsOf({ usagetype = "", inferenceType = "", service_tier: tier = "" }: Attributes): UsageTypeFacts {
  const own = readUsageType(usagetype);
  const told = own.tokenKind === undefined ? readUsageType(inferenceType) : own;
  const tierFacts = readUsageType(`${tier}-input-tokens`);
  return {
    ...own,
    tokenKind: told.tokenKind,
    tier: own.tier === "standard" && tierFacts.tier !== "standard" ? tierFacts.tier : own.tier,
  };
}

function modelWritten(attributes: Attributes, facts: UsageTypeFacts): string | undefined {
  const { servicename = "", model, titanModel } = attributes;
  return isMarketplaceModel(servicename) ? modelNameOf(servicename) : (model ?? titanModel ?? facts.model);
}

/** The price from the first unit on, of whatever term comes first: AWS has one on-demand term for each product. */
function perMillion(terms: readonly Term[], isMarketplace: boolean): Decimal | undefined {
  const dimensions = terms.flatMap(({ priceDimensions }) => Object.values(priceDimensions));
  const first = dimensions.find(({ beginRange = "0" }) => beginRange === "0");
  const usd = first === undefined ? undefined : parseDecimal(first.pricePerUnit.USD ?? "");
  const tokens = first === undefined ? undefined : tokensPerUnit(first.unit, isMarketplace);
  return usd === undefined || tokens === undefined ? undefined : (usd * 1_000_000n) / BigInt(tokens);
}

/** The list's own prefixes of usage types: new regions are then known before a program is. */
function regionsByPrefix(products: readonly Attributes[]): ReadonlyMap<string, string> {
  return new Map(
    products.flatMap(({ usagetype = "", regionCode = "" }) =>
      prefixOf(usagetype) === "" || regionCode === "" ? [] : [[prefixOf(usagetype), regionCode] as const],
    ),
  );
}

function prefixOf(usageType: string): string {
  return /^([A-Z]{2,4}\d{0,2})-/.exec(usageType)?.[1] ?? "";
}

/** @returns whether the price was taken */
function keep(found: Map<string, Draft>, price: FoundPrice): boolean {
  const key = rowKey(price);
  let draft = found.get(key);
  if (draft === undefined) {
    const { model, region, tier, routing } = price;
    draft = { model, region, tier, routing, prices: new Map() };
    found.set(key, draft);
  }
  const before = draft.prices.get(price.kind);
  const goesBefore =
    before !== undefined &&
    (before.rank > price.rank || (before.rank === price.rank && before.usdPerMTok >= price.usdPerMTok));
  if (!goesBefore) draft.prices.set(price.kind, price);
  return before === undefined;
}

function rowOf({ prices, model, region, tier, routing }: Draft, source: string, asOf: string): PriceRow | undefined {
  const usd = (kind: TokenKind): number | null => {
    const price = prices.get(kind);
    return price === undefined ? null : Number(formatDecimal(price.usdPerMTok));
  };
  const [input, output, cacheWrite1h] = [usd("input"), usd("output"), usd("cacheWrite1h")];
  if (input === null || output === null) return undefined;
  const row = { model, region, tier, routing, input, output, source, asOf, confidence: "high" };
  const cached = { cacheRead: usd("cacheRead"), cacheWrite: usd("cacheWrite") };
  return { ...row, ...cached, ...(cacheWrite1h === null ? {} : { cacheWrite1h }) };
}

export interface PriceChange {
  readonly before: PriceRow | undefined;
  readonly after: PriceRow;
}

export interface PriceBookUpdate {
  readonly book: PriceBookData;
  /** New keys, and keys with another price; those that only have a newer date are in `confirmed`. */
  readonly changes: readonly PriceChange[];
  readonly confirmed: number;
  /** Rows of the same offer that the new list no longer has; they stay in the book with their old date. */
  readonly gone: readonly PriceRow[];
}

const PRICES = ["input", "output", "cacheRead", "cacheWrite", "cacheWrite1h"] as const;

/** Puts the rows of a price list over those of a book; importing the same list again changes nothing. */
export function updateBook(book: PriceBookData, imported: ImportedPrices): PriceBookUpdate {
  const before = new Map(book.prices.map((row) => [rowKey(row), row]));
  const after = new Map(before);
  const changes: PriceChange[] = [];
  let confirmed = 0;
  for (const row of imported.rows) {
    const old = before.get(rowKey(row));
    after.set(rowKey(row), row);
    if (old !== undefined && PRICES.every((kind) => (old[kind] ?? null) === (row[kind] ?? null))) confirmed++;
    else changes.push({ before: old, after: row });
  }
  const keys = new Set(imported.rows.map(rowKey));
  const source = `AWS Price List, ${imported.offer}`;
  return {
    book: {
      ...book,
      sources: { ...book.sources, [source]: `publication ${imported.asOf}` },
      prices: [...after.values()],
    },
    changes,
    confirmed,
    gone: book.prices.filter((row) => row.source === source && !keys.has(rowKey(row))),
  };
}

/** Days between a row's date and today; a date without a day counts from the month's first. */
export function ageDays({ asOf }: PriceRow, todayMs: number): number {
  const day = Date.parse(/^\d{4}-\d{2}$/.test(asOf) ? `${asOf}-01` : asOf);
  return Number.isNaN(day) ? Number.POSITIVE_INFINITY : Math.floor((todayMs - day) / DAY_MS);
}

/** Rows older than so many days, the oldest first. */
export function staleRows(rows: readonly PriceRow[], maxDays: number, todayMs: number): readonly PriceRow[] {
  const stale = rows.filter((row) => ageDays(row, todayMs) > maxDays);
  return stale.sort((a, b) => ageDays(b, todayMs) - ageDays(a, todayMs));
}
