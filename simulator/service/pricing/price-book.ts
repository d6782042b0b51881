/** The list price of a key: overridden, listed, or derived by a rule seen in published prices. */
import { MeridianError, type Problem } from "../../base/errors.ts";
import { didYouMean } from "../../base/near-names.ts";
import type { LongContextPrice } from "../model-facts.ts";
import { type CachePolicy, cachePolicyOf } from "../prompt-cache.ts";
import type { PriceBookData, PriceRow } from "./price-book-data.ts";
import { checkOverrides, findOverride, type PriceOverride } from "./price-overrides.ts";
import { PREPAID, type PriceKey, priceKeyName, type ServiceTier, type TokenPricesUsdPerMTok } from "./prices.ts";

/** A list price and where it comes from, so that a report can say so. */
export interface PriceQuote {
  readonly prices: TokenPricesUsdPerMTok;
  /** Only of a key of long prompts: the prices of the same call with a shorter one. */
  readonly shortPrompt?: TokenPricesUsdPerMTok;
  /** How the price was found, for people: `listed`, or the rules applied. */
  readonly derivation: string;
  readonly source: string;
  readonly asOf: string;
  readonly confidence: string;
  readonly note?: string;
  /** The list has no price of the tier: it is the standard one times the usual ratio, and may not be sold at all. */
  readonly isByRatio?: true;
}

export interface PriceBook {
  /** The list price of a key, or the problem for the user to solve. */
  quote(key: PriceKey): PriceQuote | Problem;
}

export interface PriceBookInput {
  /** The bundled list prices; null for a world without prices, where all that is not overridden costs nothing. */
  readonly data: PriceBookData | null;
  readonly overrides?: readonly PriceOverride[];
  /** Bedrock id of each of the scenario's model names. */
  readonly modelIds?: Readonly<Record<string, string>>;
  /** What calls with long prompts cost more, by the key's model; undefined where they do not. */
  readonly longPriceOf?: (model: string) => LongContextPrice | undefined;
}

/**
 * List prices with a fixed precedence: the scenario's override; a row for that region; the row without a region
 * (`*`); a rule that was seen to hold in the published prices. Each step is argued in docs/model/pricing.md.
 *
 * @throws MeridianError usage, PRICE_OVERRIDE_TWICE
 */
export function createPriceBook(input: PriceBookInput): PriceBook {
  const overrides = input.overrides ?? [];
  checkOverrides(overrides);
  const rowsOfModel = new Map<string, PriceRow[]>();
  for (const row of input.data?.prices ?? []) {
    const rows = rowsOfModel.get(row.model);
    if (rows === undefined) rowsOfModel.set(row.model, [row]);
    else rows.push(row);
  }
  const modelIds = new Map(Object.entries(input.modelIds ?? {}));
  const quoteShort = (key: PriceKey): PriceQuote | Problem => {
    if (!isSoldByToken(key)) return PAID_BY_THE_HOUR;
    const modelId = modelIds.get(key.model) ?? key.model;
    const rows = rowsOfModel.get(modelId) ?? [];
    const rules = input.data?.rulesObserved;
    const cache = cachePolicyOf(modelId, rows, rules);
    const overridden = quoteOverride(overrides, key, modelId, cache, rules);
    if (overridden !== undefined) return overridden;
    if (input.data === null) return FREE;
    if (rows.length === 0) return unknownModel(key, modelId, [...rowsOfModel.keys()]);
    return quoteListed({ rows, key, modelId, cache, rules: input.data.rulesObserved }) ?? notListed(key, rows);
  };
  return {
    quote(key) {
      const quote = quoteShort(key);
      const long = key.prompt === "long" ? input.longPriceOf?.(key.model) : undefined;
      return long === undefined || "code" in quote ? quote : quoteLong(quote, long);
    },
  };
}

