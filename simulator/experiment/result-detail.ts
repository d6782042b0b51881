/**
 * Details of `result.json`: how strategies stand, what quotas are asked for, tokens on the bill, savings at other prices, the
 * bound of a run, and decisions that `--explain` found.
 */
import type { Estimate } from "../base/statistics.ts";

/** The billing rules that every run is priced under, side by side. */
export type BillingRuleName = "source" | "destination" | "lowest-cost";

/** A strategy on its own: does it serve, and does it keep what was promised to each class? */
export interface Standing {
  readonly strategy: string;
  /** From best to worst; a strategy is never preferred to one that stands better. */
  readonly level: StandingLevel;
  /** Why it does not stand better, a phrase; null where it keeps every objective. */
  readonly reason: string | null;
  readonly classes: readonly ClassStanding[];
}

export type StandingLevel = "keeps objectives" | "misses objectives" | "fails requests" | "unstable";

export interface ClassStanding {
  readonly name: string;
  /** Of all its requests, failed ones counted as outside; null where the class has no objective. */
  readonly withinShare: number | null;
  /** Share that is asked for. */
  readonly targetShare: number;
  /** Null where the class has no objective, or nothing was sent. */
  readonly isKept: boolean | null;
  readonly failedShare: number | null;
}

/** What the calls of one replication ask of a quota, or of a region, model and route without one. */
export interface QuotaNeed {
  /** The quota's id, or region/model/route where none is set. */
  readonly id: string;
  readonly limitTokensPerMinute: number | null;
  readonly law: string | null;
  /** Calls that are counted, a throttled one and its retries as one; and those beyond what is kept. */
  readonly calls: number;
  readonly callsLeftOut: number;
  /** Under each window law. */
  readonly laws: readonly {
    readonly law: string;
    /** Most tokens that the calls of one minute reserve when they start, and settle to when they end. */
    readonly busiestReserved: number;
    readonly busiestSettled: number;
    /** ms since the run's start. */
    readonly busiestFromMs: number;
    /** Tokens per minute: at most 1 % of the calls are throttled. */
    readonly smallestLimit: number;
  }[];
  /** Share of the busiest minute's reservations. */
  readonly byClass: readonly { readonly name: string; readonly share: number }[];
  /** What max_tokens at what 99 % of a class's answers need would make of the busiest minute. */
  readonly explicitMaxTokens: {
    readonly byClass: readonly { readonly name: string; readonly tokens: number }[];
    readonly busiestReserved: number;
  };
  /** Only of runs that a plan was asked of. */
  readonly detail?: QuotaNeedDetail;
}

/** What a request for a quota has to say besides tokens per minute. */
export interface QuotaNeedDetail {
  /** Most calls that begin within any 60 s. */
  readonly busiestCalls: number;
  /** The UTC day with most tokens, settled, and the part of that day that the run covers, in (0, 1]. */
  readonly busiestDay: { readonly settled: number; readonly coveredShare: number };
  /** Were max_tokens not set, so that each call reserved its model's largest answer: by the rolling window. */
  readonly unset: { readonly busiestReserved: number; readonly smallestLimit: number };
  /** With the max_tokens of `explicitMaxTokens`: by the rolling window. */
  readonly explicit: { readonly busiestReserved: number; readonly smallestLimit: number };
  /** Of each replication that was counted: the largest of the laws' smallest limits, the others, and tokens of a day. */
  readonly byReplication?: readonly {
    readonly smallestLimit: number;
    readonly unset: number;
    readonly explicit: number;
    readonly settledADay: number;
  }[];
}

/** One kind of token on a strategy's bill, over all replications. */
export interface TokenLine {
  readonly kind: string;
  readonly tokens: number;
  /** Exact decimal USD: the lines add up to the bill without routing fee and reserved capacity. */
  readonly usd: Readonly<Record<BillingRuleName, string>>;
}

/** What would be saved at other prices, the requests routed as they were. */
export interface PriceReading {
  /** `list prices`, or a reading of the scenario's swing. */
  readonly name: string;
  /** Closed form of the most that price routing can save over evenly spread regions; null where there is none. */
  readonly ceilingShare: number | null;
  /** Of the baseline's bill: all its tokens at the cheapest legal price of their hour, quotas and capacity without limit. */
  readonly hindsightShare: Estimate;
  /** 1 - cost per served request / the baseline's, by strategy but the baseline. */
  readonly savings: readonly {
    readonly strategy: string;
    readonly savingShare: Readonly<Record<BillingRuleName, Estimate>>;
  }[];
}

