/**
 * `meridian/strategies`: the routing strategies as a library for gateways, k6 scripts and browsers. The contract of a
 * strategy, the registry, `defineStrategy` for one of your own, and `createRouter`, which runs one on live requests.
 */
import { MeridianError } from "./base/errors.ts";
import { putOffUntilMs } from "./client/request-rules.ts";
import { deferUntil, type OutcomeKind, SHED, type StrategyDefinition, signalsOf } from "./client/strategy.ts";
import { completeOutcome, type LearntOutcome, TargetViewState } from "./client/target-view.ts";
import { KeyedRandom } from "./random/keyed-random.ts";
import { findStrategy } from "./strategies/index.ts";

export { MeridianError, type Problem } from "./base/errors.ts";
export { type ConformanceCheck, checkConformance } from "./client/conformance.ts";
export { defineStrategy } from "./client/define-strategy.ts";
export { type CheckedOptions, checkOptions } from "./client/options.ts";
export {
  type AttemptOutcome,
  deferUntil,
  type OptionSpec,
  type OutcomeKind,
  type PriceOutlook,
  type RequestView,
  SHED,
  type SignalName,
  type Strategy,
  type StrategyContext,
  type StrategyDefinition,
  type TargetView,
} from "./client/strategy.ts";
export type { RandomStream } from "./random/keyed-random.ts";
export { findStrategy, STRATEGIES } from "./strategies/index.ts";

/** A target of a router, with what the caller knows of it. */
export interface RouterTarget {
  /** Name by which options, `choose` and `update` know the target; unique. */
  readonly id: string;
  /** Region in which it runs; the id unless given. */
  readonly region?: string;
  /** Price now, USD per million tokens; a target without a price is never the cheapest. */
  readonly priceInUsdPerMTok?: number;
  readonly priceOutUsdPerMTok?: number;
  /** Network round trip from here, ms; 0 unless given. */
  readonly rttMs?: number;
  /** Share of the token quota that is left, in [0, 1]; 1 unless given. */
  readonly quotaHeadroom?: number;
  /** Whether requests may be sent there; true unless given. */
  readonly eligible?: boolean;
}

/** Options of {@link createRouter}. */
export interface RouterOptions {
  /** Name of a bundled strategy, or a definition of your own. */
  readonly strategy: string | StrategyDefinition;
  /** Its options as plain values: durations in ms, shares in [0, 1]. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** At least one, in order of preference. */
  readonly targets: readonly RouterTarget[];
  /** Classes of requests, for strategies that tell them apart; `default` alone unless given. */
  readonly classes?: readonly string[];
  /** Seed of the draws of randomised strategies; give each router its own. 0 unless given. */
  readonly seed?: number;
}

/** A request as its caller knows it. */
export interface RoutedRequest {
  /** The router's clock, ms from any origin; it must not run backwards. */
  readonly nowMs: number;
  readonly inputTokens?: number;
  /** The caller's max_tokens; unlimited unless given. */
  readonly maxTokens?: number;
  /** The request's objective of E2E latency, ms; none unless given. */
  readonly sloE2eMs?: number;
  /** One of the router's classes; the first unless given. */
  readonly class?: string;
  /** Whether it may wait, for strategies that put such requests off; false unless given. */
  readonly deferrable?: boolean;
  /** The part of the prompt that many requests share: a number for it, and its tokens. */
  readonly prefixId?: number;
  readonly prefixTokens?: number;
  /** A number from 0 up for the conversation that the request belongs to, for session affinity; none unless given. */
  readonly sessionId?: number;
  /** For a retry or a hedge: the request's attempt before this one. */
  readonly after?: RoutedAttempt;
}

/** What a strategy makes of a request: sent now, asked about again at an instant, or refused. */
export type RoutingDecision =
  | { readonly kind: "send"; readonly attempt: RoutedAttempt }
  /** Call `decide` again then, with `put` in place of a new request. */
  | { readonly kind: "defer"; readonly untilMs: number; readonly put: DeferredRequest }
  | { readonly kind: "shed" };

/** A request that was put off: hand it back so that it keeps its number and its arrival. */
export interface DeferredRequest {
  readonly requestId: number;
  readonly arrivalMs: number;
  readonly attempt: number;
}

/** One attempt that the router has directed to a target. Hand it back to `observe` when it has ended. */
export interface RoutedAttempt {
  /** Id of the target. */
  readonly target: string;
  readonly targetIndex: number;
  readonly requestId: number;
  /** 0 for the first attempt of the request. */
  readonly attempt: number;
  readonly arrivalMs: number;
  readonly sentMs: number;
  readonly inputTokens: number;
  readonly classIndex: number;
}

