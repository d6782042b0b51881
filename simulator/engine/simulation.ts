import { GIVE_UP } from "../client/retry-policy.ts";
import { CELL, END, type End, type EndedRequest, Recorder } from "../metrics/recorder.ts";
import { type KeyedRandom, keyedUniform, mix32, purposeKey } from "../random/keyed-random.ts";
import type { ClientPlan, Plan, StrategyPlan } from "../scenario/plan.ts";
import type { OutcomeKind, SignalName, TargetView } from "../strategies/strategy.ts";
import type { TargetViewState } from "../strategies/target-view.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { AttemptTable } from "../world/attempt-table.ts";
import { createLedger, type Ledger, ledgerCell } from "../world/pricing/ledger.ts";
import { TOKEN_KINDS } from "../world/pricing/prices.ts";
import type { QuotaUse } from "../world/quota/token-quota.ts";
import { OUTCOME, type Outcome, World, type WorldListener } from "../world/world.ts";
import { ClientAttempts } from "./client-attempts.ts";
import { DelayLine } from "./delay-line.ts";
import { EventHeap } from "./event-heap.ts";
import { Gateways } from "./gateways.ts";
import { LEG, Network } from "./network.ts";
import { RequestTable } from "./request-table.ts";
import { createRouters, type Router, refreshShown, routingRandom, signalsOf } from "./router.ts";
import { TargetColumns } from "./target-columns.ts";

/** Client-side events: what the payload's low bits mean; the rest is a slot. */
const EVENT = { arriveAtRegion: 0, response: 1, dispatch: 2 } as const;
const EVENT_BITS = 2;

