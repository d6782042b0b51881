import { GIVE_UP } from "../client/retry-policy.ts";
import type { SimulationObserver } from "../metrics/observer.ts";
import { CELL, END, type End, type EndedRequest, Recorder } from "../metrics/recorder.ts";
import { type KeyedRandom, keyedUniform, mix32, purposeKey } from "../random/keyed-random.ts";
import type { ClientPlan, Plan, StrategyPlan } from "../scenario/plan.ts";
import type { OutcomeKind, SignalName, TargetView } from "../strategies/strategy.ts";
import type { TargetViewState } from "../strategies/target-view.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../world/attempt-table.ts";
import { createLedger, type Ledger, ledgerCell } from "../world/pricing/ledger.ts";
import { TOKEN_KINDS } from "../world/pricing/prices.ts";
import type { QuotaUse } from "../world/quota/token-quota.ts";
import { OUTCOME, type Outcome, World, type WorldListener } from "../world/world.ts";
import { DelayLine } from "./delay-line.ts";
import { EventHeap } from "./event-heap.ts";
import { Gateways } from "./gateways.ts";
import { LEG, Network } from "./network.ts";
import { Observation, UNKNOWN } from "./observation.ts";
import { createRequestTable, REQUEST, REQUEST_FLOAT, REQUEST_FLOATS, REQUEST_INTS } from "./request-table.ts";
import { createRouters, type Router, refreshShown, routingRandom, signalsOf } from "./router.ts";
import { TargetColumns } from "./target-columns.ts";

/** Client-side events: what the payload's low bits mean; the rest is a slot. */
const EVENT = { arriveAtRegion: 0, response: 1, dispatch: 2 } as const;
const EVENT_BITS = 2;

/** Signals that move with outcomes. */
const LEARNT_SIGNALS: readonly SignalName[] = ["e2e", "ttft", "e2eP95", "throttleShare", "failureShare"];

/** The backlog is looked at each 256 requests, so that a run of 2,048 already shows its trend. */
const BACKLOG_MASK = 0xff;

/** More requests in the system than this and the run is stopped as unstable: it could only end with the memory. */
const IN_SYSTEM_MAX = 3_000_000;

const KIND_OF_OUTCOME: readonly OutcomeKind[] = ["ok", "throttled", "unavailable", "error", "unavailable", "timeout"];
const END_OF_OUTCOME: readonly End[] = [
  END.served,
  END.throttled,
  END.refused,
  END.failed,
  END.abandoned,
  END.timedOut,
];

/** What a finished run hands over to be summarised. */
export interface SimulationOutput {
  readonly recorder: Recorder;
  readonly ledger: Ledger;
  readonly quotas: readonly QuotaUse[];
  /** Requests in the system, averaged over the counted time. */
  readonly meanInSystem: number;
  readonly inSystemAtEnd: number;
  /** Requests in the system at equal steps of arrivals, those in batch left out: to judge stability. */
  readonly backlog: readonly number[];
  /** The counted time: from the first counted arrival to the last; NaN and 0 where nothing was counted. */
  readonly countedFromMs: number;
  readonly countedToMs: number;
  readonly stoppedEarlyAtMs: number | null;
}

/**
 * One strategy, one replication: an event loop that is fed chunks of traffic and can stop between any two of them.
 * Arrivals are merged with the agenda, never queued. At equal instants: service side, then client side, then timers,
 * then arrivals.
 */
export class Simulation implements WorldListener {
  readonly recorder: Recorder;
  requestsSeen = 0;
  nowMs = 0;
  private readonly plan: Plan;
  private readonly client: ClientPlan;
  private readonly world: World;
  private readonly table = createAttemptTable();
  private readonly requests = createRequestTable();
  private readonly agenda = new EventHeap();
  private readonly timeouts: DelayLine | null;
  private readonly deadlines: DelayLine | null;
  private readonly hedges: DelayLine | null;
  private readonly gateways: Gateways | null;
  private readonly routers: readonly Router[];
  private readonly columns: TargetColumns;
  private readonly network: Network;
  private readonly ledger: Ledger;
  private readonly random: KeyedRandom;
  private readonly retryKey: number;
  private readonly maxTokensOfClass: Int32Array;
  private readonly wantsHeadroom: boolean;
  /** Signals are shown as pictures, of the routers' own knowledge or of the endpoints' true load. */
  private readonly hasPictures: boolean;
  private readonly hasOwnPictures: boolean;
  /** Whether anybody learns from outcomes: a strategy, its signals, a limiter. Otherwise only counts go down. */
  private readonly isLearning: boolean;
  private readonly isRetrying: boolean;
  private readonly isLimited: boolean;
  private readonly hasNetwork: boolean;
  private readonly view;
  private readonly ended: EndedRequest;
  private readonly outcome;
  private readonly observation: Observation | null;
  private nextPictureMs = 0;
  private timersMs = Number.POSITIVE_INFINITY;
  private inSystem = 0;
  private readonly hasAsync: boolean;
  /** Requests that wait for a batch. */
  private inBatch = 0;
  private area = 0;
  private areaFromMs = Number.NaN;
  private areaToMs = 0;
  private lastChangeMs = 0;
  private readonly backlog: number[] = [];
  private stoppedAtMs: number | null = null;