/** What a residency rule means in this run's world. */
export interface ResidencySummary {
  /** Regions of the world in which the class's data may be. */
  readonly regions: readonly string[];
  readonly targets: readonly {
    readonly target: string;
    readonly legal: boolean;
    /** Why it is not. */
    readonly reason: string | null;
  }[];
}

export interface AssertionResult {
  readonly text: string;
  readonly passed: boolean;
  /** What was found, as a phrase with numbers. */
  readonly found: string;
}

export interface RegionPriceHours {
  readonly region: string;
  /** Price over list price for each UTC hour of the run. */
  readonly factor: readonly number[];
  /** List price of the first model of the scenario. */
  readonly inputUsdPerMTok: number;
  readonly outputUsdPerMTok: number;
}

/** Answers that did not end as they should, within the counts of a group. Each is left out where it is 0. */
export interface InterruptedCounts {
  /** Of `failed`: the last answer had begun and broke off. */
  readonly broken: number;
  /** Of `timedOut`: no byte came within the client's limit for the first one or between two. */
  readonly idle: number;
  /** Of `failed`: the last answer was 200 without content. */
  readonly empty: number;
  readonly attemptsBroken: number;
  /** Of `attemptsTimedOut`. */
  readonly attemptsIdle: number;
  readonly attemptsEmpty: number;
}

/** Latency of one class's served requests. */
export interface ClassLatency {
  readonly name: string;
  /** From hour 0 on. */
  readonly hours: readonly {
    readonly served: number;
    readonly e2eMsP95: Estimate;
    readonly ttftMsP95: Estimate;
  }[];
  /** ms within which a share of its requests ends. */
  readonly e2eDistribution: readonly { readonly share: number; readonly ms: number }[];
}

/** In runs of several classes. */
export interface ClassLatencies {
  /** In the run's order of classes. */
  readonly classLatency?: readonly ClassLatency[];
}

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

export interface ExplainedDecisions {
  readonly replication: number;
  readonly requests: readonly ExplainedRequest[];
}

/** One sampled request under every strategy. */
export interface ExplainedRequest {
  readonly request: number;
  readonly class: string;
  readonly origin: string;
  readonly arrivedAt: string;
  readonly inputTokens: number;
  /** The caller's max_tokens, or the model's maximum where unset. */
  readonly maxTokens: number;
  readonly strategies: readonly ExplainedChoice[];
}

/** The first decision of one strategy about a request. */
export interface ExplainedChoice {
  readonly strategy: string;
  /** ms from the arrival to the decision. */
  readonly decidedAfterMs: number;
  /** Id of the target; `later` or `refused` where the strategy put it off or refused it. */
  readonly chosen: string;
  readonly targets: readonly SeenTarget[];
  /** What came of each target when the first attempt was sent there, the strategy's own choice among them. */
  readonly outcomes: readonly WhatIf[];
  /** The target that hindsight would have chosen: served first, then within the objective, then cheaper, then faster. */
  readonly hindsight: string;
}

/** What the strategy could see of an eligible target; null for what it does not ask for or does not know yet. */
export interface SeenTarget {
  readonly target: string;
  readonly score: number | null;
  readonly priceInUsdPerMTok: number | null;
  readonly priceOutUsdPerMTok: number | null;
  readonly rttMs: number | null;
  readonly inFlight: number;
  readonly e2eMsMean: number | null;
  readonly e2eMsP95: number | null;
  readonly ttftMsMean: number | null;
  readonly failureShare: number | null;
  readonly throttleShare: number | null;
  readonly quotaHeadroom: number | null;
}

/** The request's own end in a run in which its first attempt went to this target. */
export interface WhatIf {
  readonly target: string;
  readonly end: string;
  /** From the arrival to the end, ms. */
  readonly e2eMs: number;
  readonly costUsd: number;
  readonly attempts: number;
  /** Null where its class has no objective. */
  readonly isWithinObjective: boolean | null;
}
