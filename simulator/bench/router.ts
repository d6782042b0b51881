/**
 * One router of a bench. To replay a schedule is to send its requests (exact arrivals and sizes, drawn beforehand) to
 * real endpoints; the router carries each through attempts, retries, hedges and deadlines.
 */
import { HedgeDelays } from "../client/hedge-delays.ts";
import {
  afterAnswer,
  callsAgainAfter,
  deadlineInMs,
  END,
  type End,
  endAfter,
  type Failure,
  HedgeBudget,
  hedgeDueMs,
  INTERRUPTION,
  isStillUnderWay,
  mayHedge,
  NEVER,
  outputLimit,
  putOffUntilMs,
  retriesAfterStart,
  retryDelayMs,
} from "../client/request-rules.ts";
import { createRetryPolicy, GIVE_UP, type RetryPolicy } from "../client/retry-policy.ts";
import type { RetrySpec } from "../client/retry-rules.ts";
import { SHED, type StrategyDefinition } from "../client/strategy.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { ReplayPlan } from "./plan.ts";
import { SpendLedger } from "./reservations.ts";
import {
  type AttemptAnswer,
  type Call,
  type Flight,
  newCall,
  nothing,
  type ReplayIo,
  type Reservation,
  restOf,
} from "./router-io.ts";
import { RouterKnowledge } from "./router-knowledge.ts";
import type { ScheduledRequest } from "./rows.ts";

/**
 * One gateway process or SDK client that replays its share of a schedule. It behaves as the simulated client does, with
 * the same strategies, signals, retry policies, request rules and draws; only the clock and the service are real.
 * test/simulator/bench/parity.test.ts compares the two attempt by attempt.
 */
export class ReplayRouter {
  private readonly plan: ReplayPlan;
  private readonly io: ReplayIo;
  private readonly knowledge: RouterKnowledge;
  private readonly retry: RetryPolicy;
  private readonly retryKey: number;
  private readonly spend: SpendLedger | undefined;
  private readonly calls = new Set<Call>();
  private readonly flights = new Set<Flight>();
  private readonly hedges: HedgeBudget;
  private readonly hedgeDelays: HedgeDelays | null;
  private attemptsSent = 0;

  /**
   * @param definition the strategy, where it is not one of the plan's
   * @throws MeridianError usage for options that the strategy or the retry mode does not take
   */
  constructor(plan: ReplayPlan, io: ReplayIo, definition?: StrategyDefinition) {
    this.plan = plan;
    this.io = io;
    this.knowledge = new RouterKnowledge(plan, definition);
    this.retry = createRetryPolicy(plan.client.retry as RetrySpec);
    this.retryKey = purposeKey(plan.seed, "retry");
    const { budgetShare, quantile } = plan.client.hedge;
    this.hedges = new HedgeBudget(budgetShare);
    this.hedgeDelays = quantile > 0 ? new HedgeDelays(quantile, plan.modelMaxTokens.length) : null;
    this.spend = plan.spend === null ? undefined : new SpendLedger(plan.spend, plan.routers);
  }

  /** Attempts sent so far. */
  get sent(): number {
    return this.attemptsSent;
  }

  /** Requests that have not ended. */
  get open(): number {
    return this.calls.size;
  }

  /** The budget allows no further attempt: requests started now end at once. */
  get isStopped(): boolean {
    return this.spend?.isStopped === true;
  }

  /** Nothing is in flight, not even an attempt whose request has ended. */
  get isIdle(): boolean {
    return this.calls.size === 0 && this.flights.size === 0;
  }

  /** A request arrives now, whatever its intended arrival. */
  start(request: ScheduledRequest): void {
    const nowMs = this.io.nowMs();
    this.hedges.request();
    const deadlineMs = deadlineInMs(this.plan.client.timeout, request.arrivalMs, nowMs);
    const maxTokens = outputLimit(request.maxTokens, this.plan.modelMaxTokens[this.modelOf(request)]!);
    const call = newCall(request, nowMs, maxTokens);
    this.calls.add(call);
    if (deadlineMs < NEVER) {
      call.cancelDeadline = this.io.after(deadlineMs, () => this.finish(call, END.timedOut, this.io.nowMs(), -1));
    }
    this.dispatch(call, nowMs, false);
  }

  /** A request's answer has begun to reach its caller: no hedge leaves for it any more. */
  answerBegan(requestId: number): void {
    const call = this.callOf(requestId);
    call?.cancelHedge();
    if (call !== undefined) call.hedges = Number.POSITIVE_INFINITY;
  }

