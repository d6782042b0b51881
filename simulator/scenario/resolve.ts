/** From a checked scenario to the plan that the engine runs: each block is resolved by its own file, in order. */
import { type RegionDirectory, regionDirectory } from "../base/regions.ts";
import { capacitySpecOf } from "../service/capacity/index.ts";
import type { ModelFacts } from "../service/model-facts.ts";
import { buildNetwork, type Network, type RoundTripData } from "../service/network.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import type { RecordedPrice } from "../service/pricing/price-overrides.ts";
import type { PriceSchedule } from "../service/pricing/prices.ts";
import type { ProfileData } from "../service/profiles.ts";
import type { QuotaData } from "../service/quota/default-quotas.ts";
import type { FaultSpec, ServicePlan } from "../service/service-plan.ts";
import type { Recording } from "../traffic/traffic.ts";
import { parseAssertion } from "./assertion.ts";
import { type ClassesInput, originsOf, resolveClasses, resolveTraffic, underLoad } from "./classes.ts";
import { clientPlanOf } from "./client.ts";
import { faultsOf } from "./faults.ts";
import { checkContextFits, checkModelIds, checkQuotasFit, endedNotes, refusingWindows } from "./feasibility.ts";
import { modelPlansOf, type SettledModels, settleModels, unknownNotes } from "./models.ts";
import { moneyOf, otherPricesOf, questionsOnPrices, resolveSchedule, type ScheduleInput } from "./money.ts";
import type { ClassPlan, Plan, ReservedCharge, StrategyPlan, TargetPlan } from "./plan.ts";
import { inWorld, Problems } from "./problems.ts";
import { type Quotas, resolveQuotas } from "./quotas.ts";
import { remarksOf } from "./remarks.ts";
import { checkValidation, resolveSlices, resolveWarmup } from "./run-length.ts";
import { durationMsOf, runPartOf, spanOf, startMsOf } from "./run-part.ts";
import type { Scenario } from "./schema.ts";
import { resolveStrategies, strategyDrafts } from "./strategies.ts";
import { resolveTargets, type Targets } from "./targets.ts";
import { resolveReservedCharges } from "./tiers.ts";
import { checkTraffic, resolveSessions } from "./traffic-checks.ts";

/** Facts and recordings that a scenario refers to, loaded by an adapter. */
export interface ResolveInputs {
  readonly prices: PriceBookData;
  readonly profiles: ProfileData;
  readonly quotas: QuotaData;
  readonly roundTrips: RoundTripData;
  readonly models: ModelFacts;
  /** By the names that `traceNamesOf` gives. */
  readonly recordings: Readonly<Record<string, Recording>>;
  readonly recordedPrices: Readonly<Record<string, readonly RecordedPrice[]>>;
  /** Code of the user's own strategies, by path as the scenario writes it; none unless given. */
  readonly strategySources?: Readonly<Record<string, string>>;
  /** Remarks of the adapter that loaded all this. */
  readonly notes?: readonly string[];
}

/**
 * Turns a checked scenario into the plan that the engine runs.
 *
 * @throws MeridianError usage with every problem at once; `where` is a config path
 */
export function resolvePlan(written: Scenario, inputs: ResolveInputs): Plan {
  const problems = new Problems();
  const meant = checkModelIds({ world: written.world, facts: inputs.models, otherIds: listedIds(inputs), problems });
  const models = settleModels(meant.models, inputs.models);
  const scenario = { ...written, traffic: underLoad(written), world: { ...written.world, models } };
  const names = namesOf(scenario, inputs.recordings, problems);
  const setting: Setting = { scenario, inputs, names, problems };
  const network = problems.attempt(() => networkOf(setting), inWorld);
  const supply = resolveSupply(setting, network);
  const demand = demandOf(setting, supply.targets);
  const classes = resolveClasses(demand);
  const classNames = scenario.traffic.map((each) => each.class);
  const faults = faultsOf(scenario.world.faults, names.regions, names.models, classNames, problems);
  const choices = resolveChoices(setting, supply.targets, classes);
  checkAssertions(setting, choices.strategies, classes);
  checkValidation(scenario.validation, choices.labels, problems);
  const warmup = resolveWarmup(scenario, problems);
  const sliced = resolveSlices(scenario, warmup.warmup, problems);
  const prices = pricesInput(setting, supply.targets);
  const schedule = resolveSchedule(prices);
  const modelPlans = modelPlansOf(models);
  const traffic = resolveTraffic(demand, inputs.recordings, resolveSessions(scenario, modelPlans, classes, problems));
  const demands = { classes, traffic, models: modelPlans };
  const misfits = [...misfitsOf(setting, supply, demands), ...checkContextFits({ ...demands, problems })];
  const run = runPartOf(scenario, supply.targets.targets);
  const trafficNotes = checkTraffic(traffic, run, problems);
  problems.forget(meant.guessed);
  problems.throwIfAny();
  return {
    ...run,
    warmup: warmup.warmup,
    ...(sliced.slices === undefined ? {} : { slices: sliced.slices }),
    regionNames: names.regions,
    originNames: names.origins,
    models: modelPlans,
    targets: targetPlansOf(supply.targets, names.models.length),
    classes,
    world: { ...servicePlanOf(setting, supply, faults, schedule!), ...refusingWindows(demands) },
    network: { rttMs: network!.rttMs, jitterCv: network!.jitterCv },
    money: {
      ...moneyOf(scenario, supply.targets, classes, schedule!, choices.charges),
      otherPrices: otherPricesOf(prices, schedule),
    },
    client: clientPlanOf(scenario.client, supply.targets.targets.length),
    gateways: scenario.world.gateways.map((gateway) => capacitySpecOf(gateway)),
    strategies: choices.strategies,
    baseline: choices.baseline,
    traffic,
    assertions: scenario.assert,
    validation: scenario.validation,
    notes: [
      ...(inputs.notes ?? []),
      ...choices.notes,
      ...remarksOf(scenario, supply.targets.targets),
      ...trafficNotes,
      ...supply.quotas.notes,
      ...misfits,
      ...unknownNotes(models, classes, traffic, called(setting, supply.targets)),
      ...questionsOnPrices(scenario, inputs.prices, supply.targets),
      ...endedNotes(models, inputs.models, spanOf(scenario)),
      ...warmup.notes,
      ...sliced.notes,
    ],
  };
}

