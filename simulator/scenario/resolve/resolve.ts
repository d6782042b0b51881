import { parseAssertion } from "../../experiment/assertion.ts";
import type { ProfileData } from "../../profiles/profile-data.ts";
import type { QuotaData } from "../../profiles/quota-data.ts";
import type { Recording } from "../../traffic/recording.ts";
import type { FaultSpec } from "../../world/faults/fault.ts";
import { buildNetwork, type Network } from "../../world/network/network.ts";
import type { RoundTripData } from "../../world/network/round-trip-data.ts";
import { createPriceBook } from "../../world/pricing/price-book.ts";
import type { PriceBookData } from "../../world/pricing/price-book-data.ts";
import { buildPriceSchedule } from "../../world/pricing/price-schedule.ts";
import { PREPAID, type PriceSchedule } from "../../world/pricing/prices.ts";
import type { RecordedPrice } from "../../world/pricing/recorded-prices.ts";
import { type RegionDirectory, regionDirectory } from "../../world/regions.ts";
import { capacitySpecOf } from "../capacity-schema.ts";
import { clientPlanOf } from "../client-schema.ts";
import { faultAmount } from "../fault-schema.ts";
import type { ClassPlan, MoneyPlan, Plan, StandingCharge, WarmupPlan } from "../plan.ts";
import type { Scenario } from "../schema.ts";
import { originsOf, resolveClasses, resolveTraffic } from "./classes.ts";
import { Problems } from "./problems.ts";
import { burndownOf, resolveQuotas } from "./quotas.ts";
import { resolveStanding } from "./standing.ts";
import { resolveStrategies, type StrategyDraft, strategyDrafts } from "./strategies.ts";
import { type RouteDraft, resolveTargets, type Targets } from "./targets.ts";

/** Facts and recordings that a scenario refers to, loaded by an adapter. */
export interface ResolveInputs {
  readonly prices: PriceBookData;
  readonly profiles: ProfileData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
  /** By the names that `traceNamesOf` gives. */
  readonly recordings: Readonly<Record<string, Recording>>;
  readonly recordedPrices: Readonly<Record<string, readonly RecordedPrice[]>>;
}

const DAY_MS = 86_400_000;
/** Prices of a run that ends by its number of requests are laid out this far; its last prices hold from there on. */
const OPEN_ENDED_MS = 45 * DAY_MS;

/**
 * Turns a checked scenario into the plan that the engine runs.
 *
 * @throws MeridianError usage with every problem at once; `where` is a config path
 */
