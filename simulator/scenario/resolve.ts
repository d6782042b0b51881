import { type RegionDirectory, regionDirectory } from "../base/regions.ts";
import { capacitySpecOf, ignoresPriority } from "../service/capacity/index.ts";
import { buildNetwork, type Network, type RoundTripData } from "../service/network.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import type { RecordedPrice } from "../service/pricing/price-overrides.ts";
import type { ProfileData } from "../service/profiles.ts";
import type { QuotaData } from "../service/quota/default-quotas.ts";
import type { ArrivalSpec } from "../traffic/arrivals/index.ts";
import type { Recording } from "../traffic/recording.ts";
import { parseAssertion } from "./assertion.ts";
import { originsOf, resolveClasses, resolveTraffic } from "./classes.ts";
import { clientPlanOf } from "./client.ts";
import type { TargetDraft } from "./drafts.ts";
import { faultsOf } from "./faults.ts";
import { moneyOf, resolveSchedule } from "./money.ts";
import type { Plan, WarmupPlan } from "./plan.ts";
import { inWorld, Problems } from "./problems.ts";
import { burndownOf, resolveQuotas } from "./quotas.ts";
import { resolveStanding } from "./reserved-charges.ts";
import type { Scenario } from "./schema.ts";
import { resolveStrategies, type StrategyDraft, strategyDrafts } from "./strategies.ts";
import { resolveTargets, type Targets } from "./targets.ts";

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
  const { origins } = scenario.world.network;
  const originNames = originsOf({ classes: scenario.traffic, origins, regionNames, directory, problems });
  const durationMs = scenario.duration ?? Number.POSITIVE_INFINITY;
  const network = problems.attempt(() => networkOf(scenario, inputs, originNames, regionNames, directory), inWorld);
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
    models: scenario.world.models,
    entries: scenario.world.quotas,
    regionNames,
    accounts,
    data: inputs.quotas,
    routes: targets.routes,
    problems,
  });
  const classesInput = {
    classes: scenario.traffic,
    modelNames,
    origins,
    regionNames,
    originNames,
    directory,
    targets: targets.targets,
    routes: targets.routes,
    startMs,
    problems,
  };
  const classes = resolveClasses(classesInput);
  const faults = faultsOf(scenario.world.faults, regionNames, modelNames, problems);
  const strategyContext = {
    targetIds: targets.targets.map((target) => target.id),
    regionOfTarget: targets.targets.map((target) => regionNames[target.region]!),
    classNames: scenario.traffic.map((each) => each.class),
  };
  const drafts = strategyDrafts(scenario.strategies, strategyContext, problems);
  const standing = resolveStanding({ scenario, prices: inputs.prices, targets, strategies: drafts, problems });
  const targetIds = targets.targets.map((target) => target.id);
  const { isWithheld } = standing;
  const { strategies, notes } = resolveStrategies({ drafts, classes, targetIds, isWithheld, problems });
  const baseline = baselineOf(scenario, drafts, problems);
  scenario.assert.forEach((text, i) => {
    const known = { strategies: strategies.map((each) => each.name), classes: classes.map((each) => each.name) };
    problems.attempt(() => parseAssertion(text, known), `assert[${i}]`);
  });
  scenario.validation.strategies?.forEach((label, i) => {
    const names = drafts.map(({ plan }) => plan.name);
    problems.indexOf(label, names, "strategy", `validation.strategies[${i}]`);
  });
  const warmup = resolveWarmup(scenario, problems);
  const remarks = remarksOf(scenario, targets.targets);
  const { prices, recordedPrices } = inputs;
  const money = { scenario, prices, recordedPrices, targets, regions: directory, startMs, durationMs, problems };
  const schedule = resolveSchedule(money);
  problems.throwIfAny();
  return {
    name: scenario.name,
    description: scenario.description,
    seed: scenario.seed,
    startMs,
    durationMs,
    arrivalsFromMs: scenario.arrivalsFrom,
    requestsMax: scenario.requests ?? Number.POSITIVE_INFINITY,
    warmup: warmup.warmup,
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
      epochStartMs: schedule!.epochStartMs,
    },
    network: { rttMs: network!.rttMs, jitterCv: network!.jitterCv },
    money: moneyOf(scenario, targets, classes, schedule!, standing.charges),
    client: clientPlanOf(scenario.client),
    gateways: scenario.world.gateways.map((gateway) => capacitySpecOf(gateway)),
    strategies,
    baseline,
    traffic: resolveTraffic(classesInput, inputs.recordings),
    assertions: scenario.assert,
    validation: scenario.validation,
    notes: [...notes, ...remarks, ...quotas.notes, ...warmup.notes],
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

function baselineOf(scenario: Scenario, strategies: readonly StrategyDraft[], problems: Problems): number {
  if (scenario.baseline === undefined) return 0;
  return problems.indexOf(
    scenario.baseline,
    strategies.map(({ plan }) => plan.name),
    "strategy",
    "baseline",
  );
}