  /** @param observer sees every attempt and request end; null costs next to nothing */
  constructor(plan: Plan, strategy: StrategyPlan, seed: number, observer: SimulationObserver | null = null) {
    this.plan = plan;
    this.client = strategy.client ?? plan.client;
    this.world = new World(plan.world, seed, this.table, this);
    this.columns = new TargetColumns(plan, this.world, strategy.offered);
    this.hasAsync = plan.targets.some((target) => target.isAsync);
    this.routers = createRouters(plan, strategy);
    this.network = new Network(plan.network, plan.regionNames.length, this.world.faults, seed);
    const hasHops = plan.world.routes.some((route) => route?.hopMs.some((ms) => ms > 0));
    this.hasNetwork = hasHops || plan.network.rttMs.some((ms) => ms > 0) || plan.world.faults.length > 0;
    this.gateways = plan.gateways.length > 0 ? new Gateways(plan.gateways, seed) : null;
    const { timeout, hedge } = this.client;
    this.timeouts = timeout.attemptMs < Number.POSITIVE_INFINITY ? new DelayLine(timeout.attemptMs) : null;
    this.deadlines = timeout.requestMs < Number.POSITIVE_INFINITY ? new DelayLine(timeout.requestMs) : null;
    this.hedges = hedge.hedgesMax > 0 ? new DelayLine(hedge.afterMs) : null;
    this.recorder = new Recorder(plan.classes.length, plan.regionNames.length, isStreaming(plan));
    const { schedule, placements } = plan.money;
    this.ledger = createLedger({
      epochs: schedule.epochStartMs.length,
      placements: placements.length,
      classes: plan.classes.length,
    });
    this.random = routingRandom(seed);
    this.retryKey = purposeKey(seed, "retry");
    this.maxTokensOfClass = Int32Array.from(plan.classes, (each) => plan.models[each.model]!.maxOutputTokens);
    this.hasPictures = plan.signals.ageMs > 0 || plan.signals.source === "shared";
    this.hasOwnPictures = plan.signals.ageMs > 0 && plan.signals.source === "own";
    const signals = signalsOf(strategy);
    this.wantsHeadroom = signals.includes("quotaHeadroom");
    this.isLimited = this.client.retry.mode === "adaptive";
    this.isRetrying = this.client.retry.mode !== "none";
    this.isLearning =
      this.isLimited ||
      this.routers[0]!.strategy.observe !== undefined ||
      signals.some((signal) => LEARNT_SIGNALS.includes(signal));
    this.view = newRequestView();
    this.ended = newEndedRequest();
    this.outcome = newOutcome();
    this.observation = observer === null ? null : new Observation(observer, this.table, this.requests);
  }

  /** Takes the run through one chunk of arrivals. Returns false once the run has been stopped as unstable. */
  run(chunk: TrafficChunk): boolean {
    const { arrivalMs, length } = chunk;
    for (let row = 0; row < length; row++) {
      const ms = arrivalMs[row]!;
      this.advanceTo(ms);
      this.arrive(chunk, row, ms);
      if ((this.requestsSeen & BACKLOG_MASK) === 0) {
        this.backlog.push(this.inSystem - this.inBatch);
        if (this.inSystem > IN_SYSTEM_MAX) {
          this.stoppedAtMs = ms;
          return false;
        }
      }
    }
    return true;
  }

  /** Ends the run: lets what is in the system finish within the drain, then counts the rest as in flight. */
  end(): SimulationOutput {
    const endMs = this.nowMs;
    this.areaToMs = endMs;
    this.closeArea(endMs);
    const area = this.area;
    const inSystemAtEnd = this.inSystem - this.inBatch;
    const isUnderWay = () => this.requests.inUse > 0 || this.table.inUse > 0;
    if (this.stoppedAtMs === null) {
      const drainToMs = endMs + this.plan.drainMs;
      while (isUnderWay()) {
        const nextMs = this.nextMs();
        if (nextMs > drainToMs || nextMs === Number.POSITIVE_INFINITY) break;
        this.step();
      }
    }
    for (const request of this.requests.slotsInUse()) {
      if (this.requests.ints[request * REQUEST_INTS + REQUEST.isEnded] === 0) {
        this.finalise(request, END.inFlight, this.nowMs, -1);
      }
    }
    if (this.observation !== null) this.observation.runEnded(this.nowMs);
    const span = this.areaToMs - this.areaFromMs;
    return {
      recorder: this.recorder,
      ledger: this.ledger,
      quotas: this.world.quotaUse(),
      meanInSystem: span > 0 ? area / span : Number.NaN,
      countedFromMs: this.areaFromMs,
      countedToMs: this.areaToMs,
      inSystemAtEnd,
      backlog: this.backlog,
      stoppedEarlyAtMs: this.stoppedAtMs,
    };
  }

