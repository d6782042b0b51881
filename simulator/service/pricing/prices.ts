/** The contract of money: price keys, exact amounts in femto-dollars, and prices over a run by epoch. */

/**
 * A price is an integer number of femto-dollars per token (1 USD per million tokens = 1e9 fUSD per token): hourly
 * factors lose nothing that matters (1e-10 relative), and a bill is an exact BigInt sum of integer token counts times
 * integer prices, so that the sum of request costs is the bill, to the last digit.
 */
export const FEMTO_USD_PER_TOKEN_OF_USD_PER_MTOK = 1e9;

/** Kinds of token that are priced apart, in ledger order. */
export const TOKEN_KINDS = ["input", "output", "cacheRead", "cacheWrite"] as const;

/** Positions in `TOKEN_KINDS`, for columns. */
export const INPUT = 0;
export const OUTPUT = 1;
export const CACHE_READ = 2;
export const CACHE_WRITE = 3;

export const ROUTE_FAMILIES = ["regional", "geographic", "global"] as const;
export type RouteFamily = (typeof ROUTE_FAMILIES)[number];

export const SERVICE_TIERS = ["standard", "priority", "flex", "batch", "latency-optimized"] as const;
export type ServiceTier = (typeof SERVICE_TIERS)[number];

/** Tier of tokens that a reservation has paid for by the hour: using them costs nothing more. */
export const PREPAID = "prepaid";

/** Readings of whose price a call has: see docs/model/pricing.md. */
export const BILLING_RULES = ["source", "destination", "lowest-cost"] as const;
export type BillingRule = (typeof BILLING_RULES)[number];

/** What is sold: a model, called in a region, through a family of routes, at a tier. */
export interface PriceKey {
  /** The scenario's name of the model, or a Bedrock model id. */
  readonly model: string;
  readonly region: string;
  readonly family: RouteFamily;
  readonly tier: ServiceTier | typeof PREPAID;
  /** Life of a cached prefix, which sets the price of writing it; 5 minutes when left out. */
  readonly cacheTtl?: "5m" | "1h";
  /** Calls whose prompt is so long that the model has another price for them. */
  readonly prompt?: "long";
}

/**
 * Tokens of a whole prompt, from token counts in the order of `TOKEN_KINDS`.
 *
 * @example promptTokensOf([1_000, 500, 200_000, 3_000]) // => 204_000
 */
export function promptTokensOf(tokens: readonly number[]): number {
  return (tokens[INPUT] ?? 0) + (tokens[CACHE_READ] ?? 0) + (tokens[CACHE_WRITE] ?? 0);
}

/** List prices of one key. */
export interface TokenPricesUsdPerMTok {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/**
 * Prices over the run: piecewise constant over epochs. Epoch e lasts from `epochStartMs[e]` to `epochStartMs[e + 1]`
 * (the last one for ever); `epochStartMs[0]` is 0, the run's start. No epoch crosses a whole hour of the run, so
 * `floor(epochStartMs / 3,600,000)` is the epoch's hour.
 */
export interface PriceSchedule {
  readonly epochStartMs: Float64Array;
  readonly keys: readonly PriceKey[];
  /** fUSD per token, indexed `(epoch * keys.length + key) * TOKEN_KINDS.length + kind`; integers. */
  readonly fUsdPerToken: Float64Array;
  /** Price over list price, indexed `epoch * keys.length + key`; of the 3:1 blend where kinds differ. */
  readonly factor: Float64Array;
}

/** `model/region/family/tier`, for messages and for finding equal keys. */
export function priceKeyName(key: PriceKey): string {
  const ttl = key.cacheTtl === "1h" ? "/1h" : "";
  const prompt = key.prompt === "long" ? "/long" : "";
  return `${key.model}/${key.region}/${key.family}/${key.tier}${ttl}${prompt}`;
}

/**
 * Three parts input to one part output: the usual blend of published price comparisons.
 *
 * @example blendedPrice(3, 15) // => 6
 */
export function blendedPrice(inputPrice: number, outputPrice: number): number {
  return (3 * inputPrice + outputPrice) / 4;
}

/** One dollar in femto-dollars. */
export const FEMTO_USD_PER_USD = 10n ** 15n;

/**
 * Exact decimal text of an amount, without rounding or trailing zeros.
 *
 * @example formatUsd(388_800_000_000_000_000n) // => "388.8"
 */
export function formatUsd(fUsd: bigint): string {
  const sign = fUsd < 0n ? "-" : "";
  const amount = fUsd < 0n ? -fUsd : fUsd;
  const whole = amount / FEMTO_USD_PER_USD;
  const part = amount % FEMTO_USD_PER_USD;
  if (part === 0n) return `${sign}${whole}`;
  return `${sign}${whole}.${part.toString().padStart(15, "0").replace(/0+$/, "")}`;
}

/** The amount as a plain number of dollars, for statistics and charts; right to about 1e-16 relative. */
export function usdOf(fUsd: bigint): number {
  return Number(fUsd) / 1e15;
}

/**
 * The amount that a number was written as: 21.18 means 21.18 USD exactly, not the nearest double. Digits beyond the
 * femto-dollar are rounded, half away from zero.
 *
 * @example fUsdOf(21.18) // => 21_180_000_000_000_000n
 */
export function fUsdOf(usd: number): bigint {
  const [digits = "0", exponent = "0"] = Math.abs(usd).toString().split("e");
  const [whole = "0", part = ""] = digits.split(".");
  const scale = 15 + Number(exponent) - part.length;
  const mantissa = BigInt(whole + part);
  const amount = scale >= 0 ? mantissa * 10n ** BigInt(scale) : roundedQuotient(mantissa, 10n ** BigInt(-scale));
  return usd < 0 ? -amount : amount;
}

function roundedQuotient(value: bigint, divisor: bigint): bigint {
  return (value + divisor / 2n) / divisor;
}
