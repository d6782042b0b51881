/** Prices over a run: list prices, hourly curves, recorded changes and shocks, as integers by epoch. */
import { invariant, MeridianError, type Problem } from "../../base/errors.ts";
import { didYouMean, nearNames } from "../../base/near-names.ts";
import { type RegionDirectory, requireRegion } from "../../base/regions.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../base/time.ts";
import { type HourlyCurve, hourFactor } from "./hourly-curve.ts";
import type { PriceBook, PriceQuote } from "./price-book.ts";
import { type KindFactors, type RecordedPrice, recordedFactors, rowsFor } from "./price-overrides.ts";
import {
  blendedPrice,
  FEMTO_USD_PER_TOKEN_OF_USD_PER_MTOK,
  INPUT,
  OUTPUT,
  type PriceKey,
  type PriceSchedule,
  priceKeyName,
  TOKEN_KINDS,
} from "./prices.ts";
import type { PriceShock, PricesSpec } from "./schema.ts";

export interface PriceScheduleInput {
  readonly spec: PricesSpec;
  readonly book: PriceBook;
  /** What can be sold in this scenario; the schedule keeps their order. */
  readonly keys: readonly PriceKey[];
  readonly regions: RegionDirectory;
  /** Bedrock id of each of the scenario's model names. */
  readonly modelIds?: Readonly<Record<string, string>>;
  /** The run's start, milliseconds since 1970 UTC. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Rows of each recorded file that the spec names. */
  readonly recordings?: Readonly<Record<string, readonly RecordedPrice[]>>;
}

/**
 * Prices of every key over the run. Epochs begin at the whole hours of the run, at the hour boundaries of each clock
 * that a curve follows (half-hour zones included), at shock edges and at recorded changes. The schedule goes a day
 * beyond the run, for attempts that start after its end.
 *
 * @throws MeridianError usage with every missing price, unknown region, model or recording at once
 */
export function buildPriceSchedule(input: PriceScheduleInput): PriceSchedule {
  invariant(input.durationMs >= 0 && Number.isFinite(input.durationMs), "a price schedule has a finite duration");
  const problems: Problem[] = [];
  const tracks: KeyTrack[] = [];
  for (const key of input.keys) {
    const track = trackOf(input, key);
    // What is missing for long prompts is missing for short ones too, and is a problem once.
    if ("code" in track) problems.push(...(key.prompt === "long" ? [] : [track]));
    else tracks.push(track);
  }
  input.spec.shocks.forEach((shock, index) => {
    problems.push(...namesOfNothing(input, shock, `prices.shocks[${index}]`));
  });
  input.spec.hourlyFor.forEach((entry, index) => {
    problems.push(...namesOfNothing(input, entry, `prices.hourlyFor[${index}]`));
  });
  input.spec.overrides.forEach((entry, index) => {
    const { model, region } = entry;
    const isTypo = region !== undefined && didYouMean(region, [...input.regions.keys()]) !== "";
    const selector = { model, region: isTypo && !input.regions.has(region) ? region : undefined };
    problems.push(...namesOfNothing(input, selector, `prices.overrides[${index}]`));
  });
  if (problems.length > 0) throw new MeridianError("usage", problems);

  const epochStartMs = epochStarts(input, tracks);
  const keys = tracks.map((track) => track.key);
  const kinds = TOKEN_KINDS.length;
  const fUsdPerToken = new Float64Array(epochStartMs.length * keys.length * kinds);
  const factor = new Float64Array(epochStartMs.length * keys.length);
  const isSteady = tracks.every(({ curve, shocks }) => curve.kind === "flat" && shocks.length === 0);
  for (let epoch = 0; epoch < epochStartMs.length; epoch++) {
    if (epoch > 0 && isSteady) {
      fUsdPerToken.copyWithin(epoch * keys.length * kinds, 0, keys.length * kinds);
      factor.copyWithin(epoch * keys.length, 0, keys.length);
      continue;
    }
    const sinceStartMs = epochStartMs[epoch]!;
    for (let k = 0; k < tracks.length; k++) {
      const track = tracks[k]!;
      const at = epoch * keys.length + k;
      const factors = factorsAt(track, input.startMs + sinceStartMs, shockFactor(track, sinceStartMs));
      const list = track.quote.prices;
      for (let kind = 0; kind < kinds; kind++) {
        const usd = list[TOKEN_KINDS[kind]!] * (kind === OUTPUT ? factors.output : factors.input);
        fUsdPerToken[at * kinds + kind] = Math.round(usd * FEMTO_USD_PER_TOKEN_OF_USD_PER_MTOK);
      }
      factor[at] = blendFactor(list.input, list.output, factors);
    }
  }
  return { epochStartMs, keys, fUsdPerToken, factor };
}

