/** The contract of client-side routing: what a strategy is, what it sees of requests and targets, how it is defined. */
import type { RandomStream } from "../random/keyed-random.ts";

/**
 * The contract of client-side routing. A strategy is one file without imports from npm: the same file runs in the
 * simulator, in k6 and in a gateway. State lives in the instance, and one instance serves one router (a gateway
 * process, an SDK client): it sees only that router's outcomes.
 */
export interface Strategy {
  /**
   * Chooses a target for a request, or for its next attempt after a failure.
   *
   * @param request the request as a caller knows it: never its output length
   * @param targets columns over all targets for this request's model; only the eligible may be chosen
   * @param nowMs   the router's clock, ms since the scenario's start
   * @param random  this decision's own draws, equal for every strategy
   * @returns an eligible target index; `deferUntil(ms)` to ask again later, whose wait counts in the request's latency;
   *          or `SHED` to refuse the request. A hedge cannot wait or be shed: it is then not sent
   */
  choose(request: RequestView, targets: TargetView, nowMs: number, random: RandomStream): number;
  /** Called with each attempt's outcome when the router learns of it. */
  observe?(outcome: AttemptOutcome): void;
  /**
   * How the latest choice ranked a target, for people who ask why: the least is the best, and the scale is the
   * strategy's own. NaN for a target that it did not consider. Only asked right after `choose`, with the same request,
   * targets and instant; it changes nothing.
   */
  scoreOf?(target: number, request: RequestView, targets: TargetView, nowMs: number): number;
}

/** What a router may know of a request. One object, reused between calls: do not keep it. */
export interface RequestView {
  readonly requestId: number;
  readonly classIndex: number;
  readonly originIndex: number;
  readonly inputTokens: number;
  /** The caller's max_tokens, or the model's maximum where unset. */
  readonly maxTokens: number;
  readonly prefixTokens: number;
  readonly prefixId: number;
  /** Equal in the requests of one conversation, whose prompts go on from each other; -1 for a request of none. */
  readonly sessionId: number;
  /** 0 for the first attempt. */
  readonly attempt: number;
  /** Target of the previous attempt of this request, -1 for the first. */
  readonly previousTarget: number;
  readonly arrivalMs: number;
  /** E2E objective of the class in ms, Infinity when it has none. */
  readonly sloE2eMs: number;
  readonly deferrable: boolean;
}

/**
 * Columns over targets, as one router sees them for one model. Reused between calls, no allocation per decision.
 * Only the columns that the strategy lists in `signals` are kept up to date.
 */
export interface TargetView {
  readonly count: number;
  /** Indices of the targets that residency, health and the model's availability leave, in target order. */
  readonly eligible: Int32Array;
  /** How many entries of `eligible` are in use; at least 1 when `choose` is called. */
  readonly eligibleCount: number;
  /** Name of each target. Options are matched to indices once, at creation, not here. */
  readonly targetIds: readonly string[];
  /** This router's attempts in flight. */
  readonly inFlight: Int32Array;
  /** Price now, under the scenario's billing rule. */
  readonly priceInUsdPerMTok: Float64Array;
  readonly priceOutUsdPerMTok: Float64Array;
  /** Network round trip from the request's origin. */
  readonly rttMs: Float64Array;
  /**
   * Moving mean of the latency of served attempts, without the network round trip: add `rttMs` for what this caller
   * would see, since a router may serve several origins. A timeout counts with the time waited. NaN before the first
   * observation.
   */
  readonly e2eMsMean: Float64Array;
  readonly ttftMsMean: Float64Array;
  /** Moving 95th percentile of that E2E latency, NaN before the first observation. */
  readonly e2eMsP95: Float64Array;
  /** Moving share of attempts answered 429 or 503, in [0, 1]. */
  readonly throttleShare: Float64Array;
  /** Moving share of attempts that failed in any way (429, 503, error, timeout), in [0, 1]. */
  readonly failureShare: Float64Array;
  /** Share of the token quota believed to be left in the current window, in [0, 1]; 1 where there is no quota. */
  readonly quotaHeadroom: Float64Array;
  /** When this router last learnt an outcome of the target, on its own clock; -Infinity before the first. */
  readonly lastOutcomeMs: Float64Array;
}