  onOutcome(attempt: number, outcome: Outcome, nowMs: number): void {
    const { ints, floats } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    ints[at + ATTEMPT.outcome] = outcome;
    floats[from + ATTEMPT_FLOAT.endedMs] = nowMs;
    if (this.observation !== null) this.observation.attemptEnded(attempt, nowMs);
    const region = this.plan.targets[ints[at + ATTEMPT.target]!]!.region;
    if (outcome === OUTCOME.ok) {
      if (ints[at + ATTEMPT.isCounted] === 1) this.bill(attempt);
      this.recorder.count(region, nowMs, CELL.served);
    } else if (outcome === OUTCOME.throttled) this.recorder.count(region, nowMs, CELL.attemptsThrottled);
    else if (outcome === OUTCOME.unavailable) this.recorder.count(region, nowMs, CELL.attemptsUnavailable);
    if (this.hasNetwork) {
      const backMs = floats[from + ATTEMPT_FLOAT.hopMs]! + this.delayMs(attempt, LEG.back);
      if (backMs > 0) {
        this.agenda.push(nowMs + backMs, (attempt << EVENT_BITS) | EVENT.response);
        return;
      }
    }
    this.respond(attempt, nowMs);
  }

  private nextMs(): number {
    const gatewaysMs = this.gateways === null ? Number.POSITIVE_INFINITY : this.gateways.nextMs;
    return Math.min(this.world.nextMs, this.agenda.topMs, this.timersMs, gatewaysMs);
  }

  private advanceTo(ms: number): void {
    while (this.world.nextMs <= ms || this.agenda.topMs <= ms || this.timersMs <= ms) this.step();
    if (this.gateways !== null) while (this.nextMs() <= ms) this.step();
    this.nowMs = ms;
  }

  private step(): void {
    const worldMs = this.world.nextMs;
    const agendaMs = this.agenda.topMs;
    const timersMs = this.timersMs;
    if (this.gateways !== null && this.gateways.nextMs <= Math.min(worldMs, agendaMs, timersMs)) {
      this.nowMs = this.gateways.nextMs;
      const request = this.gateways.advance();
      if (request >= 0) {
        this.resume(request, this.nowMs);
      }
    } else if (worldMs <= agendaMs && worldMs <= timersMs) {
      this.nowMs = worldMs;
      this.world.advance();
    } else if (agendaMs <= timersMs) {
      this.nowMs = agendaMs;
      this.clientEvent(this.agenda.pop(), agendaMs);
    } else {
      this.nowMs = timersMs;
      this.timerEvent(timersMs);
    }
  }

  private clientEvent(payload: number, nowMs: number): void {
    const slot = payload >> EVENT_BITS;
    switch (payload & ((1 << EVENT_BITS) - 1)) {
      case EVENT.arriveAtRegion:
        this.world.receive(nowMs, slot);
        return;
      case EVENT.response:
        this.respond(slot, nowMs);
        return;
      default:
        this.resume(slot, nowMs);
    }
  }

  /** A request's wait is over: it is routed, unless its caller's deadline has ended it meanwhile. */
  private resume(r: number, nowMs: number): void {
    const { ints } = this.requests;
    const at = r * REQUEST_INTS;
    ints[at + REQUEST.isPending] = 0;
    if (ints[at + REQUEST.isEnded] === 1) this.requests.release(r);
    else this.dispatch(r, nowMs, false);
  }

