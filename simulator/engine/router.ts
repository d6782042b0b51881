/** Routers (gateway processes, SDK clients): what each is made of, and what it learns from the outcomes of attempts. */

import { HedgeDelays } from "../client/hedge-delays.ts";
import { END, type End, endAfter, type Failure, HedgeBudget } from "../client/request-rules.ts";
import { createRetryPolicy, type RetryPolicy } from "../client/retry-policy.ts";
import {
  type OutcomeKind,
  type PriceOutlook,
  type SignalName,
  type Strategy,
  signalsOf as signalsOfDefinition,
} from "../client/strategy.ts";
import { type LearntOutcome, TargetViewState } from "../client/target-view.ts";
import { KeyedRandom } from "../random/keyed-random.ts";
import { createLaw } from "../random/laws/index.ts";
import { compileSampler } from "../random/sampler.ts";
import type { ClientPlan, Plan, RetryPlan, StrategyPlan } from "../scenario/plan.ts";
import { priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import { INPUT, OUTPUT } from "../service/pricing/prices.ts";
import { OUTCOME, type Outcome } from "../service/service.ts";
import { definitionOf } from "../strategies/index.ts";

/** One gateway process or SDK client: a strategy's state, what it has seen of each model's targets, its retry budget. */
export interface Router {
  readonly strategy: Strategy;
  /** What this router has learnt, by model. */
  readonly learnt: readonly TargetViewState[];
  /** What the strategy is shown, by model: the same object unless signals have an age. */
  readonly shown: readonly TargetViewState[];
  readonly retry: RetryPolicy;
  readonly hedges: HedgeBudget;
  /** Null where hedges leave after a set time, or never. */
  readonly hedgeDelays: HedgeDelays | null;
}

/** Makes the routers of one run. With shared signals all routers learn into the same views. */
export function createRouters(plan: Plan, strategy: StrategyPlan): readonly Router[] {
  const definition = definitionOf(strategy);
  const targetIds = plan.targets.map((target) => target.id);
  const context = {
    targetIds,
    regionOfTarget: plan.targets.map((target) => plan.regionNames[target.region]!),
    classNames: plan.classes.map((each) => each.name),
    startMs: plan.startMs,
    prices: priceOutlook(plan),
  };
  const views = (): TargetViewState[] => plan.models.map(() => new TargetViewState(targetIds, signalsOf(strategy)));
  const shared = plan.signals.source === "shared" ? views() : null;
  const client = strategy.client ?? plan.client;
  const routers: Router[] = [];
  for (let i = 0; i < plan.routers; i++) {
    const learnt = shared ?? views();
    const shown = plan.signals.ageMs > 0 ? views() : learnt;
    routers.push({
      strategy: definition.create(strategy.options, context),
      learnt,
      shown,
      retry: createRetryPolicy(compiledRetry(client.retry)),
      hedges: new HedgeBudget(client.hedge.budgetShare),
      hedgeDelays: client.hedge.quantile > 0 ? new HedgeDelays(client.hedge.quantile, plan.models.length) : null,
    });
  }
  return routers;
}

/** Prices over the run as the price list has them, under the source rule that the price columns follow too. */
function priceOutlook({ money, classes, models }: Plan): PriceOutlook {
  const { schedule, keyOfTarget } = money;
  const priceOf = (epoch: number, classIndex: number, target: number, kind: number): number => {
    const key = keyOfTarget[target * models.length + classes[classIndex]!.model]!;
    return key < 0 ? Number.NaN : priceUsdPerMTok(schedule, epoch, key, kind);
  };
  return {
    epochStartMs: schedule.epochStartMs,
    inUsdPerMTok: (epoch, classIndex, target) => priceOf(epoch, classIndex, target, INPUT),
    outUsdPerMTok: (epoch, classIndex, target) => priceOf(epoch, classIndex, target, OUTPUT),
  };
}

/** The signals that a strategy asks for. */
export function signalsOf(strategy: StrategyPlan): readonly SignalName[] {
  return signalsOfDefinition(definitionOf(strategy), strategy.options);
}

/** The draws of routing: keyed by request and attempt alone, so that every strategy and every router draws the same. */
export function routingRandom(seed: number): KeyedRandom {
  return new KeyedRandom(seed, "routing");
}

/** The retry rules with a law of delays compiled into a sampler. */
function compiledRetry(plan: RetryPlan) {
  if (plan.mode !== "custom" || plan.backoff.kind !== "law") return plan as Parameters<typeof createRetryPolicy>[0];
  return { ...plan, backoff: { kind: "law" as const, sample: compileSampler(createLaw(plan.backoff.law)) } };
}

/** Signals that move with outcomes. */
const LEARNT_SIGNALS: readonly SignalName[] = ["e2e", "ttft", "e2eP95", "throttleShare", "failureShare"];

/** By `OUTCOME`: what a router sees. An attempt that left its queue looks like one that was refused. */
export const KIND_OF_OUTCOME: readonly OutcomeKind[] = [
  "ok",
  "throttled",
  "unavailable",
  "error",
  "unavailable",
  "timeout",
  "error",
  "error",
  "error",
];

/** How a request ends that is given up after its last attempt had such an outcome. */
export function endAfterOutcome(outcome: Outcome): End {
  return outcome === OUTCOME.abandoned ? END.abandoned : endAfter(KIND_OF_OUTCOME[outcome] as Failure);
}

/** Passes outcomes on to what learns from them: a router's view of the targets, its send limiter, its strategy. */
export class Learning {
  /** Whether anything learns from outcomes: a strategy, its signals, a limiter. Otherwise only counts go down. */
  declare readonly isNeeded: boolean;
  declare private readonly hasOwnPictures: boolean;
  declare private readonly isLimited: boolean;
  declare private readonly isObserving: boolean;
  /** What a router is told of an attempt, in an object that is used again: to be filled before `learn`. */
  readonly outcome = newOutcome();

  /** @param hasOwnPictures routers are shown pictures of what they know, which count attempts in flight of their own */
  constructor(strategy: StrategyPlan, client: ClientPlan, router: Router, hasOwnPictures: boolean) {
    this.hasOwnPictures = hasOwnPictures;
    this.isLimited = client.retry.mode === "adaptive";
    this.isObserving = router.strategy.observe !== undefined;
    this.isNeeded =
      this.isLimited || this.isObserving || signalsOf(strategy).some((signal) => LEARNT_SIGNALS.includes(signal));
  }

  sent(router: Router, model: number, target: number): void {
    router.learnt[model]!.onSent(target);
    if (this.hasOwnPictures) router.shown[model]!.onSent(target);
  }

  /** An attempt has ended, and the router never learns how. */
  ended(router: Router, model: number, target: number): void {
    router.learnt[model]!.onEnded(target);
    if (this.hasOwnPictures) router.shown[model]!.onEnded(target);
  }

  /** The router learns what `outcome` says. */
  learn(router: Router, model: number): void {
    const { outcome } = this;
    router.learnt[model]!.onOutcome(outcome);
    if (this.hasOwnPictures) router.shown[model]!.onEnded(outcome.target);
    if (this.isLimited) router.retry.onResponse(outcome.kind, outcome.nowMs);
    if (this.isObserving) router.strategy.observe!(outcome);
  }
}

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
function newOutcome(): LearntOutcome {
  return {
    requestId: 0,
    classIndex: 0,
    target: 0,
    kind: "ok" as OutcomeKind,
    sentMs: Number.NaN,
    nowMs: Number.NaN,
    ttftMs: Number.NaN,
    e2eMs: Number.NaN,
    inputTokens: 0,
    outputTokens: 0,
    rttMs: Number.NaN,
    retryAfterMs: Number.NaN,
  };
}