export type SignalName =
  | "inFlight"
  | "price"
  | "rtt"
  | "e2e"
  | "ttft"
  | "e2eP95"
  | "throttleShare"
  | "failureShare"
  | "quotaHeadroom";

export type OutcomeKind = "ok" | "throttled" | "unavailable" | "timeout" | "error";

/** One attempt's end, as the router learns it. Reused between calls: do not keep it. */
export interface AttemptOutcome {
  readonly requestId: number;
  readonly classIndex: number;
  readonly target: number;
  readonly kind: OutcomeKind;
  readonly sentMs: number;
  readonly nowMs: number;
  /** NaN unless kind is "ok". */
  readonly ttftMs: number;
  readonly e2eMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Network round trip of the request's origin that the latencies contain; 0 where it is not known. */
  readonly rttMs: number;
  /** What the answer asks to wait (Retry-After), ms; NaN or left out: nothing. */
  readonly retryAfterMs?: number;
}

/** What `choose` returns to refuse a request, as a gateway answers 503 by itself: it ends as refused, without a retry. */
export const SHED = Number.NEGATIVE_INFINITY;

/**
 * What `choose` returns to be asked again at an instant: negative numbers are instants, others are targets.
 *
 * @param ms on the router's clock, 0 or more
 * @example deferUntil(0) // => -1
 * @example deferUntil(2_500) // => -2_501
 */
export function deferUntil(ms: number): number {
  return -1 - ms;
}

/** What a strategy knows of the world when it is created. */
export interface StrategyContext {
  /** All targets in order; options name them by id, a bare region name means its regional target. */
  readonly targetIds: readonly string[];
  readonly regionOfTarget: readonly string[];
  readonly classNames: readonly string[];
  /** What ms 0 of the router's clock is, ms since 1970 UTC, for rules by the hour of day; 0 where left out. */
  readonly startMs?: number;
  /** Prices over the run, where they are known beforehand; left out where they are not. */
  readonly prices?: PriceOutlook;
}

/** Prices over the run, as a price list with hours gives them: piecewise constant. */
export interface PriceOutlook {
  /** When each epoch begins, ms on the router's clock, ascending; the first begins at or before 0. */
  readonly epochStartMs: ArrayLike<number>;
  /** USD per million tokens for requests of a class; NaN where the target does not sell the class's model. */
  inUsdPerMTok(epoch: number, classIndex: number, target: number): number;
  outUsdPerMTok(epoch: number, classIndex: number, target: number): number;
}

/** Description of an option, from which the scenario schema, its docs and its defaults are made. */
export interface OptionSpec {
  readonly type:
    | "target"
    | "targets"
    | "targetWeights"
    | "targetAmounts"
    | "targetHours"
    | "targetGroups"
    | "classTargets"
    | "classShares"
    | "amounts"
    | "durationMs"
    | "number"
    | "share"
    | "integer"
    | "choice"
    | "boolean";
  readonly doc: string;
  /** True when there is no default and a scenario must give the option. */
  readonly required?: boolean;
  /** An optional option without a default: `doc` says what its absence means. */
  readonly default?: unknown;
  /** For `choice`: what it can be; for `amounts`: the names that it may give a number. */
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** What each strategy file exports: one registry line in `strategies/index.ts` makes it known everywhere. */
export interface StrategyDefinition {
  readonly name: string;
  /** One sentence for `meridian list strategies`. */
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly signals: readonly SignalName[];
  /** It learns which target misses objectives: reports hold it against those that do not. */
  readonly learns?: true;
  /** Which of `signals` it reads with these options, where that depends on them. */
  signalsFor?(options: Readonly<Record<string, unknown>>): readonly SignalName[];
  /**
   * Makes the state of one router. Options arrive as plain values (durations in ms, shares in [0, 1]).
   *
   * @throws MeridianError (usage) with every problem found in the options
   */
  create(options: Readonly<Record<string, unknown>>, context: StrategyContext): Strategy;
}

/** The signals that a strategy reads with these options: only they are kept up to date. */
export function signalsOf(
  definition: StrategyDefinition,
  options: Readonly<Record<string, unknown>>,
): readonly SignalName[] {
  return definition.signalsFor?.(options) ?? definition.signals;
}