function listedIds({ prices, profiles }: ResolveInputs): ReadonlySet<string> {
  return new Set([...prices.prices.map(({ model }) => model), ...profiles.profiles.map(({ modelId }) => modelId)]);
}

/** A checked scenario whose models leave nothing out. */
type SettledScenario = Omit<Scenario, "world"> & {
  readonly world: Omit<Scenario["world"], "models"> & { readonly models: SettledModels };
};

/** Names that the rest of a scenario refers to, in the order of their indices in the plan. */
interface Names {
  readonly directory: RegionDirectory;
  readonly regions: readonly string[];
  readonly origins: readonly string[];
  readonly models: readonly string[];
  readonly accounts: readonly string[];
}

/** What every step of the resolution needs. */
interface Setting {
  readonly scenario: SettledScenario;
  readonly inputs: ResolveInputs;
  readonly names: Names;
  readonly problems: Problems;
}

/** @throws MeridianError usage at once where regions are wrong: nothing else could be judged */
function namesOf(scenario: SettledScenario, recordings: ResolveInputs["recordings"], problems: Problems): Names {
  const { regions: entries, network, models } = scenario.world;
  const known = problems.list.length;
  const directory = problems.attempt(() => regionDirectory(entries.filter((entry) => typeof entry !== "string")));
  const regions = entries.map((entry) => (typeof entry === "string" ? entry : entry.name));
  if (directory !== undefined) checkRegionNames(entries, regions, directory, problems);
  if (problems.list.length > known) problems.throwIfAny();
  const places = { origins: network.origins, regionNames: regions, directory: directory! };
  const origins = originsOf({ classes: scenario.traffic, ...places, problems }, recordings);
  const accounts = [...new Set(scenario.traffic.map((each) => each.account))];
  return { directory: directory!, regions, origins, models: Object.keys(models), accounts };
}

function checkRegionNames(
  entries: Scenario["world"]["regions"],
  names: readonly string[],
  directory: RegionDirectory,
  problems: Problems,
): void {
  const known = [...directory.keys()];
  const seen = new Set<string>();
  names.forEach((name, i) => {
    const where = `world.regions[${i}]`;
    if (typeof entries[i] === "string") problems.indexOf(name, known, "region", where, "meridian list regions");
    if (seen.has(name)) problems.add("REGION_TWICE", where, `region "${name}" is there twice`, "take one out");
    seen.add(name);
  });
}

function networkOf({ scenario, inputs, names }: Setting): Network {
  const { origins, regions, directory } = names;
  return buildNetwork({ spec: scenario.world.network, data: inputs.roundTrips, origins, regions, directory });
}

/** What can be called, and the quotas that calls draw on. */
interface Supply {
  readonly targets: Targets;
  readonly quotas: Quotas;
}

function resolveSupply({ scenario, inputs, names, problems }: Setting, network: Network | undefined): Supply {
  const { world } = scenario;
  const { directory, regions, accounts } = names;
  const targets = resolveTargets({
    world,
    regionNames: regions,
    directory,
    profiles: inputs.profiles,
    hopMs: network?.hopMs ?? new Float64Array(regions.length ** 2),
    startMs: startMsOf(scenario),
    problems,
  });
  const quotas = resolveQuotas({
    models: world.models,
    entries: world.quotas,
    regionNames: regions,
    accounts,
    data: inputs.quotas,
    routes: targets.routes,
    problems,
  });
  return { targets, quotas };
}

