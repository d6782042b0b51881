import type { TokenPricesUsdPerMTok } from "./prices.ts";

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
