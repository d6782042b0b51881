/**
 * What a plan says of buying: what list prices make of the traffic's tokens, each figure over several replications of it; and
 * what is promised for money, simulated: capacity that is reserved, data that stay where a rule wants them.
 */
import { type Advice, withRanges } from "../../simulator/advice/advice.ts";
import {
  FREE_USD,
  type Reservation,
  type ReservationsInput,
  type ResidencyPrice,
  reservations,
  residencyPrices,
} from "../../simulator/advice/commitments.ts";
import { type Demand, demandOf } from "../../simulator/advice/demand.ts";
import { type Outcome, outcomeOf } from "../../simulator/advice/routes.ts";
import { deferrals, provisionedBreakEvens, tierCosts } from "../../simulator/advice/tiers.ts";
import type { LinearSolver } from "../../simulator/base/linear-programme.ts";
import { toNumber } from "../../simulator/bill/bill-line.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { RESERVED_MINIMUM_TPM } from "../../simulator/service/pricing/reserved.ts";
import type { Override } from "../io/overrides.ts";
import type { EvidenceRuns } from "./run-evidence.ts";
import { change, onlyStrategies, type prepareChanged, type RoutesVariant } from "./variants.ts";

/** Calls that are drawn for intervals, about. */
const CALLS_MAX = 6_000_000;
/** An interval over two is six times as wide as one over three; more than five would add little. */
const DEMANDS_MIN = 3;
const DEMANDS_MAX = 5;

/** The traffic of the first replication, which has been drawn, and of some others. */
export function demandsOf(plan: Plan, first: Demand): readonly Demand[] {
  const fits = Math.floor(CALLS_MAX / Math.max(1, first.calls));
  // Of so many calls two tell enough, and a third would take as long as a run.
  const least = first.calls > 2 * CALLS_MAX ? 2 : DEMANDS_MIN;
  const n = Math.max(least, Math.min(DEMANDS_MAX, fits));
  return [first, ...Array.from({ length: n - 1 }, (_, i) => demandOf(plan, i + 1))];
}

type Priced = "deferrals" | "reservations" | "tiers" | "provisioned";

export interface PricedInput extends Omit<ReservationsInput, "demand"> {
  readonly demands: readonly Demand[];
  readonly unitTpm: number | undefined;
}

export function pricedAnswers({ demands, unitTpm, ...rest }: PricedInput): Pick<Advice, Priced> {
  const each = <T>(find: (demand: Demand) => T) => demands.map(find);
  return {
    deferrals: withRanges(
      each((demand) => deferrals({ ...rest, demand })),
      ({ className }) => className,
      {
        usdPerMonth: ({ usdPerMonth }) => usdPerMonth,
        savedUsd: ({ usdPerMonth, savingShare }) =>
          usdPerMonth === null || savingShare === null ? null : usdPerMonth * savingShare,
      },
    ),
    reservations: withRanges(
      each((demand) => reservations({ ...rest, demand })),
      ({ target, model, termMonths }) => JSON.stringify([target, model, termMonths]),
      {
        onDemandUsd: ({ onDemandUsd }) => toNumber(onDemandUsd),
        minimumUsd: ({ minimumUsd }) => toNumber(minimumUsd),
        bestUsd: ({ bestUsd }) => (bestUsd === undefined ? null : toNumber(bestUsd)),
        moreUsd: ({ minimumUsd, onDemandUsd }) => toNumber(minimumUsd - onDemandUsd),
        lessUsd: lessOf,
      },
    ),
    tiers: withRanges(
      each((demand) => tierCosts({ ...rest, demand })),
      ({ tier }) => tier,
      { factor: ({ factor }) => factor },
    ),
    provisioned: withRanges(
      each((demand) => provisionedBreakEvens({ ...rest, demand }, unitTpm)),
      ({ model, region, term }) => JSON.stringify([model, region, term]),
      {
        meanTpm: ({ meanTpm }) => meanTpm,
        onDemandUsd: ({ onDemandUsd }) => onDemandUsd,
        bestUsd: ({ best }) => best?.usd ?? null,
        lessUsd: ({ onDemandUsd, best }) => (best === undefined ? null : onDemandUsd - best.usd),
      },
    ),
  };
}

function lessOf({ onDemandUsd, bestUsd }: Reservation): number | null {
  return bestUsd === undefined ? null : toNumber(onDemandUsd - bestUsd);
}

/** @param without at least one: the plan with one class's rule dropped, by class */
export function residencyAnswers(
  plan: Plan,
  demands: readonly Demand[],
  without: ReadonlyMap<string, Plan>,
  solve: LinearSolver,
): Advice["residency"] {
  return withRanges(
    demands.slice(0, DEMANDS_MIN).map((demand) => residencyPrices(plan, demand, without, solve)),
    ({ className }) => className,
    {
      withRuleUsd: ({ withRuleUsd }) => withRuleUsd,
      withoutRuleUsd: ({ withoutRuleUsd }) => withoutRuleUsd,
      priceUsd: ({ withRuleUsd, withoutRuleUsd }) =>
        withRuleUsd === null || withoutRuleUsd === null ? null : withRuleUsd - withoutRuleUsd,
    },
  );
}

