/**
 * Money contract. A price is an integer number of femto-dollars per token (1 USD per million tokens =
 * 1e9 fUSD per token), so hourly factors lose nothing that matters (1e-10 relative) and a bill is an exact BigInt sum
 * of integer token counts times integer prices: the sum of request costs is the bill, to the last digit.
 */
export const FEMTO_USD_PER_TOKEN_OF_USD_PER_MTOK = 1e9;

/** Kinds of token that are priced apart, in ledger order. */
export const TOKEN_KINDS = ["input", "output", "cacheRead", "cacheWrite"] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

export type RouteFamily = "regional" | "geographic" | "global";
export type ServiceTier = "standard" | "priority" | "flex" | "batch" | "latency-optimized";

/** What is sold: a model, called in a region, through a family of routes, at a tier. */
export interface PriceKey {
  readonly model: string;
  readonly region: string;
  readonly family: RouteFamily;
  readonly tier: ServiceTier;
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
 * (the last one for ever); `epochStartMs[0]` is 0, the run's start.
 */
export interface PriceSchedule {
  readonly epochStartMs: Float64Array;
  readonly keys: readonly PriceKey[];
  /** fUSD per token, indexed `(epoch * keys.length + key) * TOKEN_KINDS.length + kind`; integers. */
  readonly fUsdPerToken: Float64Array;
  /** Price over list price, indexed `epoch * keys.length + key`. */
  readonly factor: Float64Array;
}