  private arrive(chunk: TrafficChunk, row: number, nowMs: number): void {
    const { requests, plan } = this;
    const id = this.requestsSeen++;
    const r = requests.allocate();
    const { ints, floats } = requests;
    const at = r * REQUEST_INTS;
    const classIndex = chunk.classIndex[row]!;
    const asked = chunk.maxTokens[row]!;
    const maxTokens = asked > 0 ? asked : this.maxTokensOfClass[classIndex]!;
    const output = chunk.outputTokens[row]!;
    const { warmup } = plan;
    const isCounted = warmup.kind === "none" || (warmup.kind === "duration" ? nowMs : id) >= warmup.amount;
    floats[r * REQUEST_FLOATS + REQUEST_FLOAT.arrivalMs] = nowMs;
    floats[r * REQUEST_FLOATS + REQUEST_FLOAT.lastRetryCost] = 0;
    ints[at + REQUEST.id] = id;
    ints[at + REQUEST.classIndex] = classIndex;
    ints[at + REQUEST.originIndex] = chunk.originIndex[row]!;
    ints[at + REQUEST.router] = this.routers.length === 1 ? 0 : id % this.routers.length;
    ints[at + REQUEST.inputTokens] = chunk.inputTokens[row]!;
    ints[at + REQUEST.outputTokens] = output < maxTokens ? output : maxTokens;
    ints[at + REQUEST.maxTokens] = maxTokens;
    ints[at + REQUEST.prefixTokens] = chunk.prefixTokens[row]!;
    ints[at + REQUEST.prefixId] = chunk.prefixId[row]!;
    ints[at + REQUEST.attempts] = 0;
    ints[at + REQUEST.attemptsThrottled] = 0;
    ints[at + REQUEST.attemptsUnavailable] = 0;
    ints[at + REQUEST.outstanding] = 0;
    ints[at + REQUEST.hedges] = 0;
    ints[at + REQUEST.lastTarget] = -1;
    ints[at + REQUEST.isCounted] = isCounted ? 1 : 0;
    ints[at + REQUEST.isPending] = 0;
    ints[at + REQUEST.isEnded] = 0;
    if (isCounted) {
      if (Number.isNaN(this.areaFromMs)) this.openArea(nowMs);
      this.recorder.arrived[classIndex]!++;
    }
    this.changeInSystem(nowMs, 1);
    if (this.deadlines !== null) {
      this.deadlines.push(nowMs, r, ints[at + REQUEST.generation]!);
      this.refreshTimers();
    }
    if (this.gateways === null) this.dispatch(r, nowMs, false);
    else {
      ints[at + REQUEST.isPending] = 1;
      this.gateways.enter(nowMs, r, id);
    }
  }

  /** Chooses a target and sends an attempt, now or when the client's limiter or the strategy says. */
  private dispatch(r: number, nowMs: number, isHedge: boolean): void {
    const { columns, plan } = this;
    const { ints, floats } = this.requests;
    const at = r * REQUEST_INTS;
    const classIndex = ints[at + REQUEST.classIndex]!;
    columns.refresh(nowMs);
    const eligibleCount = columns.eligibleCount[classIndex]!;
    if (eligibleCount === 0) {
      this.finalise(r, END.residencyRefused, nowMs, -1);
      return;
    }
    const router = this.routers[ints[at + REQUEST.router]!]!;
    if (this.isLimited) {
      const waitMs = router.retry.sendWaitMs(nowMs);
      if (waitMs > 0) {
        if (!isHedge) this.later(r, nowMs + waitMs);
        return;
      }
    }
    const each = plan.classes[classIndex]!;
    const targets = router.shown[each.model]!;
    const origin = ints[at + REQUEST.originIndex]!;
    targets.eligible = columns.eligible[classIndex]!;
    targets.eligibleCount = eligibleCount;
    targets.rttMs = columns.rttMs[origin]!;
    targets.priceInUsdPerMTok = columns.priceIn[each.model]!;
    targets.priceOutUsdPerMTok = columns.priceOut[each.model]!;
    if (this.hasPictures) this.takePicture(nowMs);
    if (this.wantsHeadroom) this.readHeadroom(targets, nowMs, each.model, classIndex);
    const view = this.view;
    const attempt = ints[at + REQUEST.attempts]!;
    view.requestId = ints[at + REQUEST.id]!;
    view.classIndex = classIndex;
    view.originIndex = origin;
    view.inputTokens = ints[at + REQUEST.inputTokens]!;
    view.maxTokens = ints[at + REQUEST.maxTokens]!;
    view.prefixTokens = ints[at + REQUEST.prefixTokens]!;
    view.prefixId = ints[at + REQUEST.prefixId]!;
    view.attempt = attempt;
    view.previousTarget = ints[at + REQUEST.lastTarget]!;
    view.arrivalMs = floats[r * REQUEST_FLOATS + REQUEST_FLOAT.arrivalMs]!;
    view.sloE2eMs = each.sloE2eMs;
    view.deferrable = each.deferrable;
    this.random.seek(view.requestId, attempt);
    const choice = router.strategy.choose(view, targets as TargetView, nowMs, this.random);
    if (choice < 0) {
      // A hedge that is put off is left out: its request is under way, and one event at most may name the slot.
      if (!isHedge) this.later(r, Math.max(-1 - choice, nowMs + 1));
      return;
    }
    this.send(r, choice, nowMs);
  }

  private later(r: number, ms: number): void {
    this.requests.ints[r * REQUEST_INTS + REQUEST.isPending] = 1;
    this.agenda.push(ms, (r << EVENT_BITS) | EVENT.dispatch);
  }