/** Batch answers may come a whole window after their call, and count; then the usual time for what is under way. */
function drainOf({ drain, world }: Scenario, { targets }: Targets): number {
  if (!targets.some(({ tier }) => tier === "batch")) return drain;
  return drain + Math.max(...Object.values(world.models).map(({ batch }) => batch.window));
}

/**
 * What is left out of the figures at a run's start. `auto` leaves it to pilot runs where there is a steady state to
 * wait for; a run that follows the clock is terminating: its start is part of what is asked, and nothing is removed.
 */
function resolveWarmup(
  scenario: Scenario,
  problems: Problems,
): { readonly warmup: WarmupPlan; readonly notes: readonly string[] } {
  const { warmup, arrivalsFrom, duration, requests } = scenario;
  if (warmup === "none") return { warmup: { kind: "none", amount: 0 }, notes: [] };
  if (warmup === "auto") return automatic(scenario);
  const isDuration = typeof warmup === "number";
  const amount = isDuration ? arrivalsFrom + warmup : warmup.requests;
  if (amount >= ((isDuration ? duration : requests) ?? Number.POSITIVE_INFINITY)) {
    const fix = "make it shorter, or the run longer";
    problems.add("WARMUP_TOO_LONG", "warmup", "the warm-up is as long as the run", fix);
  }
  return { warmup: { kind: isDuration ? "duration" : "requests", amount }, notes: [] };
}

function automatic(scenario: Scenario): { readonly warmup: WarmupPlan; readonly notes: readonly string[] } {
  const reason = followsTheClock(scenario);
  if (reason === undefined) return { warmup: { kind: "none", amount: 0, isAuto: true }, notes: [] };
  return {
    warmup: { kind: "none", amount: 0 },
    notes: [
      `Warm-up auto removes nothing: ${reason}, so there is no steady state. The figures are those of a run that begins with empty systems.`,
    ],
  };
}

const STATIONARY: ReadonlySet<string> = new Set(["poisson", "deterministic", "renewal", "gamma", "mmpp"]);

/** Why the run has no steady state; undefined if all of it is the same at any time. */
function followsTheClock({ traffic, world }: Scenario): string | undefined {
  const moving = traffic.find(({ arrivals }) => !STATIONARY.has(arrivals.process));
  if (moving !== undefined)
    return `the traffic of class ${moving.class} follows the clock (${moving.arrivals.process})`;
  if (world.faults.some((fault) => fault.at !== undefined)) return "faults come at set times";
  const { hourly, hourlyFor, shocks } = world.prices;
  const isPriced = [hourly, ...hourlyFor.map(({ curve }) => curve)].some(({ kind }) => kind !== "flat");
  if (isPriced || shocks.length > 0) return "prices change in the course of it";
  const busy = Object.entries(world.models).find(([, { capacity, capacityIn }]) =>
    [capacity, ...Object.values(capacityIn)].some(
      (each) => "background" in each && each.background !== undefined && each.background.swing > 0,
    ),
  );
  return busy === undefined ? undefined : `other tenants of ${busy[0]} follow the hour`;
}

/** What is legal but should not pass in silence. */
function remarksOf(scenario: Scenario, targets: readonly TargetDraft[]): readonly string[] {
  return [...classesWithoutArrivals(scenario), ...queuesIgnoringPriority(scenario, targets)];
}

function classesWithoutArrivals({ traffic }: Scenario): readonly string[] {
  const silent = traffic.filter((each) => isSilent(each.arrivals));
  if (silent.length === traffic.length) return ["No class has a rate above 0: nothing arrives, and nothing is learnt."];
  return silent.map((each) => `Class ${each.class} has a rate of 0: nothing arrives.`);
}

function isSilent(arrivals: ArrivalSpec): boolean {
  if (arrivals.process === "mmpp") return arrivals.states.every(({ ratePerS }) => ratePerS === 0);
  return "ratePerS" in arrivals && arrivals.ratePerS === 0;
}

/** Tiers, and priorities of classes, do nothing in queues that serve whoever came first. */
function queuesIgnoringPriority({ world }: Scenario, targets: readonly TargetDraft[]): readonly string[] {
  const tiers = [...new Set(targets.map(({ tier }) => tier))].filter((tier) =>
    ["priority", "flex", "reserved"].includes(tier),
  );
  if (tiers.length === 0) return [];
  const deaf = Object.entries(world.models).filter(([, { capacity, capacityIn }]) =>
    [capacity, ...Object.values(capacityIn)].some((each) => ignoresPriority(capacitySpecOf(each, "priority"))),
  );
  return deaf.map(
    ([name]) =>
      `Some queues of ${name} do not serve by priority, as the scenario says: the ${tiers.length === 1 ? "tier" : "tiers"} ${tiers.join(" and ")} wait there like standard.`,
  );
}
