import { END, type End, endAfter, type Failure } from "../client/request-rules.ts";
import type { ClientPlan, StrategyPlan } from "../scenario/plan.ts";
import type { AttemptOutcome, OutcomeKind, SignalName } from "../strategies/strategy.ts";
import type { ViewOutcome } from "../strategies/target-view.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";
import { type Router, signalsOf } from "./router.ts";
import type { Signals } from "./signals.ts";

/** Signals that move with outcomes. */
const LEARNT_SIGNALS: readonly SignalName[] = ["e2e", "ttft", "e2eP95", "throttleShare", "failureShare"];

/** By `OUTCOME`: what a router is told. Who has left a queue learns as little as at a closed door. */
export const KIND_OF_OUTCOME: readonly OutcomeKind[] = [
  "ok",
  "throttled",
  "unavailable",
  "error",
  "unavailable",
  "timeout",
];

/** How a request ends that is given up after such an outcome. */
export function endAfterOutcome(outcome: Outcome): End {
  return outcome === OUTCOME.abandoned ? END.abandoned : endAfter(KIND_OF_OUTCOME[outcome] as Failure);
}

/** What a router learns of an attempt; latencies as the caller saw them. */
export type LearntOutcome = { -readonly [Field in keyof Learnt]: Learnt[Field] };
type Learnt = AttemptOutcome & ViewOutcome;

/** Tells routers how their attempts ended: their view of the targets, their limiter, their strategy. */
export class Learning {
  /** Whether anybody learns from outcomes: a strategy, its signals, a limiter. Otherwise only counts go down. */
  declare readonly isNeeded: boolean;
  declare private readonly hasOwnPictures: boolean;
  /** What a router is told of an attempt, in an object that is used again: to be filled before `learn`. */
  readonly outcome = newOutcome();

  constructor(strategy: StrategyPlan, client: ClientPlan, router: Router, signals: Signals) {
    this.hasOwnPictures = signals.hasOwnPictures;
    this.isNeeded =
      client.retry.mode === "adaptive" ||
      router.strategy.observe !== undefined ||
      signalsOf(strategy).some((signal) => LEARNT_SIGNALS.includes(signal));
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
    router.retry.onResponse(outcome.kind, outcome.nowMs);
    router.strategy.observe?.(outcome);
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
  };
}