  private send(r: number, target: number, nowMs: number): void {
    const { table, plan } = this;
    const a = table.allocate();
    const to = table.ints;
    const from = this.requests.ints;
    const at = a * ATTEMPT_INTS;
    const of = r * REQUEST_INTS;
    const classIndex = from[of + REQUEST.classIndex]!;
    const { model, queueLevel } = plan.classes[classIndex]!;
    const ordinal = from[of + REQUEST.attempts]!;
    const routerIndex = from[of + REQUEST.router]!;
    const isCounted = from[of + REQUEST.isCounted]!;
    to[at + ATTEMPT.requestId] = from[of + REQUEST.id]!;
    to[at + ATTEMPT.ordinal] = ordinal;
    to[at + ATTEMPT.classIndex] = classIndex;
    to[at + ATTEMPT.modelIndex] = model;
    to[at + ATTEMPT.target] = target;
    to[at + ATTEMPT.inputTokens] = from[of + REQUEST.inputTokens]!;
    to[at + ATTEMPT.outputTokens] = from[of + REQUEST.outputTokens]!;
    to[at + ATTEMPT.maxTokens] = from[of + REQUEST.maxTokens]!;
    to[at + ATTEMPT.prefixTokens] = from[of + REQUEST.prefixTokens]!;
    to[at + ATTEMPT.prefixId] = from[of + REQUEST.prefixId]!;
    to[at + ATTEMPT.queueLevel] = queueLevel;
    to[at + ATTEMPT.request] = r;
    to[at + ATTEMPT.requestGeneration] = from[of + REQUEST.generation]!;
    to[at + ATTEMPT.router] = routerIndex;
    to[at + ATTEMPT.origin] = from[of + REQUEST.originIndex]!;
    to[at + ATTEMPT.isDetached] = 0;
    to[at + ATTEMPT.outcome] = UNKNOWN;
    to[at + ATTEMPT.endpoint] = UNKNOWN;
    to[at + ATTEMPT.isCounted] = isCounted;
    table.floats[a * ATTEMPT_FLOATS + ATTEMPT_FLOAT.sentMs] = nowMs;
    from[of + REQUEST.attempts] = ordinal + 1;
    from[of + REQUEST.outstanding]!++;
    const previous = from[of + REQUEST.lastTarget]!;
    from[of + REQUEST.lastTarget] = target;
    const router = this.routers[routerIndex]!;
    router.learnt[model]!.onSent(target);
    if (this.hasOwnPictures) router.shown[model]!.onSent(target);
    this.recorder.count(plan.targets[target]!.region, nowMs, CELL.attempts);
    if (isCounted === 1) this.countDecision(target, model, classIndex, nowMs);
    const isAsync = this.hasAsync && plan.targets[target]!.isAsync;
    if (this.hasAsync) this.countBatch(previous, target);
    if (this.timeouts !== null && !isAsync) {
      this.timeouts.push(nowMs, a, to[at + ATTEMPT.generation]!);
      this.refreshTimers();
    }
    if (this.hedges !== null && !isAsync && from[of + REQUEST.hedges]! < this.client.hedge.hedgesMax) {
      this.requests.floats[r * REQUEST_FLOATS + REQUEST_FLOAT.lastSentMs] = nowMs;
      this.hedges.push(nowMs, r, from[of + REQUEST.generation]!);
      this.refreshTimers();
    }
    if (this.hasNetwork) {
      const thereMs = this.delayMs(a, LEG.there);
      if (thereMs > 0) {
        this.agenda.push(nowMs + thereMs, (a << EVENT_BITS) | EVENT.arriveAtRegion);
        return;
      }
    }
    this.world.receive(nowMs, a);
  }

  /** An answer reaches the caller. */
  private respond(a: number, nowMs: number): void {
    const { table } = this;
    const { ints } = table;
    const at = a * ATTEMPT_INTS;
    if (ints[at + ATTEMPT.isDetached] === 1) {
      table.release(a);
      return;
    }
    const router = this.routers[ints[at + ATTEMPT.router]!]!;
    const outcome = ints[at + ATTEMPT.outcome]! as Outcome;
    const r = ints[at + ATTEMPT.request]!;
    const of = r * REQUEST_INTS;
    const requests = this.requests.ints;
    if (requests[of + REQUEST.generation] !== ints[at + ATTEMPT.requestGeneration]) {
      // The loser of a hedge, or an answer after the caller's deadline: it ends for the books only.
      this.forgetAttempt(router, ints[at + ATTEMPT.modelIndex]!, ints[at + ATTEMPT.target]!);
      table.release(a);
      return;
    }
    if (this.isLearning) this.tell(router, a, outcome, nowMs);
    else this.forgetAttempt(router, ints[at + ATTEMPT.modelIndex]!, ints[at + ATTEMPT.target]!);
    requests[of + REQUEST.outstanding]!--;
    if (outcome === OUTCOME.ok) {
      if (this.isRetrying) {
        router.retry.onSuccess(this.requests.floats[r * REQUEST_FLOATS + REQUEST_FLOAT.lastRetryCost]!);
      }
      this.finalise(r, END.served, nowMs, a);
    } else {
      if (outcome === OUTCOME.throttled) requests[of + REQUEST.attemptsThrottled]!++;
      else if (outcome === OUTCOME.unavailable) requests[of + REQUEST.attemptsUnavailable]!++;
      const hintMs = outcome === OUTCOME.throttled ? this.world.retryAfterMs(a) : Number.NaN;
      this.afterFailure(r, outcome, nowMs, hintMs);
    }
    table.release(a);
  }