/** Notes on quotas that can never grant what some class asks for; where none can, problems. */
function misfitsOf(
  { names, scenario, problems }: Setting,
  { targets, quotas }: Supply,
  demand: Pick<Plan, "classes" | "traffic" | "models">,
): readonly string[] {
  return checkQuotasFit({
    ...demand,
    targetIds: targets.targets.map(({ id }) => id),
    routes: quotas.routes,
    quotas: quotas.quotas,
    accountOfClass: accountsOf(scenario, names),
    problems,
  });
}

/** Whether some target calls a model at a region's own endpoint, on demand, and whether some does latency-optimised. */
function called({ names }: Setting, { routes }: Targets): Parameters<typeof unknownNotes>[3] {
  const { length } = names.models;
  return (model) => {
    const own = routes.flatMap((route, r) => (r % length === model && route !== null ? [route] : []));
    return {
      isAlone: own.some(({ family, quotaSource }) => family === "regional" && quotaSource === "family"),
      isLatencyOptimized: own.some(({ quotaSource }) => quotaSource === "latency-optimized"),
    };
  };
}

/** Account index of each class. */
function accountsOf({ traffic }: Pick<Scenario, "traffic">, { accounts }: Names): readonly number[] {
  return traffic.map((each) => accounts.indexOf(each.account));
}

/** Classes as their resolution takes them, with the targets that they may use. */
function demandOf({ scenario, names, problems }: Setting, { targets, routes }: Targets): ClassesInput {
  return {
    classes: scenario.traffic,
    modelNames: names.models,
    origins: scenario.world.network.origins,
    regionNames: names.regions,
    originNames: names.origins,
    directory: names.directory,
    targets,
    routes,
    startMs: startMsOf(scenario),
    problems,
  };
}

/** What is compared, and what each strategy may choose and pays for. */
interface Choices {
  readonly strategies: readonly StrategyPlan[];
  readonly labels: readonly string[];
  readonly baseline: number;
  readonly charges: readonly ReservedCharge[];
  readonly notes: readonly string[];
}

function resolveChoices(
  { scenario, inputs, names, problems }: Setting,
  { targets, routes, bought }: Targets,
  classes: readonly ClassPlan[],
): Choices {
  const { world } = scenario;
  const { prices } = inputs;
  const targetIds = targets.map((target) => target.id);
  const context = {
    targetIds,
    regionOfTarget: targets.map((target) => names.regions[target.region]!),
    classNames: scenario.traffic.map((each) => each.class),
  };
  const drafts = strategyDrafts(scenario, context, inputs.strategySources ?? {}, problems);
  const labels = drafts.map(({ plan }) => plan.name);
  const reserved = resolveReservedCharges({ world, prices, bought, targetIds, routes, strategies: drafts, problems });
  const { isWithheld, charges } = reserved;
  const { strategies, notes } = resolveStrategies({ drafts, classes, targetIds, isWithheld, problems });
  const { baseline: asked } = scenario;
  const baseline = asked === undefined ? 0 : problems.indexOf(asked, labels, "strategy", "baseline");
  return { strategies, labels, baseline, charges, notes };
}

function checkAssertions(
  { scenario, problems }: Setting,
  strategies: readonly StrategyPlan[],
  classes: readonly ClassPlan[],
): void {
  const known = { strategies: strategies.map((each) => each.name), classes: classes.map((each) => each.name) };
  scenario.assert.forEach((text, i) => {
    problems.attempt(() => parseAssertion(text, known), `assert[${i}]`);
  });
}

function pricesInput({ scenario, inputs, names, problems }: Setting, targets: Targets): ScheduleInput {
  return {
    scenario,
    models: scenario.world.models,
    prices: inputs.prices,
    recordedPrices: inputs.recordedPrices,
    targets,
    regions: names.directory,
    startMs: startMsOf(scenario),
    durationMs: durationMsOf(scenario),
    problems,
  };
}

function targetPlansOf({ targets, routes }: Targets, models: number): readonly TargetPlan[] {
  return targets.map(({ id, region, route, tier }, t) => ({
    id,
    region,
    route,
    isAsync: tier === "batch",
    calledIds: Array.from({ length: models }, (_, m) => routes[t * models + m]?.calledId ?? null),
  }));
}

function servicePlanOf(
  { scenario, names }: Setting,
  { targets, quotas }: Supply,
  faults: readonly FaultSpec[],
  { epochStartMs }: PriceSchedule,
): ServicePlan {
  return {
    startMs: startMsOf(scenario),
    durationMs: durationMsOf(scenario),
    regionNames: names.regions,
    modelCount: names.models.length,
    endpoints: targets.endpoints,
    quotas: quotas.quotas,
    reservations: targets.reservations,
    routes: quotas.routes,
    accountOfClass: accountsOf(scenario, names),
    faults,
    healthDelayMs: scenario.world.healthDelay,
    epochStartMs,
  };
}
