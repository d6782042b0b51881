/** Prices that do not come from the list: a scenario's overrides, and recorded changes over time. */
import { MeridianError, type Problem } from "../../base/errors.ts";
import type { PriceKey, RouteFamily, ServiceTier, TokenPricesUsdPerMTok } from "./prices.ts";

/** A price that the scenario states itself, USD per million tokens. Parts of the key left out match everything. */
export interface PriceOverride {
  /** The scenario's name of the model, or its Bedrock id. */
  readonly model: string;
  readonly region?: string | undefined;
  readonly family?: RouteFamily | undefined;
  /** Left out: the standard tier, from which the other tiers follow by their multipliers. */
  readonly tier?: ServiceTier | undefined;
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
}

/**
 * The override that fits a key at a tier, the most specific one: a region outweighs a family. Undefined if none fits.
 *
 * @param modelId the Bedrock id behind the key's model name
 */
export function findOverride(
  overrides: readonly PriceOverride[],
  key: PriceKey,
  modelId: string,
  tier: ServiceTier,
): PriceOverride | undefined {
  let best: PriceOverride | undefined;
  for (const candidate of overrides) {
    const fits =
      (candidate.model === key.model || candidate.model === modelId) &&
      (candidate.region ?? key.region) === key.region &&
      (candidate.family ?? key.family) === key.family &&
      (candidate.tier ?? "standard") === tier;
    if (fits && (best === undefined || specificity(candidate) > specificity(best))) best = candidate;
  }
  return best;
}

function specificity(override: PriceOverride): number {
  return (override.region === undefined ? 0 : 2) + (override.family === undefined ? 0 : 1);
}

/** Refuses duplicates. @throws MeridianError usage, PRICE_OVERRIDE_TWICE, if two overrides have the same key */
export function checkOverrides(overrides: readonly PriceOverride[]): void {
  const first = new Map<string, number>();
  const problems: Problem[] = [];
  overrides.forEach((override, index) => {
    const name = [override.model, override.region, override.family, override.tier ?? "standard"].join("/");
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else {
      problems.push({
        code: "PRICE_OVERRIDE_TWICE",
        what: `it states the same price as prices.overrides[${earlier}]`,
        where: `prices.overrides[${index}]`,
        fix: "keep one of the two, or distinguish them by region, family or tier",
      });
    }
  });
  if (problems.length > 0) throw new MeridianError("usage", problems);
}

/**
 * One recorded price change. It holds for its region (and model, if named) from its instant until the next row for the
 * same region and model. Either a factor over the list price, or prices in USD per million tokens.
 */
export interface RecordedPrice {
  /** Milliseconds since 1970 UTC. */
  readonly atMs: number;
  readonly region: string;
  /** The scenario's name of the model or its Bedrock id; undefined: every model of the region. */
  readonly model: string | undefined;
  readonly factor: number | undefined;
  readonly inputUsdPerMTok: number | undefined;
  readonly outputUsdPerMTok: number | undefined;
}

/** Factors over list price for input (with cached) tokens and for output tokens. */
export interface KindFactors {
  readonly input: number;
  readonly output: number;
}

/** The recorded changes that concern one key, in time order. Rows that name the model go before rows that do not. */
export function rowsFor(
  recording: readonly RecordedPrice[],
  region: string,
  modelNames: readonly string[],
): readonly RecordedPrice[] {
  const ofRegion = recording.filter((row) => row.region === region);
  const named = ofRegion.filter((row) => row.model !== undefined && modelNames.includes(row.model));
  const rows = named.length > 0 ? named : ofRegion.filter((row) => row.model === undefined);
  return [...rows].sort((a, b) => a.atMs - b.atMs);
}

/**
 * Factors in force at an instant; undefined before the first row.
 *
 * @param rows time order, one key's
 */
export function recordedFactors(
  rows: readonly RecordedPrice[],
  atMs: number,
  list: TokenPricesUsdPerMTok,
): KindFactors | undefined {
  let current: RecordedPrice | undefined;
  for (const row of rows) {
    if (row.atMs > atMs) break;
    current = row;
  }
  if (current === undefined) return undefined;
  if (current.factor !== undefined) return { input: current.factor, output: current.factor };
  return {
    input: ratio(current.inputUsdPerMTok, list.input),
    output: ratio(current.outputUsdPerMTok, list.output),
  };
}

function ratio(price: number | undefined, list: number): number {
  return price === undefined || list === 0 ? 1 : price / list;
}