  /** A request's caller has gone: nothing more is sent for it, and nothing learnt from what is in flight. */
  leave(requestId: number): void {
    const call = this.callOf(requestId);
    if (call !== undefined) this.finish(call, END.abandoned, this.io.nowMs(), -1);
  }

  /** Ends the run: requests that have not ended count as in flight; later answers are ignored. */
  cutOff(): void {
    const nowMs = this.io.nowMs();
    for (const flight of [...this.flights]) this.land(flight, nowMs, { kind: "unfinished" });
    for (const call of [...this.calls]) this.finish(call, END.inFlight, nowMs, -1);
  }

  private callOf(requestId: number): Call | undefined {
    for (const call of this.calls) if (call.request.requestId === requestId) return call;
    return undefined;
  }

  private modelOf({ classIndex }: ScheduledRequest): number {
    return this.plan.classes[classIndex]!.model;
  }

  /** Chooses a target and sends an attempt, now or at the instant that the client's limiter or the strategy sets. */
  private dispatch(call: Call, nowMs: number, isHedge: boolean): void {
    if (!this.knowledge.hasTarget(call.request.classIndex, nowMs)) {
      this.finish(call, END.residencyRefused, nowMs, -1);
      return;
    }
    const waitMs = this.retry.sendWaitMs(nowMs);
    if (waitMs > 0) {
      this.later(call, putOffUntilMs(nowMs + waitMs, nowMs, isHedge));
      return;
    }
    const choice = this.knowledge.choose(call, nowMs);
    if (choice >= 0) this.sendWithin(call, choice, nowMs, isHedge);
    else if (choice === SHED && !isHedge) this.finish(call, END.refused, nowMs, -1);
    else this.later(call, putOffUntilMs(-1 - choice, nowMs, isHedge));
  }

  /** Dispatches the request at that instant; at once if it has passed. */
  private later(call: Call, ms: number): void {
    if (ms === NEVER) return;
    this.io.after(Math.max(0, ms - this.io.nowMs()), () => {
      if (!call.isEnded) this.dispatch(call, this.io.nowMs(), false);
    });
  }

  /** Sends the attempt if the budget allows; if not, the request ends as in flight, with the reason. */
  private sendWithin(call: Call, target: number, nowMs: number, isHedge: boolean): void {
    if (this.spend === undefined) {
      this.send(call, target, nowMs, undefined);
      return;
    }
    const { classIndex, inputTokens, prefixTokens } = call.request;
    const model = this.modelOf(call.request);
    const order = { classIndex, model, target, inputTokens, prefixTokens, maxTokens: call.maxTokens };
    const nanoUsd = this.spend.reserve(order);
    if (nanoUsd !== undefined) this.send(call, target, nowMs, { order, nanoUsd });
    else if (!isHedge) this.finish(call, END.inFlight, Math.max(nowMs, call.request.arrivalMs), -1, "budget");
  }

  private send(call: Call, target: number, nowMs: number, reserved: Reservation | undefined): void {
    const { hedge, timeout } = this.plan.client;
    const model = this.modelOf(call.request);
    const held = this.knowledge.sent(call, target, nowMs);
    const flight: Flight = { call, ordinal: call.attempts, target, sentMs: nowMs, reserved, held };
    call.attempts++;
    call.outstanding++;
    call.lastTarget = target;
    this.attemptsSent++;
    this.flights.add(flight);
    call.cancelHedge();
    const afterMs = this.hedgeDelays === null ? hedge.afterMs : this.hedgeDelays.afterMs(model);
    const hedgeMs = hedgeDueMs({ afterMs, hedgesMax: hedge.hedgesMax }, call.hedges, nowMs);
    call.cancelHedge = hedgeMs < NEVER ? this.io.after(hedgeMs - nowMs, () => this.hedge(call)) : nothing;
    this.io.send(
      {
        request: restOf(call),
        ordinal: flight.ordinal,
        model,
        target,
        sentMs: nowMs,
        timeoutMs: timeout.attemptMs,
        limits: timeout,
      },
      (answer) => this.respond(flight, answer),
    );
  }

  private hedge(call: Call): void {
    call.cancelHedge = nothing;
    if (call.isEnded || !mayHedge(this.plan.client.hedge, call.hedges, call.outstanding)) return;
    if (!this.hedges.take()) return;
    call.hedges++;
    this.dispatch(call, this.io.nowMs(), true);
  }

