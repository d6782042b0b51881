/** The shape of `result.json`. */
import type { Estimate } from "../base/statistics.ts";
import type { SessionCounts } from "../engine/sessions.ts";
import type * as detail from "./result-detail.ts";

export type { Estimate } from "../base/statistics.ts";
export type {
  AssertionResult,
  BillingRuleName,
  ClassStanding,
  PriceReading,
  QuotaNeed,
  RegionPriceHours,
  ResidencySummary,
  Standing,
  StandingLevel,
  TokenLine,
} from "./result-detail.ts";

/**
 * The run record's `result.json`: one shape for a simulated and for a measured run. Everything a report, a gate in
 * CI or another tool shows is in here or derived from here. Additive changes keep the version; others raise it.
 *
 * Units are in the names. Shares are in [0, 1]. `null` stands for "does not exist" (no served request, too few
 * samples), never for zero. Regions, classes, targets and hours are referred to by name or by UTC hour index.
 */
export const RESULT_SCHEMA_VERSION = 1;

/** Latency of served requests from intended arrival, over all attempts and waits. */
export interface LatencySummary {
  readonly mean: Estimate;
  readonly p50: Estimate;
  readonly p95: Estimate;
  readonly p99: Estimate;
  /** Largest value of any replication. */
  readonly max: number | null;
  /** Served requests over all replications. */
  readonly count: number;
}

/**
 * How requests ended, summed over replications. Conservation holds in every run:
 * sent = served + throttled + refused + timedOut + abandoned + failed + residencyRefused + inFlight.
 */