  /** Retries, waits for a hedge that is still under way, or gives up. */
  private afterFailure(r: number, outcome: Outcome, nowMs: number, hintMs: number): void {
    const { ints, floats } = this.requests;
    const at = r * REQUEST_INTS;
    if (ints[at + REQUEST.outstanding]! > 0 || ints[at + REQUEST.isPending] === 1) return;
    const kind = KIND_OF_OUTCOME[outcome]!;
    const router = this.routers[ints[at + REQUEST.router]!]!;
    const attempt = ints[at + REQUEST.attempts]! - 1;
    const uniform = keyedUniform(this.retryKey, ints[at + REQUEST.id]!, attempt);
    const delayMs = outcome === OUTCOME.abandoned ? GIVE_UP : router.retry.nextDelayMs(attempt, kind, hintMs, uniform);
    if (delayMs === GIVE_UP) {
      this.finalise(r, END_OF_OUTCOME[outcome]!, nowMs, -1);
      return;
    }
    floats[r * REQUEST_FLOATS + REQUEST_FLOAT.lastRetryCost] = router.retry.retryCost(kind);
    this.later(r, nowMs + delayMs);
  }

  private timerEvent(nowMs: number): void {
    const { timeouts, deadlines, hedges } = this;
    const requests = this.requests.ints;
    if (timeouts !== null && timeouts.topMs === nowMs) {
      const a = timeouts.topSlot;
      const at = a * ATTEMPT_INTS;
      const { ints } = this.table;
      const isCurrent = ints[at + ATTEMPT.generation] === timeouts.topGeneration && ints[at + ATTEMPT.isDetached] === 0;
      timeouts.pop();
      if (isCurrent) this.timeOut(a, nowMs);
    } else if (deadlines !== null && deadlines.topMs === nowMs) {
      const r = deadlines.topSlot;
      const isCurrent = requests[r * REQUEST_INTS + REQUEST.generation] === deadlines.topGeneration;
      deadlines.pop();
      if (isCurrent) this.finalise(r, END.timedOut, nowMs, -1);
    } else if (hedges !== null) {
      const r = hedges.topSlot;
      const at = r * REQUEST_INTS;
      // Silence is counted from the latest send: the timer of an earlier one says nothing.
      const silentFromMs = this.requests.floats[r * REQUEST_FLOATS + REQUEST_FLOAT.lastSentMs]!;
      const isLatest = silentFromMs + hedges.delayMs === nowMs;
      const isCurrent = isLatest && requests[at + REQUEST.generation] === hedges.topGeneration;
      hedges.pop();
      const mayHedge = requests[at + REQUEST.hedges]! < this.client.hedge.hedgesMax;
      if (isCurrent && requests[at + REQUEST.outstanding]! > 0 && mayHedge) {
        requests[at + REQUEST.hedges]!++;
        this.dispatch(r, nowMs, true);
      }
    }
    this.refreshTimers();
  }

  private timeOut(a: number, nowMs: number): void {
    const { ints } = this.table;
    const at = a * ATTEMPT_INTS;
    const r = ints[at + ATTEMPT.request]!;
    const requests = this.requests.ints;
    const router = this.routers[ints[at + ATTEMPT.router]!]!;
    ints[at + ATTEMPT.isDetached] = 1;
    const isCurrent = requests[r * REQUEST_INTS + REQUEST.generation] === ints[at + ATTEMPT.requestGeneration];
    if (isCurrent && this.isLearning) this.tell(router, a, OUTCOME.timeout, nowMs);
    else this.forgetAttempt(router, ints[at + ATTEMPT.modelIndex]!, ints[at + ATTEMPT.target]!);
    if (!isCurrent) return;
    requests[r * REQUEST_INTS + REQUEST.outstanding]!--;
    this.afterFailure(r, OUTCOME.timeout, nowMs, Number.NaN);
  }

  private refreshTimers(): void {
    let ms = Number.POSITIVE_INFINITY;
    if (this.timeouts !== null) ms = this.timeouts.topMs;
    if (this.deadlines !== null && this.deadlines.topMs < ms) ms = this.deadlines.topMs;
    if (this.hedges !== null && this.hedges.topMs < ms) ms = this.hedges.topMs;
    this.timersMs = ms;
  }