export function resolvePlan(scenario: Scenario, inputs: ResolveInputs): Plan {
  const problems = new Problems();
  const startMs = Date.parse(scenario.start);
  const names = regionNamesOf(scenario, problems);
  problems.throwIfAny();
  const { directory, regionNames } = names!;
  const originNames = originsOf(scenario, regionNames);
  const durationMs = scenario.duration ?? Number.POSITIVE_INFINITY;
  const network = problems.attempt(() => networkOf(scenario, inputs, originNames, regionNames, directory));
  const modelNames = Object.keys(scenario.world.models);
  const hopMs = network?.hopMs ?? new Float64Array(regionNames.length ** 2);
  const targets = resolveTargets({
    scenario,
    regionNames,
    directory,
    profiles: inputs.profiles,
    hopMs,
    startMs,
    problems,
  });
  const accounts = [...new Set(scenario.traffic.map((each) => each.account))];
  const quotas = resolveQuotas({
    scenario,
    regionNames,
    accounts,
    data: inputs.quotas,
    routes: targets.routes,
    problems,
  });
  const classesInput = {
    scenario,
    regionNames,
    originNames,
    directory,
    targets: targets.targets,
    routes: targets.routes,
    startMs,
    problems,
  };
  const classes = resolveClasses(classesInput);
  const faults = faultsOf(scenario, regionNames, modelNames, problems);
  const drafts = strategyDrafts(scenario, targets, regionNames, problems);
  const standing = resolveStanding({ scenario, prices: inputs.prices, targets, strategies: drafts, problems });
  const targetIds = targets.targets.map((target) => target.id);
  const { isWithheld } = standing;
  const { strategies, notes } = resolveStrategies({ drafts, classes, targetIds, isWithheld, problems });
  const baseline = baselineOf(scenario, drafts, problems);
  scenario.assert.forEach((text, i) => {
    const known = { strategies: strategies.map((each) => each.name), classes: classes.map((each) => each.name) };
    problems.attempt(() => parseAssertion(text, known), `assert[${i}]`);
  });
  checkWarmup(scenario, problems);
  const schedule = problems.attempt(() => scheduleOf(scenario, inputs, targets, directory, startMs, durationMs));
  problems.throwIfAny();
  const money = moneyOf(scenario, targets, classes, schedule!, standing.charges);
  return {
    name: scenario.name,
    description: scenario.description,
    seed: scenario.seed,
    startMs,
    durationMs,
    requestsMax: scenario.requests ?? Number.POSITIVE_INFINITY,
    warmup: warmupOf(scenario.warmup),
    drainMs: drainOf(scenario, targets),
    replications: scenario.replications,
    routers: scenario.routers,
    signals: { source: scenario.signals.source, ageMs: scenario.signals.age },
    regionNames,
    originNames,
    models: modelNames.map((name) => {
      const { id, maxOutputTokens, burndown } = scenario.world.models[name]!;
      return { name, id, maxOutputTokens, burndown: burndown ?? burndownOf(id, inputs.quotas) };
    }),
    targets: targets.targets.map(({ id, region, route, tier }, t) => ({
      id,
      region,
      route,
      isAsync: tier === "batch",
      calledIds: modelNames.map((_, m) => targets.routes[t * modelNames.length + m]?.calledId ?? null),
    })),
    classes,
    world: {
      startMs,
      durationMs,
      regionNames,
      modelCount: modelNames.length,
      endpoints: targets.endpoints,
      quotas: quotas.quotas,
      reservations: targets.reservations,
      routes: quotas.routes,
      accountOfClass: scenario.traffic.map((each) => accounts.indexOf(each.account)),
      faults,
      healthDelayMs: scenario.world.healthDelay,
      epochStartMs: money.schedule.epochStartMs,
    },
    network: { rttMs: network!.rttMs, jitterCv: network!.jitterCv },
    money,
    client: clientPlanOf(scenario.client),
    gateways: scenario.world.gateways.map((gateway) => capacitySpecOf(gateway)),
    strategies,
    baseline,
    traffic: resolveTraffic(classesInput, inputs.recordings),
    assertions: scenario.assert,
    notes: [...notes, ...quotas.notes],
  };
}

function regionNamesOf(scenario: Scenario, problems: Problems) {
  const entries = scenario.world.regions;
  const custom = entries.filter((entry) => typeof entry !== "string");
  const directory = problems.attempt(() => regionDirectory(custom));
  if (directory === undefined) return undefined;
  const regionNames = entries.map((entry) => (typeof entry === "string" ? entry : entry.name));
  regionNames.forEach((name, i) => {
    const where = `world.regions[${i}]`;
    if (typeof entries[i] === "string") problems.indexOf(name, [...directory.keys()], "region", where);
    if (regionNames.indexOf(name) !== i) {
      problems.add("REGION_TWICE", where, `region "${name}" is there twice`, "take one out");
    }
  });
  return { directory, regionNames };
}

function networkOf(
  scenario: Scenario,
  inputs: ResolveInputs,
  origins: readonly string[],
  regions: readonly string[],
  directory: RegionDirectory,
): Network {
  return buildNetwork({ spec: scenario.world.network, data: inputs.roundTrips, origins, regions, directory });
}