/** The epoch in force at an instant, ms since the run's start; the first one for earlier instants. */
export function epochAt(schedule: PriceSchedule, ms: number): number {
  const starts = schedule.epochStartMs;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** USD per million tokens of a key in an epoch; `kind` is a position in `TOKEN_KINDS`. */
export function priceUsdPerMTok(schedule: PriceSchedule, epoch: number, key: number, kind = INPUT): number {
  const at = (epoch * schedule.keys.length + key) * TOKEN_KINDS.length + kind;
  return schedule.fUsdPerToken[at]! / FEMTO_USD_PER_TOKEN_OF_USD_PER_MTOK;
}

/** What decides one key's price over time. */
interface KeyTrack {
  readonly key: PriceKey;
  readonly quote: PriceQuote;
  readonly curve: HourlyCurve;
  /** Shift of the curve's clock against UTC. */
  readonly clockOffsetMs: number;
  readonly rows: readonly RecordedPrice[];
  readonly shocks: readonly PriceShock[];
}

function trackOf(input: PriceScheduleInput, key: PriceKey): KeyTrack | Problem {
  const quote = input.book.quote(key);
  if ("code" in quote) return quote;
  const names = modelNames(input, key.model);
  const fits = (entry: Selector) =>
    (entry.region ?? key.region) === key.region && (entry.model === undefined || names.includes(entry.model));
  const curve = input.spec.hourlyFor.findLast(fits)?.curve ?? input.spec.hourly;
  const offsetMinutes = requireRegion(input.regions, key.region, "world.regions").utcOffsetMinutes;
  const local = (curve.kind === "sine" || curve.kind === "table") && curve.clock === "local";
  const rows = curve.kind === "recorded" ? rowsFor(input.recordings?.[curve.file] ?? [], key.region, names) : [];
  const [first] = rows;
  if (curve.kind === "recorded" && (first === undefined || first.atMs > input.startMs)) {
    return {
      code: "PRICE_RECORDING_GAP",
      what: `the recording has no price of ${priceKeyName(key)} in force at the run's start`,
      where: curve.file,
      fix: "add a row at or before the scenario's start, or begin the run later",
    };
  }
  const clockOffsetMs = local ? offsetMinutes * MINUTE_MS : 0;
  return { key, quote, curve, clockOffsetMs, rows, shocks: input.spec.shocks.filter(fits) };
}

interface Selector {
  readonly region?: string | undefined;
  readonly model?: string | undefined;
}

function modelNames(input: PriceScheduleInput, model: string): readonly string[] {
  const id = input.modelIds?.[model];
  return id === undefined ? [model] : [model, id];
}

/** A shock or curve for a region or model that the scenario does not have would silently do nothing. */
function namesOfNothing(input: PriceScheduleInput, entry: Selector, where: string): readonly Problem[] {
  const problems: Problem[] = [];
  const regions = [...new Set(input.keys.map((key) => key.region))];
  const sold = [...input.keys.map((key) => key.model), ...Object.keys(input.modelIds ?? {})];
  const models = [...new Set(sold.flatMap((model) => modelNames(input, model)))];
  for (const [what, asked, known] of [
    ["region", entry.region, regions],
    ["model", entry.model, models],
  ] as const) {
    if (asked === undefined || known.includes(asked)) continue;
    const [near] = nearNames(asked, known);
    problems.push({
      code: "PRICE_SELECTOR_UNKNOWN",
      what: `no price of this scenario has ${what} "${asked}"${didYouMean(asked, known)}`,
      where: `${where}.${what}`,
      fix: `${near === undefined ? "" : `write ${near}; `}name one of: ${known.join(", ")}`,
    });
  }
  return problems;
}

/** Ascending, each once. */
function epochStarts(input: PriceScheduleInput, tracks: readonly KeyTrack[]): Float64Array {
  const horizonMs = input.durationMs + DAY_MS;
  const starts: number[] = [];
  const everyHourFrom = (firstMs: number) => {
    for (let ms = firstMs; ms <= horizonMs; ms += HOUR_MS) starts.push(ms);
  };
  everyHourFrom(0);
  const phases = new Set<number>();
  for (const track of tracks) {
    if (track.curve.kind === "sine" || track.curve.kind === "table") {
      phases.add((HOUR_MS - positiveModulo(input.startMs + track.clockOffsetMs, HOUR_MS)) % HOUR_MS);
    }
    for (const row of track.rows) starts.push(row.atMs - input.startMs);
    for (const shock of track.shocks) starts.push(shock.atMs, shock.atMs + shock.forMs);
  }
  for (const phase of phases) everyHourFrom(phase);
  const ascending = Float64Array.from(starts).sort();
  return ascending.filter((ms, i) => ms >= 0 && ms <= horizonMs && ms !== ascending[i - 1]);
}

function factorsAt(track: KeyTrack, instantMs: number, shock: number): KindFactors {
  const { curve } = track;
  if (curve.kind === "recorded") {
    // What is recorded is the price of short prompts.
    const { prices, shortPrompt = prices } = track.quote;
    const factors = recordedFactors(track.rows, instantMs, shortPrompt);
    invariant(factors !== undefined, "a recorded price is in force from the run's start");
    return { input: factors.input * shock, output: factors.output * shock };
  }
  const hour = Math.floor(positiveModulo(instantMs + track.clockOffsetMs, DAY_MS) / HOUR_MS);
  const factor = hourFactor(curve, hour) * shock;
  return { input: factor, output: factor };
}

function shockFactor(track: KeyTrack, sinceStartMs: number): number {
  let factor = 1;
  for (const shock of track.shocks) {
    if (sinceStartMs >= shock.atMs && sinceStartMs < shock.atMs + shock.forMs) factor *= shock.factor;
  }
  return factor;
}

function blendFactor(listInput: number, listOutput: number, factors: KindFactors): number {
  const list = blendedPrice(listInput, listOutput);
  return list === 0 ? factors.input : blendedPrice(listInput * factors.input, listOutput * factors.output) / list;
}

function positiveModulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