  /** The router learns an outcome. */
  private tell(router: Router, a: number, kind: Outcome, nowMs: number): void {
    const { outcome } = this;
    const { ints, floats } = this.table;
    const at = a * ATTEMPT_INTS;
    const from = a * ATTEMPT_FLOATS;
    const target = ints[at + ATTEMPT.target]!;
    const isOk = kind === OUTCOME.ok;
    const sentMs = floats[from + ATTEMPT_FLOAT.sentMs]!;
    outcome.requestId = ints[at + ATTEMPT.requestId]!;
    outcome.classIndex = ints[at + ATTEMPT.classIndex]!;
    outcome.target = target;
    outcome.kind = KIND_OF_OUTCOME[kind]!;
    outcome.sentMs = sentMs;
    outcome.nowMs = nowMs;
    outcome.e2eMs = isOk ? nowMs - sentMs : Number.NaN;
    outcome.ttftMs = isOk
      ? nowMs - sentMs - (floats[from + ATTEMPT_FLOAT.endedMs]! - floats[from + ATTEMPT_FLOAT.firstTokenMs]!)
      : Number.NaN;
    outcome.inputTokens = ints[at + ATTEMPT.inputTokens]!;
    outcome.outputTokens = isOk ? ints[at + ATTEMPT.outputTokens]! : 0;
    outcome.rttMs = this.columns.rttMs[ints[at + ATTEMPT.origin]!]![target]!;
    const model = ints[at + ATTEMPT.modelIndex]!;
    router.learnt[model]!.onOutcome(outcome);
    if (this.hasOwnPictures) router.shown[model]!.onEnded(target);
    router.retry.onResponse(outcome.kind, nowMs);
    router.strategy.observe?.(outcome);
  }

  private forgetAttempt(router: Router, model: number, target: number): void {
    router.learnt[model]!.onEnded(target);
    if (this.hasOwnPictures) router.shown[model]!.onEnded(target);
  }

  /** Records a request's end and frees its slot. @param a the serving attempt, or -1 */
  private finalise(r: number, end: End, nowMs: number, a: number): void {
    const { ints } = this.requests;
    const at = r * REQUEST_INTS;
    if (this.hasAsync) this.countBatch(ints[at + REQUEST.lastTarget]!, -1);
    this.changeInSystem(nowMs, -1);
    if (this.observation !== null) this.observation.requestEnded(r, end, nowMs, a);
    if (ints[at + REQUEST.isCounted] === 1) this.recorder.record(this.describe(r, end, nowMs, a));
    if (ints[at + REQUEST.isPending] === 1) {
      // An event still names the slot and will release it; answers that come later must not find the request.
      ints[at + REQUEST.isEnded] = 1;
      ints[at + REQUEST.generation]!++;
    } else this.requests.release(r);
  }

  private describe(r: number, end: End, nowMs: number, a: number): EndedRequest {
    const { ended, plan } = this;
    const { ints } = this.requests;
    const at = r * REQUEST_INTS;
    const classIndex = ints[at + REQUEST.classIndex]!;
    const arrivalMs = this.requests.floats[r * REQUEST_FLOATS + REQUEST_FLOAT.arrivalMs]!;
    const lastTarget = ints[at + REQUEST.lastTarget]!;
    const each = plan.classes[classIndex]!;
    ended.classIndex = classIndex;
    ended.region = lastTarget < 0 ? -1 : plan.targets[lastTarget]!.region;
    ended.arrivalMs = arrivalMs;
    ended.end = end;
    ended.attempts = ints[at + REQUEST.attempts]!;
    ended.attemptsThrottled = ints[at + REQUEST.attemptsThrottled]!;
    ended.attemptsUnavailable = ints[at + REQUEST.attemptsUnavailable]!;
    ended.inputTokens = ints[at + REQUEST.inputTokens]!;
    ended.outputTokens = ints[at + REQUEST.outputTokens]!;
    ended.hasObjective = each.sloE2eMs < Number.POSITIVE_INFINITY || each.sloTtftMs < Number.POSITIVE_INFINITY;
    ended.isWithinObjective = false;
    ended.isViolation = false;
    if (a < 0) return ended;
    const { floats } = this.table;
    const from = a * ATTEMPT_FLOATS;
    const startedMs = floats[from + ATTEMPT_FLOAT.startedMs]!;
    const e2eMs = nowMs - arrivalMs;
    const region = plan.world.endpoints[this.table.ints[a * ATTEMPT_INTS + ATTEMPT.endpoint]!]!.region;
    ended.region = region;
    ended.e2eMs = e2eMs;
    ended.ttftMs = e2eMs - (floats[from + ATTEMPT_FLOAT.endedMs]! - floats[from + ATTEMPT_FLOAT.firstTokenMs]!);
    ended.waitMs = startedMs - arrivalMs;
    ended.hasWaited = startedMs > floats[from + ATTEMPT_FLOAT.offeredMs]!;
    ended.isViolation = each.allowedRegions[region] === 0;
    if (ended.hasObjective) ended.isWithinObjective = e2eMs <= each.sloE2eMs && ended.ttftMs <= each.sloTtftMs;
    return ended;
  }