/** Signals that move with outcomes. */
const LEARNT_SIGNALS: readonly SignalName[] = ["e2e", "ttft", "e2eP95", "throttleShare", "failureShare"];

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
  /** Requests in the system at equal steps of arrivals: to judge stability. */
  readonly backlog: readonly number[];
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
  private readonly table = new AttemptTable();
  private readonly requests = new RequestTable();
  private readonly attempts = new ClientAttempts();
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
  private readonly wantsHeadroom: boolean;
  /** Whether anybody learns from outcomes: a strategy, its signals, a limiter. Otherwise only counts go down. */
  private readonly isLearning: boolean;
  private readonly isRetrying: boolean;
  private readonly isLimited: boolean;
  private readonly hasNetwork: boolean;
  private readonly view;
  private readonly ended: EndedRequest;
  private readonly outcome;
  private nextPictureMs = 0;
  private timersMs = Number.POSITIVE_INFINITY;
  private inSystem = 0;
  private area = 0;
  private areaFromMs = Number.NaN;
  private areaToMs = 0;
  private lastChangeMs = 0;
  private readonly backlog: number[] = [];
  private stoppedAtMs: number | null = null;

  constructor(plan: Plan, strategy: StrategyPlan, seed: number) {
    this.plan = plan;
    this.client = strategy.client ?? plan.client;
    this.world = new World(plan.world, seed, this.table, this);
    this.columns = new TargetColumns(plan, this.world);
    this.routers = createRouters(plan, strategy);
    this.network = new Network(plan.network, plan.regionNames.length, this.world.faults, seed);
    this.hasNetwork = plan.network.rttMs.some((ms) => ms > 0) || plan.world.faults.length > 0;
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
  }

  /** Takes the run through one chunk of arrivals. Returns false once the run has been stopped as unstable. */
  run(chunk: TrafficChunk): boolean {
    const { arrivalMs, length } = chunk;
    for (let row = 0; row < length; row++) {
      const ms = arrivalMs[row]!;
      this.advanceTo(ms);
      this.arrive(chunk, row, ms);
      if ((this.requestsSeen & 0xfff) === 0) {
        this.backlog.push(this.inSystem);
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
    const inSystemAtEnd = this.inSystem;
    const isUnderWay = () => this.requests.inUse > 0 || this.table.inUse > 0;
    if (this.stoppedAtMs === null) {
      const drainToMs = endMs + this.plan.drainMs;
      while (isUnderWay()) {
        const nextMs = this.nextMs();
        if (nextMs > drainToMs || nextMs === Number.POSITIVE_INFINITY) break;
        this.step();
      }
    }
    for (const request of this.requests.slotsInUse()) this.finalise(request, END.inFlight, this.nowMs, -1);
    const span = this.areaToMs - this.areaFromMs;
    return {
      recorder: this.recorder,
      ledger: this.ledger,
      quotas: this.world.quotaUse(),
      meanInSystem: span > 0 ? area / span : Number.NaN,
      inSystemAtEnd,
      backlog: this.backlog,
      stoppedEarlyAtMs: this.stoppedAtMs,
    };
  }

  onOutcome(attempt: number, outcome: Outcome, nowMs: number): void {
    const attempts = this.attempts;
    attempts.outcome[attempt] = outcome;
    attempts.endedMs[attempt] = nowMs;
    if (outcome === OUTCOME.ok && attempts.isCounted[attempt] === 1) this.bill(attempt);
    const region = this.plan.targets[this.table.target[attempt]!]!.region;
    if (outcome === OUTCOME.throttled) this.recorder.count(region, nowMs, CELL.attemptsThrottled);
    else if (outcome === OUTCOME.unavailable) this.recorder.count(region, nowMs, CELL.attemptsUnavailable);
    else if (outcome === OUTCOME.ok) this.recorder.count(region, nowMs, CELL.served);
    const backMs = this.hasNetwork ? this.table.hopMs[attempt]! + this.delayMs(attempt, LEG.back) : 0;
    if (backMs > 0) this.agenda.push(nowMs + backMs, (attempt << EVENT_BITS) | EVENT.response);
    else this.respond(attempt, nowMs);
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
        this.requests.isPending[request] = 0;
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
        this.requests.isPending[slot] = 0;
        this.resume(slot, nowMs);
    }
  }

  /** A request's wait is over: it is routed, unless its caller's deadline has ended it meanwhile. */
  private resume(r: number, nowMs: number): void {
    if (this.requests.isEnded[r] === 1) this.requests.release(r);
    else this.dispatch(r, nowMs, false);
  }

  private arrive(chunk: TrafficChunk, row: number, nowMs: number): void {
    const requests = this.requests;
    const id = this.requestsSeen++;
    const r = requests.allocate();
    const classIndex = chunk.classIndex[row]!;
    const model = this.plan.classes[classIndex]!.model;
    const asked = chunk.maxTokens[row]!;
    const maxTokens = asked > 0 ? asked : this.plan.models[model]!.maxOutputTokens;
    const output = chunk.outputTokens[row]!;
    requests.id[r] = id;
    requests.arrivalMs[r] = nowMs;
    requests.classIndex[r] = classIndex;
    requests.originIndex[r] = chunk.originIndex[row]!;
    requests.router[r] = this.routers.length === 1 ? 0 : id % this.routers.length;
    requests.inputTokens[r] = chunk.inputTokens[row]!;
    requests.outputTokens[r] = output < maxTokens ? output : maxTokens;
    requests.maxTokens[r] = maxTokens;
    requests.prefixTokens[r] = chunk.prefixTokens[row]!;
    requests.prefixId[r] = chunk.prefixId[row]!;
    requests.attempts[r] = 0;
    requests.attemptsThrottled[r] = 0;
    requests.attemptsUnavailable[r] = 0;
    requests.outstanding[r] = 0;
    requests.hedges[r] = 0;
    requests.lastTarget[r] = -1;
    requests.lastRetryCost[r] = 0;
    requests.isPending[r] = 0;
    requests.isEnded[r] = 0;
    const { warmup } = this.plan;
    const isCounted = warmup.kind === "none" || (warmup.kind === "duration" ? nowMs : id) >= warmup.amount;
    requests.isCounted[r] = isCounted ? 1 : 0;
    if (isCounted) {
      if (Number.isNaN(this.areaFromMs)) this.openArea(nowMs);
      this.recorder.arrived[classIndex]!++;
    }
    this.changeInSystem(nowMs, 1);
    if (this.deadlines !== null) {
      this.deadlines.push(nowMs, r, requests.generation[r]!);
      this.refreshTimers();
    }
    if (this.gateways !== null) {
      requests.isPending[r] = 1;
      this.gateways.enter(nowMs, r, id);
    } else this.dispatch(r, nowMs, false);
  }

  /** Chooses a target and sends an attempt, now or when the client's limiter or the strategy says. */
  private dispatch(r: number, nowMs: number, isHedge: boolean): void {
    const { requests, columns, plan } = this;
    const classIndex = requests.classIndex[r]!;
    columns.refresh(nowMs);
    const eligibleCount = columns.eligibleCount[classIndex]!;
    if (eligibleCount === 0) {
      this.finalise(r, END.residencyRefused, nowMs, -1);
      return;
    }
    const router = this.routers[requests.router[r]!]!;
    if (this.isLimited) {
      const waitMs = router.retry.sendWaitMs(nowMs);
      if (waitMs > 0) {
        if (!isHedge) this.later(r, nowMs + waitMs);
        return;
      }
    }
    const each = plan.classes[classIndex]!;
    const targets = router.shown[each.model]!;
    const origin = requests.originIndex[r]!;
    targets.eligible = columns.eligible[classIndex]!;
    targets.eligibleCount = eligibleCount;
    targets.rttMs = columns.rttMs[origin]!;
    targets.priceInUsdPerMTok = columns.priceIn[each.model]!;
    targets.priceOutUsdPerMTok = columns.priceOut[each.model]!;
    if (plan.signals.ageMs > 0 || plan.signals.source === "shared") this.takePicture(nowMs);
    if (this.wantsHeadroom) this.readHeadroom(targets, nowMs, each.model, classIndex);
    const view = this.view;
    const attempt = requests.attempts[r]!;
    view.requestId = requests.id[r]!;
    view.classIndex = classIndex;
    view.originIndex = origin;
    view.inputTokens = requests.inputTokens[r]!;
    view.maxTokens = requests.maxTokens[r]!;
    view.prefixTokens = requests.prefixTokens[r]!;
    view.prefixId = requests.prefixId[r]!;
    view.attempt = attempt;
    view.previousTarget = requests.lastTarget[r]!;
    view.arrivalMs = requests.arrivalMs[r]!;
    view.sloE2eMs = each.sloE2eMs;
    view.deferrable = each.deferrable;
    this.random.seek(view.requestId, attempt);
    const choice = router.strategy.choose(view, targets as TargetView, nowMs, this.random);
    if (choice < 0) {
      this.later(r, Math.max(-1 - choice, nowMs + 1));
      return;
    }
    this.send(r, choice, nowMs);
  }

  private later(r: number, ms: number): void {
    this.requests.isPending[r] = 1;
    this.agenda.push(ms, (r << EVENT_BITS) | EVENT.dispatch);
  }

  private send(r: number, target: number, nowMs: number): void {
    const { requests, table, attempts, plan } = this;
    const a = table.allocate();
    attempts.ensure(table.capacity);
    const classIndex = requests.classIndex[r]!;
    const model = plan.classes[classIndex]!.model;
    const id = requests.id[r]!;
    const ordinal = requests.attempts[r]!;
    table.requestId[a] = id;
    table.ordinal[a] = ordinal;
    table.classIndex[a] = classIndex;
    table.modelIndex[a] = model;
    table.target[a] = target;
    table.inputTokens[a] = requests.inputTokens[r]!;
    table.outputTokens[a] = requests.outputTokens[r]!;
    table.maxTokens[a] = requests.maxTokens[r]!;
    table.prefixTokens[a] = requests.prefixTokens[r]!;
    table.prefixId[a] = requests.prefixId[r]!;
    table.queueLevel[a] = plan.classes[classIndex]!.queueLevel;
    attempts.request[a] = r;
    attempts.requestGeneration[a] = requests.generation[r]!;
    attempts.router[a] = requests.router[r]!;
    attempts.origin[a] = requests.originIndex[r]!;
    attempts.sentMs[a] = nowMs;
    attempts.isDetached[a] = 0;
    attempts.isCounted[a] = requests.isCounted[r]!;
    requests.attempts[r] = ordinal + 1;
    requests.outstanding[r]!++;
    requests.lastTarget[r] = target;
    const router = this.routers[requests.router[r]!]!;
    router.learnt[model]!.onSent(target);
    if (router.shown !== router.learnt && plan.signals.source === "own") router.shown[model]!.onSent(target);
    const region = plan.targets[target]!.region;
    this.recorder.count(region, nowMs, CELL.attempts);
    if (requests.isCounted[r] === 1) this.countDecision(target, model, classIndex, nowMs);
    if (this.timeouts !== null) {
      this.timeouts.push(nowMs, a, table.generation[a]!);
      this.refreshTimers();
    }
    if (this.hedges !== null && requests.hedges[r]! < this.client.hedge.hedgesMax) {
      this.hedges.push(nowMs, r, requests.generation[r]!);
      this.refreshTimers();
    }
    const thereMs = this.hasNetwork ? this.delayMs(a, LEG.there) : 0;
    if (thereMs > 0) this.agenda.push(nowMs + thereMs, (a << EVENT_BITS) | EVENT.arriveAtRegion);
    else this.world.receive(nowMs, a);
  }

  /** An answer reaches the caller. */
  private respond(a: number, nowMs: number): void {
    const { attempts, requests, table } = this;
    const router = this.routers[attempts.router[a]!]!;
    const outcome = attempts.outcome[a]! as Outcome;
    const model = table.modelIndex[a]!;
    const r = attempts.request[a]!;
    if (attempts.isDetached[a] === 1) {
      table.release(a);
      return;
    }
    if (requests.generation[r] !== attempts.requestGeneration[a]) {
      // The loser of a hedge, or an answer after the caller's deadline: it ends for the books only.
      this.forgetAttempt(router, model, table.target[a]!);
      table.release(a);
      return;
    }
    if (this.isLearning) this.tell(router, a, outcome, nowMs);
    else this.forgetAttempt(router, model, table.target[a]!);
    requests.outstanding[r]!--;
    if (outcome === OUTCOME.ok) {
      if (this.isRetrying) router.retry.onSuccess(requests.lastRetryCost[r]!);
      this.finalise(r, END.served, nowMs, a);
    } else {
      this.noteFailure(r, outcome);
      this.afterFailure(r, outcome, nowMs);
    }
    table.release(a);
  }

  private noteFailure(r: number, outcome: Outcome): void {
    if (outcome === OUTCOME.throttled) this.requests.attemptsThrottled[r]!++;
    else if (outcome === OUTCOME.unavailable) this.requests.attemptsUnavailable[r]!++;
  }

  /** Retries, waits for a hedge that is still under way, or gives up. */
  private afterFailure(r: number, outcome: Outcome, nowMs: number): void {
    const requests = this.requests;
    if (requests.outstanding[r]! > 0 || requests.isPending[r] === 1) return;
    const kind = KIND_OF_OUTCOME[outcome]!;
    const router = this.routers[requests.router[r]!]!;
    const attempt = requests.attempts[r]! - 1;
    const uniform = keyedUniform(this.retryKey, requests.id[r]!, attempt);
    const delayMs =
      outcome === OUTCOME.abandoned ? GIVE_UP : router.retry.nextDelayMs(attempt, kind, Number.NaN, uniform);
    if (delayMs === GIVE_UP) {
      this.finalise(r, END_OF_OUTCOME[outcome]!, nowMs, -1);
      return;
    }
    requests.lastRetryCost[r] = router.retry.retryCost(kind);
    this.later(r, nowMs + delayMs);
  }

  private timerEvent(nowMs: number): void {
    const { timeouts, deadlines, hedges, table, attempts, requests } = this;
    if (timeouts !== null && timeouts.topMs === nowMs) {
      const a = timeouts.topSlot;
      const isCurrent = table.generation[a] === timeouts.topGeneration && attempts.isDetached[a] === 0;
      timeouts.pop();
      if (isCurrent) this.timeOut(a, nowMs);
    } else if (deadlines !== null && deadlines.topMs === nowMs) {
      const r = deadlines.topSlot;
      const isCurrent = requests.generation[r] === deadlines.topGeneration;
      deadlines.pop();
      if (isCurrent) this.finalise(r, END.timedOut, nowMs, -1);
    } else if (hedges !== null) {
      const r = hedges.topSlot;
      const isCurrent = requests.generation[r] === hedges.topGeneration;
      hedges.pop();
      if (isCurrent && requests.outstanding[r]! > 0 && requests.hedges[r]! < this.client.hedge.hedgesMax) {
        requests.hedges[r]!++;
        this.dispatch(r, nowMs, true);
      }
    }
    this.refreshTimers();
  }

  private timeOut(a: number, nowMs: number): void {
    const { attempts, requests, table } = this;
    const r = attempts.request[a]!;
    const router = this.routers[attempts.router[a]!]!;
    attempts.isDetached[a] = 1;
    if (requests.generation[r] !== attempts.requestGeneration[a]) {
      this.forgetAttempt(router, table.modelIndex[a]!, table.target[a]!);
      return;
    }
    if (this.isLearning) this.tell(router, a, OUTCOME.timeout, nowMs);
    else this.forgetAttempt(router, table.modelIndex[a]!, table.target[a]!);
    requests.outstanding[r]!--;
    this.afterFailure(r, OUTCOME.timeout, nowMs);
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
    const { table, attempts, outcome } = this;
    const origin = attempts.origin[a]!;
    const target = table.target[a]!;
    const isOk = kind === OUTCOME.ok;
    outcome.requestId = table.requestId[a]!;
    outcome.classIndex = table.classIndex[a]!;
    outcome.target = target;
    outcome.kind = KIND_OF_OUTCOME[kind]!;
    outcome.sentMs = attempts.sentMs[a]!;
    outcome.nowMs = nowMs;
    outcome.e2eMs = isOk ? nowMs - attempts.sentMs[a]! : Number.NaN;
    outcome.ttftMs = isOk ? outcome.e2eMs - (attempts.endedMs[a]! - table.firstTokenMs[a]!) : Number.NaN;
    outcome.inputTokens = table.inputTokens[a]!;
    outcome.outputTokens = isOk ? table.outputTokens[a]! : 0;
    outcome.rttMs = this.columns.rttMs[origin]![target]!;
    const model = table.modelIndex[a]!;
    router.learnt[model]!.onOutcome(outcome);
    if (router.shown !== router.learnt && this.plan.signals.source === "own") router.shown[model]!.onEnded(target);
    router.retry.onResponse(outcome.kind, nowMs);
    router.strategy.observe?.(outcome);
  }

  private forgetAttempt(router: Router, model: number, target: number): void {
    router.learnt[model]!.onEnded(target);
    if (router.shown !== router.learnt && this.plan.signals.source === "own") router.shown[model]!.onEnded(target);
  }

  /** Records a request's end and frees its slot. @param a the serving attempt, or -1 */
  private finalise(r: number, end: End, nowMs: number, a: number): void {
    const requests = this.requests;
    this.changeInSystem(nowMs, -1);
    if (requests.isCounted[r] === 1) this.recorder.record(this.describe(r, end, nowMs, a));
    if (requests.isPending[r] === 1) requests.retire(r);
    else requests.release(r);
  }

  private describe(r: number, end: End, nowMs: number, a: number): EndedRequest {
    const { requests, ended, plan, table } = this;
    const classIndex = requests.classIndex[r]!;
    const arrivalMs = requests.arrivalMs[r]!;
    const lastTarget = requests.lastTarget[r]!;
    const each = plan.classes[classIndex]!;
    ended.classIndex = classIndex;
    ended.region = lastTarget < 0 ? -1 : plan.targets[lastTarget]!.region;
    ended.arrivalMs = arrivalMs;
    ended.end = end;
    ended.attempts = requests.attempts[r]!;
    ended.attemptsThrottled = requests.attemptsThrottled[r]!;
    ended.attemptsUnavailable = requests.attemptsUnavailable[r]!;
    ended.inputTokens = requests.inputTokens[r]!;
    ended.outputTokens = requests.outputTokens[r]!;
    ended.hasObjective = each.sloE2eMs < Number.POSITIVE_INFINITY || each.sloTtftMs < Number.POSITIVE_INFINITY;
    ended.isWithinObjective = false;
    ended.isViolation = false;
    if (a >= 0) {
      const endedMs = this.attempts.endedMs[a]!;
      ended.region = plan.world.endpoints[table.endpoint[a]!]!.region;
      ended.e2eMs = nowMs - arrivalMs;
      ended.ttftMs = ended.e2eMs - (endedMs - table.firstTokenMs[a]!);
      ended.waitMs = table.startedMs[a]! - arrivalMs;
      ended.hasWaited = table.startedMs[a]! > table.offeredMs[a]!;
      ended.isViolation = each.allowedRegions[ended.region] === 0;
      ended.isWithinObjective = ended.e2eMs <= each.sloE2eMs && ended.ttftMs <= each.sloTtftMs;
    }
    return ended;
  }

  private bill(a: number): void {
    const { table, ledger } = this;
    const cell = ledgerCell(ledger, table.epoch[a]!, table.placement[a]!, table.classIndex[a]!);
    const read = table.cacheReadTokens[a]!;
    const written = table.cacheWriteTokens[a]!;
    const at = cell * TOKEN_KINDS.length;
    ledger.tokens[at]! += table.inputTokens[a]! - read - written;
    ledger.tokens[at + 1]! += table.outputTokens[a]!;
    if (read > 0) ledger.tokens[at + 2]! += read;
    if (written > 0) ledger.tokens[at + 3]! += written;
  }

  private countDecision(target: number, model: number, classIndex: number, nowMs: number): void {
    const route = this.plan.world.routes[target * this.plan.models.length + model]!;
    const cell = ledgerCell(this.ledger, this.world.epochAt(nowMs), route.placements[0]!, classIndex);
    this.ledger.decisions[cell]!++;
  }

  private delayMs(a: number, leg: 0 | 1): number {
    const { table } = this;
    const region = this.plan.targets[table.target[a]!]!.region;
    return this.network.oneWayMs(this.attempts.origin[a]!, region, leg, table.requestId[a]!, table.ordinal[a]!);
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
  return mix32((seed | 0) ^ mix32(replication + 1)) >>> 0;
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
