/**
 * What `meridian plan` found: each answer as figures, with the runs that it rests on, and intervals of figures that are read
 * from drawn traffic, the same figures of several replications put side by side.
 */
import { type Estimate, tInterval } from "../base/statistics.ts";
import type { LoadDuration, Reservation, ResidencyPrice } from "./commitments.ts";
import type { QuotaRequest } from "./quota-requests.ts";
import type { CapacityWorth, FrontierStep, Outcome, PoolStep, RouteOption } from "./routes.ts";
import type { Deferral, ProvisionedBreakEven, TierCost } from "./tiers.ts";

/** A saved run behind an answer. */
export interface EvidenceRun {
  /** How answers call it. */
  readonly label: "as it is" | "routes" | "quotas" | "reserved" | "residency" | "no residency";
  /** Id of the run, and where it is. */
  readonly run: string;
  readonly folder: string;
  /** What was changed against the scenario. */
  readonly about: string;
}

/** A way to route with how it came out. */
export interface RouteOutcome {
  readonly option: RouteOption;
  readonly outcome: Outcome;
}

export interface Advice {
  readonly scenario: string;
  /** Strategy that quotas are sized for: the one asked for, else what the run prefers, else its baseline. */
  readonly strategy: string;
  readonly isRecommended: boolean;
  /** Whose latency is shown. */
  readonly watchedClass: string;
  readonly replications: number;
  /** Half-width that intervals of runs were asked to come under, as a share; null where replications were fixed. */
  readonly precision: number | null;
  /** Part of the scenario's run that was simulated, and of how much. */
  readonly hours: number;
  readonly ofHours: number;
  readonly callsPerReplication: number;
  readonly headroom: number;
  readonly quotas: readonly QuotaRequest[];
  /** The strategy under the quotas asked for, by the rolling window; null where nothing is asked for. */
  readonly quotaCheck: Outcome | null;
  /** The strategies of the scenario. */
  readonly strategies: readonly Outcome[];
  readonly routes: readonly RouteOutcome[];
  readonly pool: { readonly steps: readonly PoolStep[]; readonly worthIt: number };
  /** Shadow prices of capacity under the strategy, from the run as it is; null where its bound has none. */
  readonly capacity: readonly CapacityWorth[] | null;
  /** Replications of the traffic behind what is read from list prices: deferrals to residency. */
  readonly demandReplications: number;
  readonly deferrals: readonly Ranged<Deferral, "usdPerMonth" | "savedUsd">[];
  readonly reservations: readonly Ranged<
    Reservation,
    "onDemandUsd" | "minimumUsd" | "bestUsd" | "moreUsd" | "lessUsd"
  >[];
  readonly loadDurations: readonly LoadDuration[];
  /**
   * Everything through one region with what pays reserved, or with the least that is sold; null where none is sold, and
   * where only a part of the run was simulated: a reservation is paid day and night.
   */
  readonly reservedCheck: { readonly bought: string; readonly without: Outcome; readonly outcome: Outcome } | null;
  readonly tiers: readonly Ranged<TierCost, "factor">[];
  readonly provisioned: readonly Ranged<ProvisionedBreakEven, "meanTpm" | "onDemandUsd" | "bestUsd" | "lessUsd">[];
  readonly residency: readonly Ranged<ResidencyPrice, "withRuleUsd" | "withoutRuleUsd" | "priceUsd">[];
  /** The class whose rule costs most, its calls each at the cheapest target in time; null where no rule costs anything. */
  readonly residencyCheck: { readonly className: string; readonly kept: Outcome; readonly dropped: Outcome } | null;
  readonly frontier: readonly FrontierStep[];
  readonly runs: readonly EvidenceRun[];
  /** What could not be compared, and why; what the answers assume. */
  readonly notes: readonly string[];
}

/** Mean over replications of the traffic with its 95 % interval (Student t), by figure. */
export type Ranges<K extends string> = Readonly<Record<K, Estimate>>;

/** Of the first replication, with its ranges; none where only one was counted. */
export type Ranged<T, K extends string> = T & { readonly ranges?: Ranges<K> };

/**
 * Joins what was found in several replications: the findings of the first, each with the ranges of its figures over all.
 *
 * @param byReplication what was found in each replication, the first leads; others lack what they have not found
 * @param keyOf   tells which findings are the same
 * @param figures by name; null where there is none
 * @returns as many as the first replication found, in its order
 * @example withRanges([[{ c: "a", usd: 1 }], [{ c: "a", usd: 3 }]], ({ c }) => c, { usd: ({ usd }) => usd })[0].ranges.usd.value // => 2
 */
export function withRanges<T extends object, K extends string>(
  byReplication: readonly (readonly T[])[],
  keyOf: (item: T) => string,
  figures: Readonly<Record<K, (item: T) => number | null>>,
): readonly Ranged<T, K>[] {
  const [first = [], ...others] = byReplication;
  if (others.length === 0) return first;
  return first.map((item) => {
    const same = byReplication.flatMap((found) => found.find((each) => keyOf(each) === keyOf(item)) ?? []);
    const names = Object.keys(figures) as K[];
    const ranges = Object.fromEntries(names.map((name) => [name, tInterval(same.map(figures[name]))])) as Ranges<K>;
    return { ...item, ranges };
  });
}

/** The range of a figure; the figure alone where it has none. */
export function rangeOr(range: Estimate | undefined, value: number | null): Estimate {
  return range ?? { value, low: null, high: null, n: value === null ? 0 : 1 };
}
