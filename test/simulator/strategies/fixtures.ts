import type { AttemptOutcome, OutcomeKind, RequestView, StrategyContext } from "../../../simulator/client/strategy.ts";
import { TargetViewState } from "../../../simulator/client/target-view.ts";
import type { RandomStream } from "../../../simulator/random/keyed-random.ts";

/** Small builders shared by the strategy tests. */
export function contextOf(...targetIds: readonly string[]): StrategyContext {
  return { targetIds, regionOfTarget: targetIds.map((id) => id.split("/")[0]!), classNames: ["chat"] };
}

export function requestOf(change: Partial<RequestView> = {}): RequestView {
  return {
    requestId: 1,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 1_000,
    maxTokens: 1_000,
    prefixTokens: 0,
    prefixId: -1,
    sessionId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: 0,
    sloE2eMs: Infinity,
    deferrable: false,
    ...change,
  };
}

export function outcomeOf(target: number, kind: OutcomeKind, nowMs: number, e2eMs = NaN): AttemptOutcome {
  const sentMs = Number.isNaN(e2eMs) ? nowMs : nowMs - e2eMs;
  const served = kind === "ok";
  return {
    requestId: 1,
    classIndex: 0,
    target,
    kind,
    sentMs,
    nowMs,
    ttftMs: served ? e2eMs / 4 : NaN,
    e2eMs: served ? e2eMs : NaN,
    inputTokens: 1_000,
    outputTokens: served ? 100 : 0,
    rttMs: 0,
  };
}

/** A view with every signal kept and the given targets eligible (all when left out). */
export function viewOf(context: StrategyContext, eligible?: readonly number[]): TargetViewState {
  const view = new TargetViewState(context.targetIds, ["inFlight", "e2e", "ttft", "e2eP95", "failureShare"]);
  if (eligible !== undefined) setEligible(view, eligible);
  return view;
}

export function setEligible(view: TargetViewState, eligible: readonly number[]): void {
  view.eligible.set(eligible);
  view.eligibleCount = eligible.length;
}

/** A stream that yields the given uniforms, then fails: a strategy that draws more than it says is found out. */
export function uniforms(...values: readonly number[]): RandomStream {
  let next = 0;
  return {
    next() {
      const value = values[next++];
      if (value === undefined) throw new Error("the strategy drew more uniforms than it may");
      return value;
    },
  };
}
