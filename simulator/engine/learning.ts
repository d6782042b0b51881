import { END, type End } from "../metrics/recorder.ts";
import type { ClientPlan, StrategyPlan } from "../scenario/plan.ts";
import type { OutcomeKind, SignalName } from "../strategies/strategy.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../world/attempt-table.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";
import type { Request } from "./request.ts";
import { type Router, signalsOf } from "./router.ts";
import type { Signals } from "./signals.ts";
import type { SlotTable } from "./slot-table.ts";

/** Signals that move with outcomes. */
const LEARNT_SIGNALS: readonly SignalName[] = ["e2e", "ttft", "e2eP95", "throttleShare", "failureShare"];

/** By `OUTCOME`: what a router is told, and how a request ends that is given up after it. */
export const KIND_OF_OUTCOME: readonly OutcomeKind[] = [
  "ok",
  "throttled",
  "unavailable",
  "error",
  "unavailable",
  "timeout",
];
export const END_OF_OUTCOME: readonly End[] = [
  END.served,
  END.throttled,
  END.refused,
  END.failed,
  END.abandoned,
  END.timedOut,
];

/** Tells routers how their attempts ended: their view of the targets, their limiter, their strategy. */
export class Learning {
  /** Whether anybody learns from outcomes: a strategy, its signals, a limiter. Otherwise only counts go down. */
  private readonly isNeeded: boolean;
  private readonly attempts: SlotTable;
  private readonly hasOwnPictures: boolean;
  /** By origin: round trip to each target, ms. */
  private readonly rttMs: readonly Float64Array[];
  private readonly outcome = newOutcome();

  constructor(strategy: StrategyPlan, client: ClientPlan, router: Router, signals: Signals, attempts: SlotTable) {
    this.hasOwnPictures = signals.hasOwnPictures;
    this.rttMs = signals.columns.rttMs;
    this.attempts = attempts;
    this.isNeeded =
      client.retry.mode === "adaptive" ||
      router.strategy.observe !== undefined ||
      signalsOf(strategy).some((signal) => LEARNT_SIGNALS.includes(signal));
  }

  sent(router: Router, model: number, target: number): void {
    router.learnt[model]!.onSent(target);
    if (this.hasOwnPictures) router.shown[model]!.onSent(target);
  }

  /** The router learns an outcome. */
  tell(router: Router, attempt: number, request: Request, outcome: Outcome, nowMs: number): void {
    if (this.isNeeded) this.describe(router, attempt, request, outcome, nowMs);
    else this.forget(router, attempt, request);
  }

  /** An attempt has ended, and the router never learns how. */
  forget(router: Router, attempt: number, request: Request): void {
    const target = this.attempts.ints[attempt * ATTEMPT_INTS + ATTEMPT.target]!;
    const model = request.modelIndex;
    router.learnt[model]!.onEnded(target);
    if (this.hasOwnPictures) router.shown[model]!.onEnded(target);
  }

  private describe(router: Router, attempt: number, request: Request, kind: Outcome, nowMs: number): void {
    const { outcome } = this;
    const { ints, floats } = this.attempts;
    const from = attempt * ATTEMPT_FLOATS;
    const target = ints[attempt * ATTEMPT_INTS + ATTEMPT.target]!;
    const sentMs = floats[from + ATTEMPT_FLOAT.sentMs]!;
    const isOk = kind === OUTCOME.ok;
    outcome.requestId = request.id;
    outcome.classIndex = request.classIndex;
    outcome.target = target;
    outcome.kind = KIND_OF_OUTCOME[kind]!;
    outcome.sentMs = sentMs;
    outcome.nowMs = nowMs;
    outcome.e2eMs = isOk ? nowMs - sentMs : Number.NaN;
    const streamMs = floats[from + ATTEMPT_FLOAT.endedMs]! - floats[from + ATTEMPT_FLOAT.firstTokenMs]!;
    outcome.ttftMs = isOk ? nowMs - sentMs - streamMs : Number.NaN;
    outcome.inputTokens = request.inputTokens;
    outcome.outputTokens = isOk ? request.outputTokens : 0;
    outcome.rttMs = this.rttMs[request.originIndex]![target]!;
    router.learnt[request.modelIndex]!.onOutcome(outcome);
    if (this.hasOwnPictures) router.shown[request.modelIndex]!.onEnded(target);
    router.retry.onResponse(outcome.kind, nowMs);
    router.strategy.observe?.(outcome);
  }
}

/** Instants start as NaN, so that the compiler keeps them as doubles from the first one on. */
function newOutcome() {
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
