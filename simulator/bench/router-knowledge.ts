/** A replaying router's strategy and all that it bases its choices on: signals, prices, round trips and health. */

import { type PriceOutlook, type Strategy, type StrategyDefinition, signalsOf } from "../client/strategy.ts";
import {
  completeOutcome,
  type LearntOutcome,
  nextPictureMs,
  TargetViewState,
  takePicture,
} from "../client/target-view.ts";
import { KeyedRandom } from "../random/keyed-random.ts";
import { definitionOf } from "../strategies/index.ts";
import { ReplayColumns, type ReplayPlan } from "./plan.ts";
import { type QuotaHold, QuotaMeters } from "./reservations.ts";
import type { AttemptAnswer } from "./router-io.ts";
import type { ScheduledRequest } from "./rows.ts";

/** What the strategy may know of a request in progress. */
export interface KnownCall {
  readonly request: ScheduledRequest;
  /** The caller's max_tokens, or the model's limit where unset. */
  readonly maxTokens: number;
  /** Attempts sent so far, and the target of the last; -1 before the first. */
  readonly attempts: number;
  readonly lastTarget: number;
}

/** An attempt in flight. */
export interface KnownFlight {
  readonly call: KnownCall;
  readonly target: number;
  readonly sentMs: number;
  /** What it holds of a quota that the client counts itself. */
  readonly held?: QuotaHold | undefined;
}

/** Asks the strategy, and keeps the signals that its attempts' outcomes add up to. */
export class RouterKnowledge {
  private readonly plan: ReplayPlan;
  private readonly strategy: Strategy;
  private readonly columns: ReplayColumns;
  /** By model: current signals, and those that the strategy sees: the same object unless signals have an age. */
  private readonly learnt: readonly TargetViewState[];
  private readonly shown: readonly TargetViewState[];
  private readonly random: KeyedRandom;
  /** Undefined where the strategy does not ask for them, or they are not known. */
  private readonly quotas: QuotaMeters | undefined;
  private nextPictureMs = 0;

  /** @throws MeridianError usage for options that the strategy does not take */
  constructor(plan: ReplayPlan, definition: StrategyDefinition = definitionOf(plan.strategy)) {
    this.plan = plan;
    const targetIds = plan.targets.map((target) => target.id);
    this.strategy = definition.create(plan.strategy.options, {
      targetIds,
      regionOfTarget: plan.targets.map((target) => target.region),
      classNames: plan.classes.map((each) => each.name),
      startMs: plan.startMs ?? 0,
      prices: priceOutlook(plan),
    });
    const signals = signalsOf(definition, plan.strategy.options);
    const views = () => plan.modelMaxTokens.map(() => new TargetViewState(targetIds, signals));
    this.learnt = views();
    this.shown = plan.signalAgeMs > 0 ? views() : this.learnt;
    this.columns = new ReplayColumns(plan);
    this.random = new KeyedRandom(plan.seed, "routing");
    const wantsQuotas = plan.quotas !== undefined && signals.includes("quotaHeadroom");
    this.quotas = wantsQuotas ? new QuotaMeters(plan.quotas) : undefined;
  }

  /** Whether any target is eligible for a class. */
  hasTarget(classIndex: number, nowMs: number): boolean {
    this.columns.refresh(nowMs);
    return this.columns.eligibleTargets(classIndex) > 0;
  }

  /** The strategy's choice for the call's next attempt: a target, or a deferral in the code of `Strategy.choose`. */
  choose({ request, maxTokens, attempts, lastTarget }: KnownCall, nowMs: number): number {
    const { classIndex, originIndex, requestId } = request;
    const each = this.plan.classes[classIndex]!;
    const view = this.shown[each.model]!;
    this.columns.show(view, classIndex, originIndex);
    this.quotas?.show(view, classIndex, nowMs);
    this.age(nowMs);
    this.random.seek(requestId, attempts);
    const asked = {
      requestId,
      classIndex,
      originIndex,
      inputTokens: request.inputTokens,
      maxTokens,
      prefixTokens: request.prefixTokens,
      prefixId: request.prefixId,
      sessionId: request.sessionId ?? -1,
      attempt: attempts,
      previousTarget: lastTarget,
      arrivalMs: request.arrivalMs,
      sloE2eMs: each.sloE2eMs,
      deferrable: each.deferrable,
    };
    return this.strategy.choose(asked, view, nowMs, this.random);
  }

  /** An attempt is sent. @returns what it holds of a quota that the client counts itself */
  sent(call: KnownCall, target: number, nowMs: number): QuotaHold | undefined {
    const { classIndex, inputTokens } = call.request;
    const { model } = this.plan.classes[classIndex]!;
    this.learnt[model]!.onSent(target);
    if (this.shown !== this.learnt) this.shown[model]!.onSent(target);
    return this.quotas?.hold({ classIndex, target, inputTokens, maxTokens: call.maxTokens }, nowMs);
  }

  /** An attempt has ended, whoever still waits for it: what it held of a quota is settled. */
  settle({ held }: KnownFlight, { kind, endedMs, usage }: Pick<AttemptAnswer, "kind" | "endedMs" | "usage">): void {
    if (held !== undefined) this.quotas?.release(held, endedMs, usage, kind === "ok" || kind === "timeout");
  }

  /** An attempt has ended: updates the signals and lets the strategy observe its outcome. */
  learn({ call, target, sentMs }: KnownFlight, answer: AttemptAnswer): void {
    const { request, maxTokens } = call;
    const outcome: LearntOutcome = {
      requestId: request.requestId,
      classIndex: request.classIndex,
      target,
      kind: answer.kind,
      sentMs,
      nowMs: answer.endedMs,
      e2eMs: Number.NaN,
      ttftMs: answer.ttftMs,
      inputTokens: request.inputTokens,
      outputTokens: answer.usage?.[1] ?? Math.min(request.outputTokens, maxTokens),
      rttMs: this.columns.roundTripMs(request.originIndex, target),
      retryAfterMs: answer.retryAfterMs,
    };
    completeOutcome(outcome);
    const { model } = this.plan.classes[request.classIndex]!;
    this.learnt[model]!.onOutcome(outcome);
    if (this.shown !== this.learnt) this.shown[model]!.onEnded(target);
    this.strategy.observe?.(outcome);
  }

  /** An attempt has ended after its request: only the count in flight changes. */
  forget(model: number, target: number): void {
    this.learnt[model]!.onEnded(target);
    if (this.shown !== this.learnt) this.shown[model]!.onEnded(target);
  }

  /** Takes a new snapshot of the signals when the last one has reached its age. */
  private age(nowMs: number): void {
    const { signalAgeMs } = this.plan;
    if (signalAgeMs <= 0 || nowMs < this.nextPictureMs) return;
    this.nextPictureMs = nextPictureMs(nowMs, signalAgeMs);
    takePicture(this.learnt, this.shown);
  }
}

/** Prices over the run, of the epochs that the plan has. */
function priceOutlook({ prices, classes }: ReplayPlan): PriceOutlook {
  return {
    epochStartMs: prices.map(({ fromMs }) => fromMs),
    inUsdPerMTok: (epoch, classIndex, target) => prices[epoch]!.inUsdPerMTok[classes[classIndex]!.model]![target]!,
    outUsdPerMTok: (epoch, classIndex, target) => prices[epoch]!.outUsdPerMTok[classes[classIndex]!.model]![target]!,
  };
}
