/** Makes a plan of a scenario: what is run, in which order, and what the answers are read from. */
import type { Advice, RouteOutcome } from "../../simulator/advice/advice.ts";
import { loadDurations } from "../../simulator/advice/commitments.ts";
import { type Demand, demandOf } from "../../simulator/advice/demand.ts";
import { type QuotaRequest, quotaEntryOf, quotaRequests } from "../../simulator/advice/quota-requests.ts";
import {
  capacityWorth,
  frontierOf,
  type Outcome,
  outcomeOf,
  regionsWorthIt,
  watchedClass,
} from "../../simulator/advice/routes.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { suggest } from "../../simulator/base/near-names.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import type { Override } from "../io/overrides.ts";
import { loadReference } from "../io/reference.ts";
import {
  checkReservation,
  checkResidency,
  demandsOf,
  type Labelled,
  type OutcomeOf,
  pricedAnswers,
  residencyAnswers,
} from "./priced.ts";
import { busiestDayCalls, type EvidenceOptions, EvidenceRuns, runSize } from "./run-evidence.ts";
import {
  change,
  onlyStrategies,
  plansWithoutRules,
  prepareChanged,
  type RoutesVariant,
  reservedFor,
  routesVariant,
  type Source,
} from "./variants.ts";

export interface PlanOptions extends EvidenceOptions {
  /** Strategy to size quotas for; the run's preference unless given. */
  readonly strategy: string | undefined;
  /** Asked for above the need, as a share. */
  readonly headroom: number;
  /** Requests to simulate in all, about: sets replications, and cuts the run where one replication is more. */
  readonly budget: number;
  /** Replications asked for on the command line. */
  readonly replications: number | undefined;
  /** Tokens a minute that a model unit of provisioned throughput serves, where the user knows. */
  readonly unitTpm: number | undefined;
}

/** @throws MeridianError of the scenario, STRATEGY_NOT_IN_SCENARIO, INTERRUPTED */
export async function makePlan(source: Source, options: PlanOptions): Promise<Advice> {
  const own = await prepareChanged(source, []);
  const { plan } = own.inputs;
  checkStrategy(plan, options.strategy);
  const whole = demandOf(plan);
  const variant = await routesVariant(source, own);
  const strategiesRun = plan.strategies.length + new Set(variant.runAs.values()).size;
  const size = runSize(whole, plan, strategiesRun, { ...options, isPrecise: options.precision !== undefined });
  const sized: Source = { file: source.file, overrides: [...source.overrides, ...size.changes] };
  const runs = new EvidenceRuns(options);
  const labelled = (label: string, changes: readonly Override[]) => (replications?: number) =>
    prepareChanged(sized, [
      change(["name"], `${plan.name.slice(0, 38)}-${label}`),
      ...changes,
      ...(replications === undefined ? [] : [change(["replications"], replications)]),
    ]);
  const { asIs, routed } = await firstRuns(runs, labelled, variant);
  const chosen = chosenStrategy(asIs, options.strategy);
  const watched = watchedClass(asIs);
  const outcome = (label: string, result: RunResult, name: string) =>
    outcomeOf(label, result, result.strategies.find((each) => each.name === name)!, watched);
  const quotas = await quotaAnswers({
    runs,
    labelled,
    own,
    sized,
    isPart: size.isPart,
    whole,
    asIs,
    chosen,
    outcome,
    options,
  });
  const routes = routeOutcomes(variant, (name) => outcome("routes", routed, name));
  const planned = await plannedBuys({
    source,
    runs,
    labelled,
    variant,
    whole,
    outcome,
    routed: size.isPart ? null : routed,
    unitTpm: options.unitTpm,
  });
  const steps = routes.flatMap(({ option, outcome: each }) =>
    option.regions === undefined ? [] : [{ regions: option.regions, outcome: each }],
  );
  const strategies = asIs.strategies.map(({ name }) => outcome("as it is", asIs, name));
  return {
    scenario: plan.name,
    strategy: chosen,
    isRecommended: asIs.recommended === chosen,
    watchedClass: watched,
    replications: asIs.replications.done,
    precision: options.precision?.precision ?? null,
    hours: size.hours,
    ofHours: whole.minutes / 60,
    headroom: options.headroom,
    ...quotas,
    strategies,
    routes,
    pool: { steps, worthIt: regionsWorthIt(steps) },
    ...planned,
    frontier: frontierOf([...strategies, ...routes.map((each) => each.outcome)]),
    runs: runs.saved,
    notes: notesOf(variant, asIs),
  };
}

/** Every name of a way to route, with the outcome of the strategy that was run for it. */
function routeOutcomes({ options, runAs }: RoutesVariant, of: (strategy: string) => Outcome): readonly RouteOutcome[] {
  return options.map((option) => ({ option, outcome: { ...of(runAs.get(option.name)!.name), strategy: option.name } }));
}

/** The scenario's own strategies, and every way to route. */
async function firstRuns(runs: EvidenceRuns, labelled: Labelled, variant: RoutesVariant) {
  const asIs = await runs.run({
    label: "as it is",
    isSizing: true,
    about: "the scenario's own strategies",
    prepare: labelled("plan", [change(["assert"], [])]),
  });
  const routed = await runs.run({
    label: "routes",
    isSizing: false,
    about: "one region, its profiles, batch and more regions, each class by its own list",
    prepare: labelled("routes", variant.changes),
  });
  return { asIs, routed };
}