function scheduleOf(
  scenario: Scenario,
  inputs: ResolveInputs,
  targets: Targets,
  regions: RegionDirectory,
  startMs: number,
  durationMs: number,
): PriceSchedule {
  const { prices, models } = scenario.world;
  const modelIds = Object.fromEntries(Object.entries(models).map(([name, { id }]) => [name, id]));
  const book = createPriceBook({
    data: prices.book === "none" ? null : inputs.prices,
    overrides: prices.overrides,
    modelIds,
  });
  return buildPriceSchedule({
    spec: prices,
    book,
    keys: targets.priceKeys,
    regions,
    modelIds,
    startMs,
    durationMs: Number.isFinite(durationMs) ? durationMs : OPEN_ENDED_MS,
    recordings: inputs.recordedPrices,
  });
}

function moneyOf(
  scenario: Scenario,
  targets: Targets,
  classes: readonly ClassPlan[],
  schedule: PriceSchedule,
  standing: readonly StandingCharge[],
): MoneyPlan {
  const models = Object.keys(scenario.world.models).length;
  const candidateKeys = classes.map((each) => {
    const keys = targets.targets.flatMap((_, t) =>
      each.legal[t] === 1 ? keysOf(targets.routes[t * models + each.model]!, targets.placements) : [],
    );
    return [...new Set(keys.filter((key) => schedule.keys[key]!.tier !== PREPAID))];
  });
  return {
    schedule,
    placements: targets.placements,
    placementRegion: targets.placementRegion,
    candidateKeys,
    billing: scenario.world.prices.billing,
    routingFeeUsdPer1kDecisions: scenario.world.prices.routingFeeUsdPer1kDecisions,
    keyOfTarget: targets.keyOfTarget,
    standing,
  };
}

/** Keys that a route and its overflow are billed by. */
function keysOf(route: RouteDraft | null, placements: Targets["placements"]): readonly number[] {
  if (route === null) return [];
  return [...route.placements.map((place) => placements[place]!.sourceKey), ...keysOf(route.overflow, placements)];
}

function faultsOf(
  scenario: Scenario,
  regionNames: readonly string[],
  modelNames: readonly string[],
  problems: Problems,
): readonly FaultSpec[] {
  return scenario.world.faults.map((fault, i): FaultSpec => {
    const where = `world.faults[${i}]`;
    const model = "model" in fault ? fault.model : undefined;
    return {
      kind: fault.kind,
      region:
        fault.region === undefined ? -1 : problems.indexOf(fault.region, regionNames, "region", `${where}.region`),
      model: model === undefined ? -1 : problems.indexOf(model, modelNames, "model", `${where}.model`),
      atMs: fault.at ?? Number.NaN,
      forMs: fault.for ?? Number.NaN,
      mtbfMs: fault.mtbf ?? Number.NaN,
      mttrMs: fault.mttr ?? Number.NaN,
      amount: faultAmount(fault),
    };
  });
}

function baselineOf(scenario: Scenario, strategies: readonly StrategyDraft[], problems: Problems): number {
  if (scenario.baseline === undefined) return 0;
  return problems.indexOf(
    scenario.baseline,
    strategies.map(({ plan }) => plan.name),
    "strategy",
    "baseline",
  );
}

/** A warm-up as long as the run would leave nothing to report. */
function checkWarmup({ warmup, duration, requests }: Scenario, problems: Problems): void {
  const { kind, amount } = warmupOf(warmup);
  const length = kind === "duration" ? duration : kind === "requests" ? requests : undefined;
  if (length === undefined || amount < length) return;
  problems.add("WARMUP_TOO_LONG", "warmup", "the warm-up is as long as the run", "make it shorter, or the run longer");
}

/** Batch answers may come a whole window after their call, and count. */
function drainOf({ drain, world }: Scenario, { targets }: Targets): number {
  if (!targets.some(({ tier }) => tier === "batch")) return drain;
  return Math.max(drain, ...Object.values(world.models).map(({ batch }) => batch.window));
}

function warmupOf(warmup: Scenario["warmup"]): WarmupPlan {
  if (warmup === "none") return { kind: "none", amount: 0 };
  return typeof warmup === "number"
    ? { kind: "duration", amount: warmup }
    : { kind: "requests", amount: warmup.requests };
}