/** Prepares the scenario with changes, under a label. */
export type Labelled = (
  label: string,
  changes: readonly Override[],
) => (replications?: number) => ReturnType<typeof prepareChanged>;
/** The figures of one strategy of a run. */
export type OutcomeOf = (label: string, result: RunResult, name: string) => Outcome;

/** A ceiling where a class has no objective: long enough for any answer, short enough to notice one that never comes. */
const IN_TIME_MS = 60_000;

/** Tries the reservation that saves most, or loses least. */
export async function checkReservation(input: {
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly variant: RoutesVariant;
  readonly targetOf: Readonly<Record<string, string>>;
  readonly reservable: readonly Reservation[];
  readonly routed: RunResult;
  readonly outcome: OutcomeOf;
}): Promise<Advice["reservedCheck"]> {
  const { runs, labelled, variant, targetOf, reservable, routed, outcome } = input;
  const gain = (each: Reservation) => Number(each.onDemandUsd - (each.bestUsd ?? each.minimumUsd));
  const best = reservable.toSorted((a, b) => gain(b) - gain(a))[0];
  if (best === undefined) return null;
  const tpm = (kind: "input" | "output") =>
    best.bestUsd === undefined ? RESERVED_MINIMUM_TPM[kind] : best.kinds.find((each) => each.kind === kind)!.bestTpm;
  const [, route] = best.target.split("/");
  const entry = {
    region: best.region,
    model: best.model,
    inputTokensPerMinute: tpm("input"),
    outputTokensPerMinute: tpm("output"),
    term: `${best.termMonths}m`,
    routing: best.routing,
    ...(route === undefined ? {} : { route }),
  };
  const lists = Object.fromEntries(
    Object.entries(targetOf).map(([name, target]) => [
      name,
      [best.classes.includes(name) ? `${target}@reserved` : target],
    ]),
  );
  const strategy = { name: "reserved", "by-class": { targets: lists, cooldown: "0s" } };
  const result = await runs.run({
    label: "reserved",
    isSizing: false,
    about: `one region with ${entry.inputTokensPerMinute} input and ${entry.outputTokensPerMinute} output tokens a minute reserved for ${best.termMonths} months`,
    prepare: labelled("reserved", [
      ...variant.changes,
      change(["world", "reserved"], [entry]),
      ...onlyStrategies([strategy]),
    ]),
  });
  return {
    bought: `${entry.inputTokensPerMinute.toLocaleString("en-US")} input and ${entry.outputTokensPerMinute.toLocaleString("en-US")} output tokens a minute of ${best.model} in ${best.region}, ${best.termMonths} months`,
    without: outcome("routes", routed, variant.runAs.get(variant.options[0]!.name)!.name),
    outcome: outcome("reserved", result, "reserved"),
  };
}

/** Simulates the rule that costs most, and the same without it. */
export async function checkResidency(input: {
  readonly runs: EvidenceRuns;
  readonly labelled: Labelled;
  readonly variant: RoutesVariant;
  readonly residency: Advice["residency"];
}): Promise<Advice["residencyCheck"]> {
  const { runs, labelled, variant, residency } = input;
  const price = ({ withRuleUsd, withoutRuleUsd }: ResidencyPrice) => (withRuleUsd ?? 0) - (withoutRuleUsd ?? 0);
  const priced = residency.filter((each) => each.withRuleUsd !== null && each.withoutRuleUsd !== null);
  const dearest = priced.filter((each) => price(each) >= FREE_USD).toSorted((a, b) => price(b) - price(a))[0];
  if (dearest === undefined) return null;
  const { className } = dearest;
  const { classes } = variant.experiment.inputs.plan;
  const c = classes.findIndex(({ name }) => name === className);
  const inTimeMs = Math.max(...classes.map(({ sloE2eMs }) => (Number.isFinite(sloE2eMs) ? sloE2eMs : IN_TIME_MS)));
  const strategy = { name: "cheapest in time", "cheapest-within": { p95: `${inTimeMs}ms` } };
  const changes = [...variant.changes, ...onlyStrategies([strategy])];
  const outcome = (label: string, result: RunResult) => outcomeOf(label, result, result.strategies[0]!, className);
  const kept = await runs.run({
    label: "residency",
    isSizing: false,
    about: `each call at the cheapest target that is in time, the rule of ${className} kept`,
    prepare: labelled("residency", changes),
  });
  const dropped = await runs.run({
    label: "no residency",
    isSizing: false,
    about: `the same without the rule of ${className}`,
    prepare: labelled("no-residency", [...changes, change(["traffic", c, "residency"], undefined)]),
  });
  return { className, kept: outcome("residency", kept), dropped: outcome("no residency", dropped) };
}