/** The whole call pays the other price, cache reads and writes as input. */
function quoteLong(quote: PriceQuote, { aboveInputTokens, inputFactor, outputFactor }: LongContextPrice): PriceQuote {
  const { input, output, cacheRead, cacheWrite } = quote.prices;
  const above = aboveInputTokens.toLocaleString("en-US");
  return {
    ...quote,
    prices: {
      input: input * inputFactor,
      output: output * outputFactor,
      cacheRead: cacheRead * inputFactor,
      cacheWrite: cacheWrite * inputFactor,
    },
    shortPrompt: quote.prices,
    derivation: `${quote.derivation}; input x ${inputFactor}, output x ${outputFactor} (prompts above ${above} tokens)`,
  };
}

/** The list price of a key. @throws MeridianError usage, PRICE_MODEL_UNKNOWN or PRICE_NOT_LISTED */
export function lookupPrice(book: PriceBook, key: PriceKey): PriceQuote {
  const quote = book.quote(key);
  if ("code" in quote) throw new MeridianError("usage", quote);
  return quote;
}

type Rules = PriceBookData["rulesObserved"];
type TokenKey = PriceKey & { readonly tier: ServiceTier };

function isSoldByToken(key: PriceKey): key is TokenKey {
  return key.tier !== PREPAID;
}

const PAID_BY_THE_HOUR: PriceQuote = {
  prices: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  derivation: "reserved capacity: paid by the hour, see the standing charges",
  source: "scenario",
  asOf: "",
  confidence: "high",
};

const FREE: PriceQuote = {
  prices: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  derivation: "no price book: free of charge",
  source: "scenario",
  asOf: "",
  confidence: "high",
};

/** Multiplier of a tier over the standard tier; undefined where the tier has prices of its own only. */
function tierMultiplier(tier: ServiceTier, rules: Rules | undefined): number | undefined {
  switch (tier) {
    case "standard":
      return 1;
    case "priority":
      return rules?.priority ?? 1.75;
    case "flex":
      return rules?.flex ?? 0.5;
    case "batch":
      return rules?.batch ?? 0.5;
    case "latency-optimized":
      return undefined;
  }
}

function quoteOverride(
  overrides: readonly PriceOverride[],
  key: TokenKey,
  modelId: string,
  cache: CachePolicy,
  rules: Rules | undefined,
): PriceQuote | undefined {
  const own = findOverride(overrides, key, modelId, key.tier);
  const factor = tierMultiplier(key.tier, rules);
  const base = own ?? (factor === undefined ? undefined : findOverride(overrides, key, modelId, "standard"));
  if (base === undefined) return undefined;
  const scale = own === undefined ? (factor ?? 1) : 1;
  return {
    // A scenario states one price for writing, whatever the life of the prefix.
    prices: withCache({ ...base, cacheWrite1h: base.cacheWrite }, scale, cache, key),
    derivation: scale === 1 ? "scenario override" : `scenario override x ${scale} (${key.tier})`,
    source: "scenario",
    asOf: "",
    confidence: "high",
  };
}

interface ListedQuestion {
  readonly rows: readonly PriceRow[];
  readonly key: TokenKey;
  readonly modelId: string;
  readonly cache: CachePolicy;
  readonly rules: Rules;
}

function quoteListed(question: ListedQuestion): PriceQuote | undefined {
  const { key, rules } = question;
  const own = findRow(question, key.tier);
  if (own !== undefined) return quoteRow(question, own, 1);
  const factor = tierMultiplier(key.tier, rules);
  if (factor === undefined || key.tier === "standard") return undefined;
  const standard = findRow(question, "standard");
  return standard === undefined ? undefined : quoteRow(question, standard, factor);
}

interface FoundRow {
  readonly row: PriceRow;
  readonly scale: number;
  readonly derivation: string;
}

function quoteRow(question: ListedQuestion, found: FoundRow, tierFactor: number): PriceQuote {
  const { row } = found;
  const derivation =
    tierFactor === 1 ? found.derivation : `${found.derivation}; x ${tierFactor} (${question.key.tier})`;
  return {
    prices: withCache(row, found.scale * tierFactor, question.cache, question.key),
    derivation,
    source: row.source,
    asOf: row.asOf,
    confidence: derivation === "listed" ? row.confidence : "derived",
    ...(tierFactor === 1 ? {} : { isByRatio: true as const }),
    ...(row.note === undefined ? {} : { note: row.note }),
  };
}

