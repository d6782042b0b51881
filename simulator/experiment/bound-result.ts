/** The shape of a run's bound in `result.json`. */
import type { Estimate } from "../base/statistics.ts";

/**
 * A strategy against the least that its served requests could have cost, with foresight: means over replications, USD
 * of tokens under the run's billing rule. regret = wasted + placement + timing.
 */
export interface StrategyBound {
  readonly strategy: string;
  readonly costUsd: Estimate;
  readonly boundUsd: Estimate;
  /** Cost - bound; never negative while deadlines are met. */
  readonly regretUsd: Estimate;
  /** Regret over the bound; of replications in which the least possible costs nothing, and the strategy something, none. */
  readonly regretShare: Estimate;
  /** Of tokens that were billed and reached no caller. */
  readonly wastedUsd: Estimate;
  /** Above the best choice of targets in the hours in which requests were sent. */
  readonly placementUsd: Estimate;
  /** What putting deferrable work off could have saved beside that. */
  readonly timingUsd: Estimate;
  /** What quotas, reservations and capacity cost even with foresight: part of the bound, not of the regret. */
  readonly limitsUsd: Estimate;
  readonly byClass: readonly { readonly name: string; readonly regretUsd: Estimate }[];
  /** By UTC hour of the run: wasted and placement, mean USD. */
  readonly byHour: readonly number[];
  /** Quotas that cost something even with foresight: what one more million tokens a minute would have saved. */
  readonly quotas: readonly { readonly id: string; readonly usdPerMillionTokensPerMinute: number }[];
  /** Endpoints whose capacity costs something even with foresight: what a tenth more of it would have saved. */
  readonly endpoints?: readonly { readonly id: string; readonly usdPerTenthMore: number }[];
}

/** What a plan that knew the traffic came to when it was simulated. */
export interface ForesightOutcome {
  readonly name: string;
  readonly usdPer1kServed: Estimate;
  readonly failedShare: number;
  /** Share of the requests with an objective that met it; null where there are none. */
  readonly withinShare: number | null;
}

/** The least cost that is known to be possible where a strategy's requests are served as well as it serves them. */
export interface ReachedCost {
  readonly strategy: string;
  /** The plan, or the strategy of the run, that reached it. */
  readonly by: string;
  readonly usdPer1kServed: Estimate;
  /** Over the strategy's bound: the true optimum lies between the two. */
  readonly aboveBoundShare: Estimate;
}

export interface ForesightSummary {
  /** That were planned, from the first on. */
  readonly replications: number;
  readonly plans: readonly ForesightOutcome[];
  /** Aligned with the bound's strategies. */
  readonly reached: readonly ReachedCost[];
}

/** The bound of a run: see docs/model/bound.md. */
export interface BoundSummary {
  /** In the scenario's order; empty where none can be stated. */
  readonly strategies: readonly StrategyBound[];
  /** Why no bound can be stated; null where it is. */
  readonly missing: string | null;
  /** True where no solver was at hand: quotas and capacity are not counted where they bind. */
  readonly isWithoutLimits?: boolean;
  /** Left out unless asked for (`--foresight`). */
  readonly foresight?: ForesightSummary;
}