/** How an attempt ended. */
export interface RoutedOutcome {
  /** `throttled` for 429, `unavailable` for 503, `error` for any other failure. */
  readonly kind: OutcomeKind;
  /** When it ended, on the clock of `choose`. */
  readonly nowMs: number;
  /** Time to first token, ms from sending; unknown unless given. */
  readonly ttftMs?: number;
  readonly outputTokens?: number;
  /** What the answer asked to wait (Retry-After), ms; nothing unless given. */
  readonly retryAfterMs?: number;
}

/** Routes requests with one strategy, and learns from their outcomes. One per gateway process or client. */
export interface Router {
  /**
   * Chooses a target for a request's next attempt, and counts the attempt as in flight until `observe`.
   *
   * @throws MeridianError ROUTER_NO_TARGET if no target is eligible; (usage) ROUTER_BAD_CHOICE if a strategy of your own
   *         chooses anything but an eligible target
   */
  choose(request: RoutedRequest): RoutedAttempt;
  /**
   * The same, for strategies that may also put a request off or refuse it (`quota-paced`, `cheapest-hour`, ...).
   *
   * @param put the request as an earlier decision put it off
   * @throws MeridianError ROUTER_NO_TARGET; (usage) ROUTER_BAD_CHOICE, ROUTER_CLASS
   */
  decide(request: RoutedRequest, put?: DeferredRequest): RoutingDecision;
  /** Learns how an attempt ended. Call it once for each attempt; further calls are ignored. */
  observe(attempt: RoutedAttempt, outcome: RoutedOutcome): void;
  /**
   * Changes what is known of a target: its health, prices, round trip or quota.
   *
   * @throws MeridianError ROUTER_TARGET_UNKNOWN
   */
  update(id: string, changes: Omit<RouterTarget, "id" | "region">): void;
}

/**
 * Creates a router. It is pure: the caller brings the clock and sends the requests, so it runs in a gateway, in k6 and
 * in a browser, and decides there as it does in a simulation.
 *
 * @param options strategy, its options, the targets and classes it routes between, and the seed of its draws
 * @returns the router, which has the state of one gateway process
 * @throws MeridianError (usage) STRATEGY_UNKNOWN, STRATEGY_BAD_OPTION and the like, ROUTER_TARGETS
 * @example createRouter({ strategy: "round-robin", targets: [{ id: "eu-west-1" }] }).choose({ nowMs: 0 }).target // => "eu-west-1"
 */
export function createRouter({ strategy, options = {}, targets, classes, seed = 0 }: RouterOptions): Router {
  const definition = typeof strategy === "string" ? findStrategy(strategy) : strategy;
  const targetIds = targets.map(({ id }) => id);
  refuseTargets(targetIds);
  const regionOfTarget = targets.map(({ id, region }) => region ?? id);
  const classNames = classes ?? ["default"];
  const instance = definition.create(options, { targetIds, regionOfTarget, classNames });
  const view = new TargetViewState(targetIds, signalsOf(definition, options));
  view.priceInUsdPerMTok.fill(Number.NaN);
  view.priceOutUsdPerMTok.fill(Number.NaN);
  const isEligible = targetIds.map(() => true);
  const random = new KeyedRandom(seed, "routing");
  let requests = 0;
  const open = new OpenAttempts();

  const update: Router["update"] = (id, changes) => {
    const index = targetIds.indexOf(id);
    if (index < 0) throw unknownTarget(id, targetIds);
    const columns = ["priceInUsdPerMTok", "priceOutUsdPerMTok", "rttMs", "quotaHeadroom"] as const;
    for (const name of columns) view[name][index] = changes[name] ?? view[name][index]!;
    isEligible[index] = changes.eligible ?? isEligible[index]!;
    const eligible = targetIds.flatMap((_, target) => (isEligible[target] ? [target] : []));
    view.eligible.set(eligible);
    view.eligibleCount = eligible.length;
  };
  for (const target of targets) update(target.id, target);

  const decide: Router["decide"] = (request, put) => {
    if (view.eligibleCount === 0) throw noTarget();
    const { nowMs, after } = request;
    const requestId = after?.requestId ?? put?.requestId ?? requests++;
    const attempt = after === undefined ? (put?.attempt ?? 0) : after.attempt + 1;
    const arrivalMs = after?.arrivalMs ?? put?.arrivalMs ?? nowMs;
    const tokens = request.inputTokens ?? after?.inputTokens ?? 0;
    random.seek(requestId, attempt);
    const asked = askedOf(request, classNames);
    const known = { requestId, attempt, previousTarget: after?.targetIndex ?? -1, arrivalMs, inputTokens: tokens };
    const targetIndex = instance.choose({ ...asked, ...known }, view, nowMs, random);
    if (targetIndex === SHED) return { kind: "shed" };
    if (targetIndex < 0) {
      const untilMs = putOffUntilMs(-1 - targetIndex, nowMs, false);
      return { kind: "defer", untilMs, put: { requestId, arrivalMs, attempt } };
    }
    if (isEligible[targetIndex] !== true) throw badChoice(definition.name, targetIndex, view);
    view.onSent(targetIndex);
    const target = targetIds[targetIndex]!;
    const { classIndex } = asked;
    const sent = { requestId, attempt, arrivalMs, sentMs: nowMs, inputTokens: tokens, classIndex };
    const routed = { target, targetIndex, ...sent };
    open.add(routed);
    return { kind: "send", attempt: routed };
  };

  return {
    update,
    decide,
    choose(request) {
      const decision = decide(request);
      if (decision.kind === "send") return decision.attempt;
      throw badChoice(definition.name, decision.kind === "shed" ? SHED : deferUntil(decision.untilMs), view);
    },
    observe(routed, ended) {
      if (!open.take(routed)) return;
      const outcome = outcomeOf(routed, ended, view.rttMs[routed.targetIndex]!);
      view.onOutcome(outcome);
      instance.observe?.(outcome);
    },
  };
}