/** What is left out, what is taken as without limit, and what the runs assume. */
function notesOf({ notes, experiment: { inputs } }: RoutesVariant, { assumptions = [] }: RunResult): readonly string[] {
  const { world, targets, regionNames } = inputs.plan;
  const isLimited = ({ region }: { readonly region: number }) => world.quotas.some((quota) => quota.region === region);
  const free = [...new Set(targets.filter((each) => !isLimited(each)).map(({ region }) => regionNames[region]!))];
  return [
    ...notes,
    ...(world.quotas.length > 0 && free.length > 0
      ? [`No quota is set in ${free.join(", ")}: calls there are taken as without limit.`]
      : []),
    ...(assumptions.length > 0 ? [`The runs assume ${assumptions.join("; ")}.`] : []),
  ];
}

/** What to ask for under the strategy that was chosen, how it does with that, and what more capacity would be worth. */
async function quotaAnswers(input: {
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly own: { readonly plain: unknown };
  readonly sized: Source;
  readonly isPart: boolean;
  readonly whole: Demand;
  readonly asIs: RunResult;
  readonly chosen: string;
  readonly outcome: OutcomeOf;
  readonly options: PlanOptions;
}): Promise<Pick<Advice, "quotas" | "quotaCheck" | "capacity" | "callsPerReplication">> {
  const { sized, isPart, whole, asIs, chosen, options } = input;
  const { quotas: data, models } = await loadReference();
  const { plan } = (await prepareChanged(sized, [])).inputs;
  const { calls } = isPart ? demandOf(plan) : whole;
  const strategy = asIs.strategies.find(({ name }) => name === chosen)!;
  const quotas = quotaRequests(plan, asIs, strategy, {
    data,
    names: models.nameOf,
    dayOverSimulated: isPart ? busiestDayCalls(whole) / Math.max(1, calls) : undefined,
    headroom: options.headroom,
  });
  const quotaCheck = await checkQuotas({ ...input, quotas });
  return { quotas, quotaCheck, capacity: capacityWorth(asIs, strategy), callsPerReplication: calls };
}

/** Tries the quotas that are to be asked for, by the strictest law, before they are asked for. */
async function checkQuotas(input: {
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly own: { readonly plain: unknown };
  readonly quotas: readonly QuotaRequest[];
  readonly chosen: string;
  readonly outcome: OutcomeOf;
}): Promise<Outcome | null> {
  const { runs, labelled, own, quotas, chosen, outcome } = input;
  if (quotas.length === 0) return null;
  const { world, strategies } = own.plain as {
    readonly world: { readonly quotas?: readonly object[] };
    readonly strategies: readonly unknown[];
  };
  const entries = [...(world.quotas ?? []), ...quotas.map(quotaEntryOf)];
  const kept = strategies.filter((each) => labelOf(each) === chosen);
  const result = await runs.run({
    label: "quotas",
    isSizing: false,
    about: `${chosen} under the quotas to ask for, by the rolling window`,
    prepare: labelled("quotas", [
      change(["world", "quotas"], entries),
      ...onlyStrategies(kept as object[], reservedFor(own.plain, [chosen])),
    ]),
  });
  return outcome("quotas", result, chosen);
}

/** A strategy's label, as the scenario file writes the strategy: a name, or its kind. */
function labelOf(strategy: unknown): string {
  if (typeof strategy === "string") return strategy;
  const { name, ...rest } = strategy as { readonly name?: string };
  return name ?? Object.keys(rest)[0] ?? "";
}

type Bought =
  | "demandReplications"
  | "deferrals"
  | "reservations"
  | "loadDurations"
  | "reservedCheck"
  | "tiers"
  | "provisioned"
  | "residency"
  | "residencyCheck";

/** What is bought ahead or later: reservations, batch, and what residency costs. */
async function plannedBuys(input: {
  readonly source: Source;
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly variant: RoutesVariant;
  /** Null where a part of the run was simulated. */
  readonly routed: RunResult | null;
  readonly whole: Demand;
  readonly outcome: OutcomeOf;
  readonly unitTpm: number | undefined;
}): Promise<Pick<Advice, Bought>> {
  const { source, runs, labelled, variant, routed, whole: demand, outcome } = input;
  const plan = (await prepareChanged(source, variant.changes)).inputs.plan;
  const home = variant.options[0]!;
  const targetOf = Object.fromEntries(Object.entries(home.targets).map(([name, list]) => [name, list[0] ?? ""]));
  const { prices } = await loadReference();
  const demands = demandsOf(plan, demand);
  const priced = pricedAnswers({ plan, demands, prices, targetOf, unitTpm: input.unitTpm });
  const reservable = priced.reservations;
  const { loadLinearSolver } = await import("../io/lp.ts");
  const without = await plansWithoutRules(source, variant);
  const residency = without.size === 0 ? [] : residencyAnswers(plan, demands, without, await loadLinearSolver());
  return {
    demandReplications: demands.length,
    ...priced,
    loadDurations: loadDurations({ plan, demand, prices, targetOf }).filter(({ target }) =>
      reservable.some((each) => each.target === target),
    ),
    reservedCheck:
      routed === null
        ? null
        : await checkReservation({ runs, labelled, variant, targetOf, reservable, routed, outcome }),
    residency,
    residencyCheck: await checkResidency({ runs, labelled, variant, residency }),
  };
}

function checkStrategy(plan: Plan, asked: string | undefined): void {
  const labels = plan.strategies.map(({ name }) => name);
  if (asked === undefined || labels.includes(asked)) return;
  throw new MeridianError("usage", {
    code: "STRATEGY_NOT_IN_SCENARIO",
    what: `the scenario has no strategy "${asked}"`,
    where: `--strategy ${asked}`,
    fix: suggest(asked, labels),
  });
}

function chosenStrategy(result: RunResult, asked: string | undefined): string {
  return asked ?? result.recommended ?? result.verdictStrategies?.[0] ?? result.baseline;
}
