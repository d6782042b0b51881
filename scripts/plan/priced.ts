/** What a plan reads from list prices and the tokens of its traffic: each figure over several replications of it. */
import { type Advice, withRanges } from "../../simulator/advice/advice.ts";
import {
  type Reservation,
  type ReservationsInput,
  reservations,
  residencyPrices,
} from "../../simulator/advice/commitments.ts";
import { type Demand, demandOf } from "../../simulator/advice/demand.ts";
import { deferrals, provisionedBreakEvens, tierCosts } from "../../simulator/advice/tiers.ts";
import type { LinearSolver } from "../../simulator/base/linear-programme.ts";
import { toNumber } from "../../simulator/bill/bill-line.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";

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
  const { plan, targetOf } = rest;
  const each = <T>(find: (demand: Demand) => T) => demands.map(find);
  return {
    deferrals: withRanges(
      each((demand) => deferrals(plan, demand, targetOf)),
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