function outcomeOf(routed: RoutedAttempt, ended: RoutedOutcome, rttMs: number): LearntOutcome {
  const { requestId, targetIndex, sentMs, inputTokens, classIndex } = routed;
  const { kind, nowMs, ttftMs = Number.NaN, outputTokens = 0, retryAfterMs = Number.NaN } = ended;
  const e2eMs = Number.NaN;
  const known = { requestId, classIndex, target: targetIndex, kind, sentMs, nowMs, inputTokens, rttMs };
  const outcome = { ...known, e2eMs, ttftMs, outputTokens, retryAfterMs };
  completeOutcome(outcome);
  return outcome;
}

/** Attempts in flight, by what tells them apart, since callers may hand back copies. */
class OpenAttempts {
  /** Two attempts of one request have the same key where both came `after` the same one. */
  private readonly counts = new Map<string, number>();

  add(attempt: RoutedAttempt): void {
    const key = keyOf(attempt);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** Takes an attempt out; false if it is not in flight. */
  take(attempt: RoutedAttempt): boolean {
    const key = keyOf(attempt);
    const count = this.counts.get(key);
    if (count === undefined) return false;
    if (count > 1) this.counts.set(key, count - 1);
    else this.counts.delete(key);
    return true;
  }
}

function keyOf({ requestId, attempt, targetIndex }: RoutedAttempt): string {
  return `${requestId}/${attempt}/${targetIndex}`;
}

/** What the caller says of a request, as its strategy sees it. */
function askedOf(request: RoutedRequest, classNames: readonly string[]) {
  const { maxTokens = Infinity, sloE2eMs = Infinity, deferrable = false } = request;
  const { prefixTokens = 0, prefixId = -1, sessionId = -1 } = request;
  const classIndex = request.class === undefined ? (request.after?.classIndex ?? 0) : classNames.indexOf(request.class);
  if (classIndex >= 0)
    return { classIndex, originIndex: 0, maxTokens, sloE2eMs, deferrable, prefixTokens, prefixId, sessionId };
  const what = `the router has no class "${request.class}"`;
  throw new MeridianError("usage", { code: "ROUTER_CLASS", what, fix: `classes are ${classNames.join(", ")}` });
}

function refuseTargets(ids: readonly string[]): void {
  const isUnique = new Set(ids).size === ids.length;
  if (ids.length > 0 && isUnique) return;
  const what = isUnique ? "a router needs at least one target" : "two targets have the same id";
  const fix = 'give targets such as [{ id: "us-east-1" }, { id: "us-west-2" }]';
  throw new MeridianError("usage", { code: "ROUTER_TARGETS", what, where: "targets", fix });
}

function unknownTarget(id: string, ids: readonly string[]): MeridianError {
  const what = `the router has no target "${id}"`;
  return new MeridianError("usage", { code: "ROUTER_TARGET_UNKNOWN", what, fix: `targets are ${ids.join(", ")}` });
}

/** A negative choice is an instant to wait for, see `deferUntil`. */
function badChoice(strategy: string, choice: number, { eligible, eligibleCount }: TargetViewState): MeridianError {
  const what =
    choice < 0
      ? `it put a request off or refused it (it returned ${choice}), but choose sends every request at once`
      : `it chose ${choice}, which is not an eligible target's index`;
  const fix = `return one of targets.eligible, here ${eligible.slice(0, eligibleCount).join(", ")}; where the strategy may put off or refuse, call decide`;
  return new MeridianError("usage", { code: "ROUTER_BAD_CHOICE", what, where: `strategy ${strategy}`, fix });
}

function noTarget(): MeridianError {
  const what = "no target of the router is eligible";
  return new MeridianError("environment", { code: "ROUTER_NO_TARGET", what, fix: "update one with eligible: true" });
}
