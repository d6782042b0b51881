/** Prices of a run: `world.prices` (schema and curves in service/pricing) applied to everything that targets sell. */
import type { RegionDirectory } from "../base/regions.ts";
import { DAY_MS } from "../base/time.ts";
import { arbitrageCeiling, swingReadings } from "../service/pricing/hourly-curve.ts";
import { createPriceBook, type PriceBook } from "../service/pricing/price-book.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import type { RecordedPrice } from "../service/pricing/price-overrides.ts";
import { priceQuestions } from "../service/pricing/price-questions.ts";
import { buildPriceSchedule, epochAt } from "../service/pricing/price-schedule.ts";
import { PREPAID, type PriceSchedule, TOKEN_KINDS } from "../service/pricing/prices.ts";
import type { RouteDraft } from "./drafts.ts";
import type { SettledModels } from "./models.ts";
import type { ClassPlan, MoneyPlan, OtherPrices, ReservedCharge } from "./plan.ts";
import { inWorld, type Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";
import type { Targets } from "./targets.ts";

/** Prices of a run that ends by its number of requests are laid out this far; its last prices hold from there on. */
const OPEN_ENDED_MS = 45 * DAY_MS;

export interface ScheduleInput {
  readonly scenario: Scenario;
  readonly models: SettledModels;
  readonly prices: PriceBookData;
  readonly recordedPrices: Readonly<Record<string, readonly RecordedPrice[]>>;
  readonly targets: Targets;
  readonly regions: RegionDirectory;
  readonly startMs: number;
  readonly durationMs: number;
  readonly problems: Problems;
}

/** The prices of everything that targets sell; undefined with problems. */
export function resolveSchedule(input: ScheduleInput): PriceSchedule | undefined {
  const { models, problems, startMs, durationMs } = input;
  const { prices } = input.scenario.world;
  const data = prices.book === "none" ? null : input.prices;
  const { overrides } = prices;
  const modelIds = modelIdsOf(models);
  const longPriceOf = (model: string) => models[model]?.longPrice;
  const book = problems.attempt(() => createPriceBook({ data, overrides, modelIds, longPriceOf }), inWorld);
  if (book === undefined || !areTiersSold(input, book)) return undefined;
  return problems.attempt(
    () =>
      buildPriceSchedule({
        spec: prices,
        book,
        keys: input.targets.priceKeys,
        regions: input.regions,
        modelIds,
        startMs,
        durationMs: Number.isFinite(durationMs) ? durationMs : OPEN_ENDED_MS,
        recordings: input.recordedPrices,
      }),
    inWorld,
  );
}

/**
 * Prices that a what-if is set beside: the list prices, and for a sine the three readings of its swing. All have the
 * run's keys and epochs, so that one ledger is billed at each of them. None where the run has list prices itself.
 */
export function otherPricesOf(input: ScheduleInput, own: PriceSchedule | undefined): readonly OtherPrices[] {
  const { scenario } = input;
  const { prices } = scenario.world;
  const isList = prices.hourly.kind === "flat" && prices.hourlyFor.length === 0 && prices.shocks.length === 0;
  if (own === undefined || isList) return [];
  const withPrices = (over: Partial<typeof prices>) =>
    resampled(
      resolveSchedule({
        ...input,
        scenario: { ...scenario, world: { ...scenario.world, prices: { ...prices, ...over } } },
      }),
      own,
    );
  const list = withPrices({ hourly: { kind: "flat" }, hourlyFor: [], shocks: [] });
  const { hourly } = prices;
  const readings = hourly.kind === "sine" ? swingReadings(hourly.swing ?? {}) : [];
  const regions = new Set(own.keys.map(({ region }) => region)).size;
  return [
    ...(list === undefined ? [] : [{ name: "list prices", schedule: list }]),
    ...readings.flatMap(({ name, amplitude }): OtherPrices[] => {
      if (hourly.kind !== "sine") return [];
      const schedule = withPrices({ hourly: { ...hourly, amplitude } });
      return schedule === undefined ? [] : [{ name, schedule, ceilingShare: arbitrageCeiling(amplitude, regions) }];
    }),
  ];
}

/** A schedule's prices at the beginning of each epoch of another. */
function resampled(from: PriceSchedule | undefined, { epochStartMs, keys }: PriceSchedule): PriceSchedule | undefined {
  if (from === undefined) return undefined;
  const width = keys.length * TOKEN_KINDS.length;
  const fUsdPerToken = new Float64Array(epochStartMs.length * width);
  const factor = new Float64Array(epochStartMs.length * keys.length);
  epochStartMs.forEach((ms, epoch) => {
    const at = epochAt(from, ms);
    fUsdPerToken.set(from.fUsdPerToken.subarray(at * width, (at + 1) * width), epoch * width);
    factor.set(from.factor.subarray(at * keys.length, (at + 1) * keys.length), epoch * keys.length);
  });
  return { epochStartMs, keys, fUsdPerToken, factor };
}

function modelIdsOf(models: Scenario["world"]["models"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(models).map(([name, { id }]) => [name, id]));
}

/** Questions about the scenario's own prices, one for each model whose price is far from the list. */
export function questionsOnPrices(
  { world }: Pick<Scenario, "world">,
  data: PriceBookData,
  targets: Targets,
): readonly string[] {
  const { overrides } = world.prices;
  return priceQuestions({ data, overrides, modelIds: modelIdsOf(world.models) }, targets.priceKeys);
}

/** Whether every tier has a price. Where one has none the problem is the target that names it, not the prices. */
function areTiersSold({ targets, scenario, problems }: ScheduleInput, book: PriceBook): boolean {
  const models = Object.keys(scenario.world.models).length;
  let areSold = true;
  targets.targets.forEach((target, t) => {
    const keys = targets.keyOfTarget.subarray(t * models, (t + 1) * models);
    for (const key of keys) {
      if (key < 0 || target.tier === "standard") continue;
      const quote = book.quote(targets.priceKeys[key]!);
      if (!("code" in quote)) continue;
      areSold = false;
      problems.list.push({ ...quote, where: target.where });
    }
  });
  return areSold;
}

/** The money part of a plan: whose price each route is billed by, and what is reserved. */
export function moneyOf(
  scenario: Scenario,
  targets: Targets,
  classes: readonly ClassPlan[],
  schedule: PriceSchedule,
  reserved: readonly ReservedCharge[],
): MoneyPlan {
  const models = Object.keys(scenario.world.models).length;
  const candidateKeys = classes.map((each) => {
    const keys = targets.targets.flatMap((_, t) =>
      each.legal[t] === 1 ? keysOf(targets.routes[t * models + each.model]!, targets.placements) : [],
    );
    return [...new Set(keys.filter((key) => schedule.keys[key]!.tier !== PREPAID))];
  });
  const { billing, routingFeeUsdPer1kDecisions, book, overrides } = scenario.world.prices;
  const { placements, placementRegion, keyOfTarget } = targets;
  return {
    schedule,
    placements,
    placementRegion,
    candidateKeys,
    billing,
    routingFeeUsdPer1kDecisions,
    ownPrices: book === "none" ? "all" : overrides.length > 0 ? "some" : "none",
    keyOfTarget,
    reserved,
  };
}

/** Keys that a route and its overflow are billed by. */
function keysOf(route: RouteDraft | null, placements: Targets["placements"]): readonly number[] {
  if (route === null) return [];
  const own = [...route.placements, ...(route.longPrompts?.placements ?? [])];
  return [...own.map((place) => placements[place]!.sourceKey), ...keysOf(route.overflow, placements)];
}
