import { createRetryPolicy, type RetryPolicy } from "../client/retry-policy.ts";
import { KeyedRandom } from "../random/keyed-random.ts";
import { compileSampler, createLaw } from "../random/laws/index.ts";
import type { Plan, RetryPlan, StrategyPlan } from "../scenario/plan.ts";
import { findStrategy } from "../strategies/index.ts";
import type { SignalName, Strategy } from "../strategies/strategy.ts";
import { TargetViewState } from "../strategies/target-view.ts";

/** One gateway process or SDK client: a strategy's state, what it has seen of each model's targets, its retry budget. */
export interface Router {
  readonly strategy: Strategy;
  /** What this router has learnt, by model. */
  readonly learnt: readonly TargetViewState[];
  /** What the strategy is shown, by model: the same object unless signals have an age. */
  readonly shown: readonly TargetViewState[];
  readonly retry: RetryPolicy;
}

/**
 * Makes the routers of one run. With shared signals all routers learn into the same views.
 */
export function createRouters(plan: Plan, strategy: StrategyPlan): readonly Router[] {
  const definition = findStrategy(strategy.kind);
  const targetIds = plan.targets.map((target) => target.id);
  const context = {
    targetIds,
    regionOfTarget: plan.targets.map((target) => plan.regionNames[target.region]!),
    classNames: plan.classes.map((each) => each.name),
  };
  const views = (): TargetViewState[] => plan.models.map(() => new TargetViewState(targetIds, definition.signals));
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
    });
  }
  return routers;
}

export function signalsOf(strategy: StrategyPlan): readonly SignalName[] {
  return findStrategy(strategy.kind).signals;
}

/** Routing luck: keyed by request and attempt alone, so that every strategy and every router draws the same. */
export function routingRandom(seed: number): KeyedRandom {
  return new KeyedRandom(seed, "routing");
}

/** Copies what has been learnt into what is shown: a picture of the signals. */
export function refreshShown(router: Router): void {
  for (let model = 0; model < router.learnt.length; model++) {
    const from = router.learnt[model]!;
    const to = router.shown[model]!;
    to.e2eMsMean.set(from.e2eMsMean);
    to.ttftMsMean.set(from.ttftMsMean);
    to.e2eMsP95.set(from.e2eMsP95);
    to.throttleShare.set(from.throttleShare);
    to.failureShare.set(from.failureShare);
    to.lastOutcomeMs.set(from.lastOutcomeMs);
  }
}

function compiledRetry(plan: RetryPlan) {
  if (plan.mode !== "custom" || plan.backoff.kind !== "law") return plan as Parameters<typeof createRetryPolicy>[0];
  return { ...plan, backoff: { kind: "law" as const, sample: compileSampler(createLaw(plan.backoff.law)) } };
}