  private bill(a: number): void {
    const { ledger } = this;
    const { ints } = this.table;
    const at = a * ATTEMPT_INTS;
    const cell = ledgerCell(
      ledger,
      ints[at + ATTEMPT.epoch]!,
      ints[at + ATTEMPT.placement]!,
      ints[at + ATTEMPT.classIndex]!,
    );
    const read = ints[at + ATTEMPT.cacheReadTokens]!;
    const written = ints[at + ATTEMPT.cacheWriteTokens]!;
    const tokens = ledger.tokens;
    const to = cell * TOKEN_KINDS.length;
    tokens[to]! += ints[at + ATTEMPT.inputTokens]! - read - written;
    tokens[to + 1]! += ints[at + ATTEMPT.outputTokens]!;
    if (read > 0) tokens[to + 2]! += read;
    if (written > 0) tokens[to + 3]! += written;
  }

  private countDecision(target: number, model: number, classIndex: number, nowMs: number): void {
    const route = this.plan.world.routes[target * this.plan.models.length + model]!;
    const cell = ledgerCell(this.ledger, this.world.epochAt(nowMs), route.placements[0]!, classIndex);
    this.ledger.decisions[cell]!++;
  }

  private delayMs(a: number, leg: 0 | 1): number {
    const { ints } = this.table;
    const at = a * ATTEMPT_INTS;
    const { region } = this.plan.targets[ints[at + ATTEMPT.target]!]!;
    const request = ints[at + ATTEMPT.requestId]!;
    return this.network.oneWayMs(ints[at + ATTEMPT.origin]!, region, leg, request, ints[at + ATTEMPT.ordinal]!);
  }

  /** Shows the routers the signals as they are now, at most once per age. */
  private takePicture(nowMs: number): void {
    const { ageMs, source } = this.plan.signals;
    if (ageMs > 0 && nowMs < this.nextPictureMs) return;
    this.nextPictureMs = ageMs > 0 ? Math.floor(nowMs / ageMs + 1) * ageMs : nowMs;
    for (const router of this.routers) {
      if (ageMs > 0) refreshShown(router);
      if (source !== "shared") continue;
      for (let model = 0; model < this.plan.models.length; model++) {
        const { inFlight } = router.shown[model]!;
        for (let t = 0; t < inFlight.length; t++) inFlight[t] = this.world.outstanding(t, model);
      }
    }
  }

  private readHeadroom(targets: TargetViewState, nowMs: number, model: number, classIndex: number): void {
    for (let i = 0; i < targets.eligibleCount; i++) {
      const t = targets.eligible[i]!;
      targets.quotaHeadroom[t] = this.world.quotaHeadroom(nowMs, t, model, classIndex);
    }
  }

  /** A request goes from one target to another; -1 = from or to nowhere. */
  private countBatch(from: number, to: number): void {
    const { targets } = this.plan;
    if (from >= 0 && targets[from]!.isAsync) this.inBatch--;
    if (to >= 0 && targets[to]!.isAsync) this.inBatch++;
  }

  private openArea(nowMs: number): void {
    this.areaFromMs = nowMs;
    this.lastChangeMs = nowMs;
  }

  private closeArea(nowMs: number): void {
    if (!Number.isNaN(this.areaFromMs)) this.area += this.inSystem * (nowMs - this.lastChangeMs);
    this.lastChangeMs = nowMs;
  }

  private changeInSystem(nowMs: number, by: number): void {
    this.closeArea(nowMs);
    this.inSystem += by;
  }
}

/** Whether some answer's first token comes before its last. */
function isStreaming(plan: Plan): boolean {
  return plan.world.endpoints.some(({ capacity }) => capacity.kind !== "slots" || capacity.perOutputTokenMs > 0);
}

/** Replications differ in their seed alone. */
export function replicationSeed(seed: number, replication: number): number {
  const high = mix32(Math.floor(seed / 2 ** 32));
  return mix32((seed | 0) ^ mix32((replication + 1) ^ high)) >>> 0;
}

function newRequestView() {
  return {
    requestId: 0,
    classIndex: 0,
    originIndex: 0,
    inputTokens: 0,
    maxTokens: 0,
    prefixTokens: 0,
    prefixId: -1,
    attempt: 0,
    previousTarget: -1,
    arrivalMs: 0,
    sloE2eMs: 0,
    deferrable: false,
  };
}

function newOutcome() {
  return {
    requestId: 0,
    classIndex: 0,
    target: 0,
    kind: "ok" as OutcomeKind,
    sentMs: 0,
    nowMs: 0,
    ttftMs: 0,
    e2eMs: 0,
    inputTokens: 0,
    outputTokens: 0,
    rttMs: 0,
  };
}

function newEndedRequest(): EndedRequest {
  return {
    classIndex: 0,
    region: 0,
    arrivalMs: 0,
    end: END.served,
    attempts: 0,
    attemptsThrottled: 0,
    attemptsUnavailable: 0,
    inputTokens: 0,
    outputTokens: 0,
    e2eMs: 0,
    ttftMs: 0,
    waitMs: 0,
    hasWaited: false,
    hasObjective: false,
    isWithinObjective: false,
    isViolation: false,
  };
}