export interface Counts extends Partial<detail.InterruptedCounts> {
  readonly sent: number;
  readonly served: number;
  /** Gave up on a quota answer (429). */
  readonly throttled: number;
  /** Gave up on a capacity answer (503, full waiting room). */
  readonly refused: number;
  /** The client's time limit ended it. */
  readonly timedOut: number;
  /** Left a queue after its patience ran out. */
  readonly abandoned: number;
  /** Any other final failure (region down, injected error). */
  readonly failed: number;
  /** No legal target under the class's residency rule. */
  readonly residencyRefused: number;
  /** Served requests that ran where their class's rule forbids it, counted from where they ran. Not an end of its own. */
  readonly residencyViolations: number;
  /** Not ended when the run was cut off. */
  readonly inFlight: number;
  readonly attempts: number;
  readonly attemptsThrottled: number;
  readonly attemptsUnavailable: number;
  /** Given up by their caller after its limit for an attempt; the service went on with them, and billed. */
  readonly attemptsTimedOut: number;
  /** Requests with more than one attempt. */
  readonly retried: number;
  /** Served requests that waited in a server's queue. */
  readonly waited: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface CostSummary {
  readonly totalUsd: Estimate;
  readonly usdPer1kServed: Estimate;
  /**
   * The bill of 30.4 days (730 h) that are like the counted time. Of a strategy's total and its classes; left out where
   * the counted time is not known.
   */
  readonly usdPerMonth?: Estimate;
  /** Part of the total that is the routing fee. */
  readonly routingFeeUsd: Estimate;
  /**
   * Part of the total that is reserved capacity, paid by the hour, used or not. In a strategy's total only: groups of
   * requests have their tokens' cost. Left out where the strategy holds none.
   */
  readonly reservedUsd?: Estimate;
  /** 1 - cost per served request / the baseline's, paired by replication; null for the baseline itself. */
  readonly savingShare: Estimate | null;
}

/** One group of requests: all of a strategy's, or those of a class, region or hour. */
export interface GroupResult {
  readonly counts: Counts;
  readonly e2eMs: LatencySummary;
  readonly ttftMs: LatencySummary;
  /** From intended arrival to the start of the service that succeeded: queues, backoffs, failed attempts, the way there. */
  readonly queueWaitMs: LatencySummary;
  /** Of attempts: answered 429. */
  readonly throttledAttemptShare: Estimate;
  /** Of attempts: answered 503. */
  readonly unavailableAttemptShare: Estimate;
  readonly timedOutAttemptShare: Estimate;
  /** Of requests: not served in the end, for whatever reason. */
  readonly failedShare: Estimate;
  readonly retriedShare: Estimate;
  readonly attemptsPerRequest: Estimate;
  /** Of served requests: had to wait in a queue. */
  readonly waitedShare: Estimate;
  /** Of requests with an objective: served within it. */
  readonly goodputShare: Estimate;
  /** Of all the strategy's requests: in this group. */
  readonly trafficShare: Estimate;
  readonly cost: Readonly<Record<detail.BillingRuleName, CostSummary>>;
}

export interface NamedGroup extends GroupResult {
  readonly name: string;
}

/** A whole UTC hour of the run; hour 0 begins at the run's start. */
export interface HourGroup extends GroupResult {
  readonly hour: number;
  /** ISO instant at which the hour begins. */
  readonly startsAt: string;
}

/** One (region, hour) cell: for heatmaps. Sums over replications. */
export interface RegionHourCell {
  readonly region: string;
  readonly hour: number;
  readonly attempts: number;
  readonly attemptsThrottled: number;
  readonly attemptsUnavailable: number;
  readonly served: number;
}

/** The few numbers of one replication that paired comparisons and scatter plots need. */
export interface ReplicationPoint {
  readonly replication: number;
  readonly e2eMsP50: number | null;
  readonly e2eMsP95: number | null;
  readonly e2eMsP99: number | null;
  readonly ttftMsP95: number | null;
  readonly throttledAttemptShare: number | null;
  readonly failedShare: number | null;
  /** Exact decimal USD: the sum of request costs, and of reserved capacity where the strategy holds any. */
  readonly billUsd: Readonly<Record<detail.BillingRuleName, string>>;
  readonly usdPer1kServed: Readonly<Record<detail.BillingRuleName, number | null>>;
  /** By class, in the run's order: for paired comparisons of one class. */
  readonly byClass?: readonly ClassPoint[];
}

/** One class in one replication. */
export interface ClassPoint {
  readonly name: string;
  readonly e2eMsP95: number | null;
  readonly ttftMsP95: number | null;
  readonly failedShare: number | null;
  /** Of requests with an objective: served within it. */
  readonly goodputShare: number | null;
  /** Under the run's billing rule. */
  readonly usdPer1kServed: number | null;
}

/**
 * Metrics that are kept for each replication. Times in ms from the intended arrival of served requests, shares in
 * [0, 1], costs under the run's billing rule.
 */
export const SAMPLE_METRICS = [
  "e2eMsMean",
  "e2eMsP50",
  "e2eMsP95",
  "e2eMsP99",
  "ttftMsP50",
  "ttftMsP95",
  "ttftMsP99",
  "waitMsP95",
  "goodputShare",
  "throttledAttemptShare",
  "failedShare",
  "retriedShare",
  "trafficShare",
  "usdPer1kServed",
  "billUsd",
] as const;
export type SampleMetric = (typeof SAMPLE_METRICS)[number];

/** The values of one group of requests, one for each replication in order; null where a replication has none. */
export interface GroupSamples {
  readonly scope: "total" | "class" | "region";
  /** Class or region; empty for the total. */
  readonly name: string;
  readonly values: Readonly<Record<SampleMetric, readonly (number | null)[]>>;
}

/** Points of the empirical latency distribution, pooled over replications: share of served requests at most `ms`. */
export interface DistributionPoint {
  readonly ms: number;
  readonly share: number;
}

export interface QuotaSummary {
  /** account/source region/model/family; of the reserved tier region/model/route@reserved, and refused = overflowed. */
  readonly id: string;
  readonly granted: number;
  readonly refusedTokensPerMinute: number;
  readonly refusedTokensPerDay: number;
  readonly refusedRequests: number;
  /** Settlements above their reservation, tokens in all. */
  readonly overshootTokens: number;
  /** Highest share of its tightest limit in use at a grant; above 1 after an overshoot. */
  readonly utilisationMax: number;
  /** ms since the run's start, over all replications; null when it never refused. */
  readonly firstRefusalMs: number | null;
  readonly lastRefusalMs: number | null;
}

/** Reserved capacity on a strategy's bill. */
export interface ReservedLine {
  /** Target, model, amount and term, for people. */
  readonly name: string;
  readonly usdPerHour: number;
  /** Counted time: without the warm-up, to the end of arrivals. */
  readonly hours: Estimate;
  readonly usd: Estimate;
}

export interface StrategyResult extends detail.ClassLatencies {
  /** Label, unique in the run. */
  readonly name: string;
  /** Strategy kind and its resolved options. */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** "unstable": the backlog grew without bound, so its latencies say how long the run was, not how good it is. */
  readonly status: "ok" | "unstable";
  readonly statusReason: string | null;
  readonly total: GroupResult;
  readonly byClass: readonly NamedGroup[];
  /** By region that ran the request (destination); unserved requests by the source region of the last attempt. */
  readonly byRegion: readonly NamedGroup[];
  readonly byHour: readonly HourGroup[];
  readonly byRegionHour: readonly RegionHourCell[];
  readonly e2eDistribution: readonly DistributionPoint[];
  readonly ttftDistribution: readonly DistributionPoint[];
  /** Time averages over the counted part of the run. */
  readonly meanInSystem: Estimate;
  /** Each quota that was in force for the strategy: what it refused and how close it came. Sums over replications. */
  readonly quotas: readonly QuotaSummary[];
  /** What the calls of the first replication ask of each quota, and where none is set. */
  readonly quotaNeeds?: readonly detail.QuotaNeed[];
  /** Tokens billed by kind, with their price. */
  readonly tokens?: readonly detail.TokenLine[];
  /** Of the billed tokens: those of attempts that served no request (retries, hedges that lost, time limits). */
  readonly wastedTokens?: { readonly prompt: number; readonly output: number };
  /** Reserved capacity that it holds; left out where there is none. */
  readonly reserved?: readonly ReservedLine[];
  /** What became of the sessions, the warm-up's among them, over all replications; left out where there are none. */
  readonly sessions?: Readonly<SessionCounts>;
  readonly replications: readonly ReplicationPoint[];
  /** Values of single replications by class and region; results of version 0.1.0 lack them. */
  readonly samples?: readonly GroupSamples[];
}

export type ComparedMetric = "e2eMsP95" | "ttftMsP95" | "throttledAttemptShare" | "failedShare" | "usdPer1kServed";

/** A strategy against the baseline on common random numbers, Bonferroni-adjusted over strategies. */
export interface Comparison {
  readonly strategy: string;
  readonly metric: ComparedMetric;
  readonly baselineValue: number | null;
  readonly value: number | null;
  /** Paired difference (strategy - baseline) with its simultaneous interval. */
  readonly difference: Estimate;
  /** Difference over the baseline's mean. */
  readonly relative: Estimate;
  /** "better" and "worse" only when the adjusted interval excludes zero. */
  readonly verdict: "better" | "worse" | "not shown" | "not comparable";
  /** Variance of independent differences over variance of paired ones: what common random numbers bought. */
  readonly varianceRatio: number | null;
}

export interface RunResult {
  readonly schemaVersion: typeof RESULT_SCHEMA_VERSION;
  readonly kind: "simulated" | "measured";
  readonly scenario: { readonly name: string; readonly description: string; readonly sha256: string };
  readonly versions: { readonly meridian: string };
  readonly seed: number;
  /** Digest of what the traffic is drawn from: runs with equal digests are sent the same requests. */
  readonly trafficSha256?: string;
  readonly replications: { readonly asked: number; readonly done: number };
  readonly startsAt: string;
  /** Length of the run; null when it ended after a number of requests. */
  readonly durationMs: number | null;
  readonly warmup: { readonly kind: "none" | "duration" | "requests"; readonly removed: string };
  readonly billing: detail.BillingRuleName;
  readonly classes: readonly {
    readonly name: string;
    readonly model: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly sloE2eMs: number | null;
    readonly sloTtftMs: number | null;
    /** Share of its requests that has to lie within these limits; 0.95 unless given. */
    readonly sloShare?: number;
    /** Its requests may wait for hours: it is in no headline about latency. */
    readonly deferrable?: boolean;
    /** From its callers to the nearest region that it may call, ms, averaged over its origins. */
    readonly roundTripMs?: number;
    readonly residency: string | null;
    /** Of a class with a rule: what the rule allows, and each target that was judged by it. */
    readonly residencyRule?: detail.ResidencySummary;
  }[];
  readonly regions: readonly string[];
  readonly targets: readonly string[];
  /** Name and digest of each recorded input. */
  readonly traces: readonly { readonly name: string; readonly sha256: string; readonly attribution: string }[];
  readonly baseline: string;
  /** Baseline first, then in the scenario's order. */
  readonly strategies: readonly StrategyResult[];
  readonly comparisons: readonly Comparison[];
  readonly prices: readonly detail.RegionPriceHours[];
  /** Where prices are a what-if: savings at list prices, and in each reading of a swing. */
  readonly priceReadings?: readonly detail.PriceReading[];
  /** The answer in a few sentences, with numbers, intervals, condition and what it assumes. */
  readonly verdict: string;
  /** The same, sentence by sentence: the headline first. */
  readonly verdictSentences?: readonly string[];
  /** The strategy that the verdict prefers; null where nothing shows that one is to be preferred. */
  readonly recommended?: string | null;
  /** By strategy, in their order: what the verdict rests on. */
  readonly standings?: readonly detail.Standing[];
  /** What the answer assumes, one sentence each: prices, billing rule, capacities, window law of quotas. */
  readonly assumptions?: readonly string[];
  /** Strategies that the verdict speaks of, the one that it is about first. */
  readonly verdictStrategies?: readonly string[];
  /** What a reader must know: initial condition, instability, unstated assumptions. */
  readonly notes: readonly string[];
  readonly assertions: readonly detail.AssertionResult[];
  /** The least possible cost; left out in runs that were not simulated, and in those of earlier versions. */
  readonly bound?: detail.BoundSummary;
  /** Sampled decisions, where they were asked for. */
  readonly explained?: detail.ExplainedDecisions;
}