function findRow(question: ListedQuestion, tier: ServiceTier): FoundRow | undefined {
  const { key, modelId, rows, rules } = question;
  const global = key.family === "global";
  const gov = key.region.startsWith("us-gov-");
  // A global profile reaches commercial regions only.
  if (global && gov) return undefined;
  const fitting = rows.filter(
    (row) =>
      row.routing === (global ? "global" : "in-region-or-geo") &&
      row.tier === (global && tier === "standard" ? "global" : tier),
  );
  const exact = fitting.find((row) => row.region === key.region);
  if (exact !== undefined) return { row: exact, scale: 1, derivation: "listed" };
  const anthropic = modelId.startsWith("anthropic.");
  if (!gov) {
    const anywhere = fitting.find((row) => row.region === "*") ?? (anthropic ? uniformRow(fitting) : undefined);
    if (anywhere !== undefined) {
      const derivation = anywhere.region === "*" ? "listed without region" : "same price in every listed region";
      return { row: anywhere, scale: 1, derivation };
    }
  }
  if (tier !== "standard") return undefined;
  if (gov && anthropic) {
    const commercial = uniformRow(rows.filter((row) => row.tier === "global"));
    const scale = rules.govCloudOverGlobalClaude;
    return commercial && { row: commercial, scale, derivation: `GovCloud: ${scale} x global` };
  }
  // Only models that are sold through global profiles somewhere have a global price at all.
  if (global && rows.some((row) => row.tier === "global")) {
    const regional = rows.find((row) => row.tier === "standard" && row.region === key.region);
    const premium = rules.claude45PlusGeoOverGlobal;
    return regional && { row: regional, scale: 1 / premium, derivation: `global: regional price / ${premium}` };
  }
  return undefined;
}

/**
 * One commercial row for all, if every listed region charges the same, as for Anthropic's models: see
 * docs/model/pricing.md.
 */
function uniformRow(rows: readonly PriceRow[]): PriceRow | undefined {
  const commercial = rows.filter((row) => !row.region.startsWith("us-gov-"));
  const [first] = commercial;
  const same = commercial.every((row) => row.input === first?.input && row.output === first.output);
  return same ? first : undefined;
}

interface BasePrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | null | undefined;
  readonly cacheWrite?: number | null | undefined;
  readonly cacheWrite1h?: number | null | undefined;
}

function withCache(base: BasePrices, scale: number, cache: CachePolicy, key: PriceKey): TokenPricesUsdPerMTok {
  const oneHour = key.cacheTtl === "1h";
  const listedWrite = oneHour ? base.cacheWrite1h : base.cacheWrite;
  return {
    input: base.input * scale,
    output: base.output * scale,
    cacheRead: (base.cacheRead ?? base.input * cache.read) * scale,
    cacheWrite: (listedWrite ?? base.input * (oneHour ? cache.write1h : cache.write5m)) * scale,
  };
}

function unknownModel(key: PriceKey, modelId: string, known: readonly string[]): Problem {
  return {
    code: "PRICE_MODEL_UNKNOWN",
    what: `no price is known for model "${modelId}"${didYouMean(modelId, known)}`,
    where: "prices",
    fix: overrideFix(key),
  };
}

function notListed(key: PriceKey, rows: readonly PriceRow[]): Problem {
  const regions = [...new Set(rows.map((row) => row.region))].filter((region) => region !== "*").sort();
  const listed = regions.length === 0 ? "" : `; listed regions: ${regions.join(", ")}`;
  return {
    code: "PRICE_NOT_LISTED",
    what: `no ${key.tier} price is listed for ${priceKeyName(key)}${listed}`,
    where: "prices",
    fix: overrideFix(key),
  };
}

function overrideFix(key: PriceKey): string {
  const tier = key.tier === "standard" ? "" : `, tier: ${key.tier}`;
  return `state it: prices.overrides: [{ model: ${key.model}, region: ${key.region}${tier}, input: <USD per million tokens>, output: <...> }]; or prices.book: none for a world without prices`;
}