  /** An answer reaches the caller, or the attempt's time is up. */
  private respond(flight: Flight, answer: AttemptAnswer): void {
    if (!this.flights.has(flight)) return;
    const { call } = flight;
    this.land(flight, answer.endedMs, answer);
    if (answer.kind === "ok" || answer.kind === "timeout") {
      this.hedgeDelays?.observe(this.modelOf(call.request), answer.endedMs - flight.sentMs, answer.endedMs);
    }
    const what = afterAnswer(call.isEnded, answer.kind === "ok");
    if (what === "forget") {
      this.knowledge.forget(this.modelOf(call.request), flight.target);
      return;
    }
    this.knowledge.learn(flight, answer);
    this.retry.onResponse(answer.kind, answer.endedMs);
    call.outstanding--;
    if (what === "serve") {
      this.retry.onSuccess(call.lastRetryCost);
      this.finish(call, END.served, answer.endedMs, flight.ordinal);
    } else if (answer.interruption !== undefined && (answer.interruption !== "idle" || answer.hasBegun === true)) {
      this.afterBreak(call, answer.kind as Failure, answer);
    } else this.afterFailure(call, answer.kind as Failure, answer);
  }

  /** An answer that had begun has failed: the caller's own code calls again, or its own retry rules do, or it gives up. */
  private afterBreak(call: Call, kind: Failure, answer: AttemptAnswer): void {
    const { broken } = this.plan.client;
    if (isStillUnderWay(call.outstanding)) return;
    if (callsAgainAfter(broken, call.callsAgain)) {
      call.callsAgain++;
      call.attemptsBefore = call.attempts;
      call.lastRetryCost = 0;
      if (broken.again === "resume") {
        const rest = restOf(call);
        call.resumedTokens += Math.min(answer.receivedTokens ?? 0, Math.min(rest.outputTokens, call.maxTokens) - 1);
      }
      this.later(call, answer.endedMs + broken.delayMs);
    } else if (retriesAfterStart(this.retry, INTERRUPTION[answer.interruption!])) {
      this.afterFailure(call, kind, answer);
    } else this.finish(call, endAfter(answer.interruption === "idle" ? kind : "error"), answer.endedMs, -1);
  }

  /** Retries, waits for a hedge in flight, or gives up. */
  private afterFailure(call: Call, kind: Failure, { isFinal, retryAfterMs, endedMs }: AttemptAnswer): void {
    if (isStillUnderWay(call.outstanding)) return;
    const uniform = keyedUniform(this.retryKey, call.request.requestId, call.attempts - 1);
    const ofCall = call.attempts - call.attemptsBefore;
    const delayMs = retryDelayMs(this.retry, ofCall, kind, isFinal, retryAfterMs, uniform);
    if (delayMs === GIVE_UP) {
      this.finish(call, endAfter(kind), endedMs, -1);
      return;
    }
    call.lastRetryCost = this.retry.retryCost(kind);
    this.later(call, endedMs + delayMs);
  }

  private land(flight: Flight, endedMs: number, answer: AttemptAnswer | { readonly kind: "unfinished" }): void {
    this.flights.delete(flight);
    const known = answer.kind === "unfinished" ? undefined : answer;
    if (known !== undefined) this.knowledge.settle(flight, known);
    if (flight.reserved !== undefined) {
      const { order, nanoUsd } = flight.reserved;
      this.spend?.settle(nanoUsd, order, { c: known?.status ?? 0, u: known?.usage ?? null });
    }
    this.io.attemptEnded({
      t: "a",
      i: flight.call.request.requestId,
      o: flight.ordinal,
      g: flight.target,
      s: flight.sentMs,
      e: endedMs,
      k: answer.kind,
      ...(known?.interruption === undefined ? {} : { d: known.interruption }),
      c: known?.status ?? 0,
      f: known === undefined || Number.isNaN(known.ttftMs) ? null : known.ttftMs,
      u: known?.usage ?? null,
      id: known?.serviceRequestId ?? "",
      x: known?.error ?? "",
    });
  }

  private finish(call: Call, end: End, endedMs: number, servedBy: number, why?: "budget"): void {
    if (call.isEnded) return;
    call.isEnded = true;
    call.cancelDeadline();
    call.cancelHedge();
    this.calls.delete(call);
    this.io.requestEnded({
      t: "r",
      i: call.request.requestId,
      b: call.begunMs,
      e: endedMs,
      end,
      n: call.attempts,
      w: servedBy,
      ...(why === undefined ? {} : { why }),
    });
  }
}
