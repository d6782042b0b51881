/** The callers' side of a run: the life of its requests, from arrival to end, on rows of numbers. */
import { EventHeap } from "../base/event-queue.ts";
import type { HedgeDelays } from "../client/hedge-delays.ts";
import {
  afterAnswer,
  END,
  type End,
  type Failure,
  firstByteLimitMs,
  hedgeDueMs,
  INTERRUPTION,
  type Interruption,
  isStillUnderWay,
  mayHedge,
  NEVER,
  putOffUntilMs,
  retryDelayMs,
} from "../client/request-rules.ts";
import { GIVE_UP } from "../client/retry-policy.ts";
import { SHED, type TargetView } from "../client/strategy.ts";
import { type KeyedRandom, keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { ClassPlan, ClientPlan, Plan, StrategyPlan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../service/attempt-table.ts";
import { OUTCOME, type Outcome, Service, type ServiceListener } from "../service/service.ts";
import type { StreamFault } from "../service/service-plan.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { AttemptDraws, type FirstDraws } from "./attempt-draws.ts";
import { Breaks, type Callers, mayBreak } from "./breaks.ts";
import { Appointments, type DueHedge, type GiveUp } from "./interruptions.ts";
import { Gateways, hasWays, Network, Ways } from "./network.ts";
import { type AttemptWatcher, Observation, type SimulationObserver } from "./observer.ts";
import {
  beginAttempt,
  endAttempt,
  REQUEST_FLAG,
  ShownRequest,
  UNKNOWN,
  writeOutcome,
  writeRequest,
} from "./request-rows.ts";
import { createRouters, endAfterOutcome, KIND_OF_OUTCOME, Learning, type Router, routingRandom } from "./router.ts";
import { type BatchCount, RunStatistics } from "./run-statistics.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { Signals } from "./signals.ts";
import { TIMER, Timers } from "./timers.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const { isEnded: IS_ENDED, isCounted: IS_COUNTED } = REQUEST_FLAG;
const { ok: OK, throttled: THROTTLED, unavailable: UNAVAILABLE, abandoned: ABANDONED, timeout: TIMEOUT } = OUTCOME;
const { rejected: REJECTED } = OUTCOME;
const { none: WHOLE } = INTERRUPTION;

/** Client-side events, in a payload's low bits; the rest is a row. */
const EVENT = { arriveAtRegion: 0, response: 1, dispatch: 2, appointment: 3, nextTurn: 4 } as const;
const EVENT_BITS = 3;
const { arriveAtRegion: ARRIVE, response: RESPONSE, appointment: APPOINTMENT, nextTurn: NEXT_TURN } = EVENT;

/**
 * Requests are routed, sent, timed out, hedged and retried, and end, by the rules of `client/request-rules.ts`. One
 * class, since all of it is one path through shared state, and the simulator's speed is the speed of that path.
 */
export class Requests implements ServiceListener, Callers {
  /** Messages between callers and regions, and requests that wait to be routed again: almost all events of callers. */
  readonly messages = new EventHeap();
  /** When something else is due, ms: a timer, an event at a gateway. */
  otherMs = Number.POSITIVE_INFINITY;
  declare readonly service: Service;
  declare readonly statistics: RunStatistics;
  /** Requests that have arrived. */
  seen = 0;
  /** Null where no class has sessions. */
  declare readonly sessions: Sessions | null;
  declare private readonly batch: BatchCount;
  declare private readonly classes: readonly ClassPlan[];
  declare readonly client: ClientPlan;
  readonly rows = createAttemptTable();
  declare private readonly timers: Timers;
  declare private readonly gateways: Gateways | null;
  declare private readonly routers: readonly Router[];
  declare private readonly signals: Signals;
  declare private readonly learning: Learning;
  /** Null where callers and regions are at no distance. */
  declare private readonly ways: Ways | null;
  /** Null where first attempts do not bring their work's draw along. */
  declare private readonly work: FirstDraws | null;
  declare private readonly random: KeyedRandom;
  declare private readonly retryKey: number;
  declare private readonly maxTokensOfClass: Int32Array;
  declare private readonly countedFromMs: number;
  declare private readonly countedFromRequest: number;
  declare private readonly isRetrying: boolean;
  declare private readonly isLimited: boolean;
  declare private readonly isHedging: boolean;
  /** Null where all answers come whole and in time: nothing of it is looked at then. */
  declare private readonly breaks: Breaks | null;
  private readonly appointments = new Appointments();
  declare readonly isWhole: boolean;
  declare onFirstToken?: (attempt: number, nowMs: number) => void;
  declare onStart?: (attempt: number, firstTokenMs: number) => void;
  declare readonly observation: Observation | null;
  declare private readonly watcher: AttemptWatcher | null;
  declare private readonly shown: ShownRequest;
  /** False while a slice warms up: what arrives then does not count. */
  isCounting = true;
  /** Instant of the event being processed, ms. A field: a number passed as an argument is boxed at every call. */
  nowMs = Number.NaN;

  constructor(
    plan: Plan,
    strategy: StrategyPlan,
    seed: number,
    observer: SimulationObserver | null,
    watcher: AttemptWatcher | null,
    draws = new AttemptDraws(plan, seed),
  ) {
    this.classes = plan.classes;
    this.client = strategy.client ?? plan.client;
    this.sessions = createSessions(plan, this.rows, seed);
    const { isStreaming, timeout } = this.client;
    this.isWhole = !isStreaming;
    if (firstByteLimitMs(timeout) < NEVER && isStreaming) {
      this.onFirstToken = (attempt, nowMs) => this.breaks!.noteFirstByte(attempt, nowMs);
      this.onStart = (attempt, firstTokenMs) => this.breaks!.noteFirstByte(attempt, firstTokenMs);
    }
    this.work = draws.work;
    this.service = new Service(plan.world, seed, this.rows, this);
    this.statistics = new RunStatistics(plan, this.rows);
    this.batch = this.statistics.batch;
    this.routers = createRouters(plan, strategy);
    this.shown = new ShownRequest(this.rows, this.sessions);
    this.signals = new Signals(plan, strategy, this.service, this.routers);
    this.learning = new Learning(strategy, this.client, this.routers[0]!, this.signals.hasOwnPictures);
    const regionOfTarget = Int32Array.from(plan.targets, (target) => target.region);
    const network = new Network(plan.network, regionOfTarget, plan.regionNames.length, this.service.faults, seed);
    this.ways = hasWays(plan) ? new Ways(this.rows, network, draws.jitter) : null;
    this.observation = observer === null ? null : new Observation(observer, this.rows);
    this.watcher = watcher;
    this.breaks = mayBreak(plan.world, this.client) ? new Breaks(this) : null;
    this.gateways = plan.gateways.length > 0 ? new Gateways(plan.gateways, seed) : null;
    this.timers = new Timers(this.client, this.rows);
    this.random = routingRandom(seed);
    this.retryKey = purposeKey(seed, "retry");
    this.maxTokensOfClass = Int32Array.from(plan.classes, (each) => plan.models[each.model]!.maxOutputTokens);
    const { kind, amount } = plan.warmup;
    this.countedFromMs = kind === "duration" ? amount : Number.NEGATIVE_INFINITY;
    this.countedFromRequest = kind === "requests" ? amount : 0;
    this.isLimited = this.client.retry.mode === "adaptive";
    this.isHedging = this.client.hedge.hedgesMax > 0;
    this.isRetrying = this.client.retry.mode !== "none";
  }

  /** Where sessions' prompts are cached; read by the service. */
  get conversations(): Sessions | undefined {
    return this.sessions ?? undefined;
  }

  get bringsWorkDraws(): boolean {
    return this.work !== null;
  }

  /** Instant of the next client-side event, ms; Infinity when none is due. */
  get nextMs(): number {
    return this.messages.topMs <= this.otherMs ? this.messages.topMs : this.otherMs;
  }

  /** Whether a request has not ended, or an attempt is still under way. */
  get isBusy(): boolean {
    return this.rows.inUse > 0;
  }

  /** Draws ahead for the rows of a chunk that are about to arrive. */
  prepare(chunk: TrafficChunk): void {
    if (this.ways !== null && this.sessions === null) this.ways.prepare(this.seen, chunk.length);
    if (this.work !== null) this.work.prepare(this.seen, chunk.length);
  }

  /** Takes one row of a prepared chunk: a request arrives and is routed, or enters the first gateway. */
  arrive(chunk: TrafficChunk, row: number): void {
    const nowMs = chunk.arrivalMs[row]!;
    this.nowMs = nowMs;
    const { rows, sessions } = this;
    const order = this.seen++;
    const id = sessions === null ? order : sessions.identify(chunk, row);
    const request = rows.allocate();
    const classIndex = chunk.classIndex[row]!;
    writeRequest(rows, request, chunk, row, this.classes[classIndex]!, this.maxTokensOfClass[classIndex]!);
    if (sessions !== null) sessions.attach(request);
    const { ints } = rows;
    const at = request * INTS;
    const isCounted = nowMs >= this.countedFromMs && order >= this.countedFromRequest && this.isCounting;
    ints[at + PLACE.requestId] = id | 0;
    ints[at + PLACE.router] = this.routers.length === 1 ? 0 : id % this.routers.length;
    if (this.isHedging) this.routers[ints[at + PLACE.router]!]!.hedges.request();
    ints[at + PLACE.flags] = isCounted ? IS_COUNTED : 0;
    if (this.ways !== null) {
      // Ids of sessions do not follow each other as rows do.
      if (sessions === null) this.ways.writePrepared(request, row);
      else this.ways.draw(request, id, 0);
    }
    if (this.work !== null) rows.floats[request * FLOATS + FLOAT.workDraw] = this.work.values[row]!;
    this.statistics.arrived(classIndex, isCounted, nowMs);
    if (this.timers.has(TIMER.deadline)) {
      this.timers.set(TIMER.deadline, nowMs, request, ints[at + PLACE.generation]!);
      this.refreshOther();
    }
    if (this.gateways === null) this.dispatch(request, false);
    else {
      ints[at + PLACE.holds]!++;
      this.gateways.enter(nowMs, request, id | 0);
      this.refreshOther();
    }
  }

  /** Processes one event, due at `nextMs`. At equal instants: gateways, then messages, then timers. */
  advance(): void {
    const { otherMs, gateways } = this;
    const isAtGateway = gateways !== null && gateways.nextMs <= otherMs && gateways.nextMs <= this.messages.topMs;
    if (this.messages.topMs <= otherMs && !isAtGateway) {
      this.advanceMessage();
      return;
    }
    this.nowMs = otherMs;
    if (isAtGateway) {
      const slot = gateways.advance();
      if (slot >= 0) this.resume(slot);
    } else this.timerEvent();
    this.refreshOther();
  }

  /** Processes the next message. */
  advanceMessage(): void {
    const { messages } = this;
    this.nowMs = messages.topMs;
    const payload = messages.pop();
    const slot = payload >> EVENT_BITS;
    const event = payload & ((1 << EVENT_BITS) - 1);
    if (event === ARRIVE) this.service.receive(this.nowMs, slot);
    else if (event === RESPONSE) this.respond(slot);
    else if (event === APPOINTMENT) this.keep(this.appointments.take(slot));
    else if (event === NEXT_TURN) this.nextTurn(slot);
    else this.resume(slot);
  }

  /** The service has decided an attempt: its answer starts on the way back. */
  onOutcome(attempt: number, outcome: Outcome, nowMs: number): void {
    this.nowMs = nowMs;
    const { ints, floats } = this.rows;
    ints[attempt * INTS + PLACE.outcome] = outcome;
    floats[attempt * FLOATS + FLOAT.endedMs] = nowMs;
    const heldMs = this.breaks !== null && outcome === OK ? this.service.heldBackMs(attempt, nowMs) : 0;
    if (this.watcher !== null) this.watch(attempt);
    this.statistics.answered(attempt, outcome, nowMs);
    if (this.breaks?.holdsBack(attempt, heldMs) === true) return;
    if (this.observation !== null) this.observation.attemptEnded(attempt, nowMs);
    if (this.ways !== null) {
      const backMs = this.ways.backMs(attempt);
      if (backMs > 0) {
        this.messages.push(nowMs + backMs, (attempt << EVENT_BITS) | RESPONSE);
        return;
      }
    }
    this.respond(attempt);
  }

  onLost(attempt: number): void {
    this.breaks!.lose(attempt);
  }

  onStall(attempt: number, fault: StreamFault, nowMs: number): void {
    this.breaks!.stall(attempt, fault, nowMs);
  }

  /** Ends the requests that are still in the system: the run is over. */
  endAll(nowMs: number): void {
    this.nowMs = nowMs;
    const { ints } = this.rows;
    for (const slot of this.rows.slotsInUse()) {
      const isRequest = ints[slot * INTS + PLACE.request] === slot;
      if (isRequest && !this.isEnded(slot)) this.finalise(slot, END.inFlight, -1);
    }
    if (this.sessions !== null) this.sessions.endAll();
    if (this.observation !== null) {
      this.breaks?.runEnded(this.observation);
      this.observation.runEnded(nowMs);
    }
    if (this.watcher === null) return;
    // What cannot reach its region went with its request, so all of these were seen leaving.
    for (const slot of this.rows.slotsInUse()) if (ints[slot * INTS + PLACE.outcome] === UNKNOWN) this.watch(slot);
  }

  private watch(attempt: number): void {
    const { ints } = this.rows;
    const isCounted = (ints[ints[attempt * INTS + PLACE.request]! * INTS + PLACE.flags]! & IS_COUNTED) !== 0;
    if (isCounted) this.watcher!.onAttempt(this.rows, attempt);
  }

  /** The caller of a session has thought: its next request arrives, unless the run's arrivals have ended. */
  private nextTurn(session: number): void {
    const sessions = this.sessions!;
    if (sessions.next(session, this.nowMs)) this.arrive(sessions.following, 0);
  }

  /** A request's wait is over: it is routed, unless its caller's deadline has ended it meanwhile. */
  private resume(request: number): void {
    const hasEnded = this.isEnded(request);
    this.release(request);
    if (!hasEnded) this.dispatch(request, false);
  }

  /** Chooses a target and sends an attempt, now or when the client's limiter or the strategy says. */
  private dispatch(request: number, isHedge: boolean): void {
    const { nowMs } = this;
    const { ints } = this.rows;
    const at = request * INTS;
    const { columns } = this.signals;
    const classIndex = ints[at + PLACE.classIndex]!;
    columns.refresh(nowMs);
    if (columns.eligibleCount[classIndex] === 0) {
      this.finalise(request, END.residencyRefused, -1);
      return;
    }
    const router = this.routers[ints[at + PLACE.router]!]!;
    if (this.isLimited) {
      const waitMs = router.retry.sendWaitMs(nowMs);
      if (waitMs > 0) {
        this.later(request, putOffUntilMs(nowMs + waitMs, nowMs, isHedge));
        return;
      }
    }
    const model = ints[at + PLACE.modelIndex]!;
    const targets = this.signals.show(router, classIndex, model, ints[at + PLACE.originIndex]!, nowMs);
    const shown = this.shown.show(request, this.classes[classIndex]!);
    this.random.seek(ints[at + PLACE.requestId]!, ints[at + PLACE.attempts]!);
    let choice = router.strategy.choose(shown, targets as TargetView, nowMs, this.random);
    if (this.observation?.seesDecisions === true) {
      const { strategy } = router;
      choice = this.observation.decided({ request: shown, targets: targets as TargetView, nowMs, strategy }, choice);
    }
    if (choice >= 0) this.send(request, router, choice);
    else if (choice === SHED && !isHedge) this.finalise(request, END.refused, -1);
    else this.later(request, putOffUntilMs(-1 - choice, nowMs, isHedge));
  }

  private send(request: number, router: Router, target: number): void {
    const { nowMs, timers, rows } = this;
    const at = request * INTS;
    const classIndex = rows.ints[at + PLACE.classIndex]!;
    const attempt = beginAttempt(rows, request, target, this.classes[classIndex]!, nowMs);
    const { ints } = rows;
    if (this.breaks !== null) this.breaks.sent(request, attempt);
    this.batch.move(ints[at + PLACE.lastTarget]!, target);
    ints[at + PLACE.lastTarget] = target;
    ints[at + PLACE.outstanding]!++;
    ints[at + PLACE.holds]!++;
    this.learning.sent(router, ints[at + PLACE.modelIndex]!, target);
    this.statistics.sent(request, target, this.service.epochAt(nowMs), nowMs);
    if (timers.isUsed && !this.batch.isBatch[target]) this.setTimers(request, attempt);
    if (router.hedgeDelays !== null && !this.batch.isBatch[target]) this.planHedge(router.hedgeDelays, request);
    let thereMs = 0;
    if (this.ways !== null) {
      thereMs = this.ways.thereMs(attempt, ints[at + PLACE.originIndex]!, target);
      if (this.breaks?.isUnreachable(attempt, thereMs) === true) return;
    }
    if (this.watcher !== null && (ints[at + PLACE.flags]! & IS_COUNTED) !== 0) this.watcher.onSent(rows, attempt);
    if (thereMs > 0) this.messages.push(nowMs + thereMs, (attempt << EVENT_BITS) | ARRIVE);
    else this.service.receive(nowMs, attempt);
  }

  /** Makes an appointment for the next hedge of a request whose latest attempt leaves now. */
  private planHedge(delays: HedgeDelays, request: number): void {
    const { nowMs } = this;
    const { ints, floats } = this.rows;
    const at = request * INTS;
    const { hedgesMax } = this.client.hedge;
    const afterMs = delays.afterMs(ints[at + PLACE.modelIndex]!);
    const dueMs = hedgeDueMs({ afterMs, hedgesMax }, ints[at + PLACE.hedges]!, nowMs);
    if (dueMs === NEVER) return;
    floats[request * FLOATS + FLOAT.lastSentMs] = nowMs;
    this.makeAppointment(dueMs, { request, generation: ints[at + PLACE.generation]!, sentMs: nowMs });
  }

  private setTimers(request: number, attempt: number): void {
    const { nowMs, timers } = this;
    const { ints, floats } = this.rows;
    const at = request * INTS;
    if (timers.has(TIMER.timeout)) {
      timers.set(TIMER.timeout, nowMs, attempt, ints[attempt * INTS + PLACE.attemptGeneration]!);
    }
    if (timers.has(TIMER.firstByte)) {
      timers.set(TIMER.firstByte, nowMs, attempt, ints[attempt * INTS + PLACE.attemptGeneration]!);
    }
    if (timers.has(TIMER.hedge) && hedgeDueMs(this.client.hedge, ints[at + PLACE.hedges]!, nowMs) < NEVER) {
      floats[request * FLOATS + FLOAT.lastSentMs] = nowMs;
      timers.set(TIMER.hedge, nowMs, request, ints[at + PLACE.generation]!);
    }
    if (timers.nextMs < this.otherMs) this.otherMs = timers.nextMs;
  }

  /** An answer reaches the caller. */
  private respond(attempt: number): void {
    const { ints } = this.rows;
    const request = ints[attempt * INTS + PLACE.request]!;
    // An attempt that was given up has already counted as a timeout.
    if (ints[attempt * INTS + PLACE.isDetached] === 0) {
      const outcome = ints[attempt * INTS + PLACE.outcome]! as Outcome;
      this.answer(
        request,
        attempt,
        outcome,
        this.breaks === null ? WHOLE : this.breaks.interruptionOf(attempt, outcome),
        true,
      );
    }
    if (this.breaks !== null) this.breaks.answered(attempt);
    endAttempt(this.rows, attempt);
    this.release(request);
  }

  /** Applies an attempt's answer, or the caller's own timeout, to its request. */
  private answer(
    request: number,
    attempt: number,
    outcome: Outcome,
    interruption: Interruption,
    hasBegun: boolean,
  ): void {
    const { ints } = this.rows;
    const at = request * INTS;
    const router = this.routers[ints[at + PLACE.router]!]!;
    if (router.hedgeDelays !== null && (outcome === OK || outcome === TIMEOUT)) {
      const tookMs = this.nowMs - this.rows.floats[attempt * FLOATS + FLOAT.sentMs]!;
      router.hedgeDelays.observe(ints[at + PLACE.modelIndex]!, tookMs, this.nowMs);
    }
    const what = afterAnswer(this.isEnded(request), outcome === OK);
    if (what === "forget") {
      this.forget(router, attempt);
      return;
    }
    this.learn(router, attempt, outcome);
    ints[at + PLACE.outstanding]!--;
    if (what === "serve") {
      if (this.isRetrying) router.retry.onSuccess(ints[at + PLACE.lastRetryCost]!);
      this.finalise(request, END.served, attempt);
      return;
    }
    if (outcome === THROTTLED) ints[at + PLACE.attemptsThrottled]!++;
    else if (outcome === UNAVAILABLE) ints[at + PLACE.attemptsUnavailable]!++;
    else if (outcome === TIMEOUT) ints[at + PLACE.attemptsTimedOut]!++;
    if (this.breaks !== null) {
      this.breaks.note(request, interruption);
      if (interruption !== WHOLE && hasBegun) {
        this.breaks.afterBreak(router, request, attempt, outcome, interruption);
        return;
      }
    }
    this.afterFailure(
      router,
      request,
      outcome,
      outcome === THROTTLED ? this.service.retryAfterMs(attempt) : Number.NaN,
    );
  }

  /** The router learns the outcome of an attempt, unless it uses none. */
  private learn(router: Router, attempt: number, outcome: Outcome): void {
    const { learning } = this;
    if (!learning.isNeeded) {
      this.forget(router, attempt);
      return;
    }
    writeOutcome(learning.outcome, this.rows, attempt, outcome, this.nowMs, this.signals.columns.rttMs);
    learning.outcome.retryAfterMs = outcome === THROTTLED ? this.service.retryAfterMs(attempt) : Number.NaN;
    learning.learn(router, this.rows.ints[attempt * INTS + PLACE.modelIndex]!);
  }

  /** An attempt has ended, and the router never learns how. */
  forget(router: Router, attempt: number): void {
    const { ints } = this.rows;
    const at = attempt * INTS;
    this.learning.ended(router, ints[at + PLACE.modelIndex]!, ints[at + PLACE.target]!);
  }

  /** Retries, waits for a hedge that is still under way, or gives up. */
  afterFailure(router: Router, request: number, outcome: Outcome, hintMs: number): void {
    const { ints } = this.rows;
    const at = request * INTS;
    if (isStillUnderWay(ints[at + PLACE.outstanding]!)) return;
    const kind = KIND_OF_OUTCOME[outcome]! as Failure;
    const sent = ints[at + PLACE.attempts]!;
    const uniform = keyedUniform(this.retryKey, ints[at + PLACE.requestId]!, sent - 1);
    const isFinal = outcome === ABANDONED || outcome === REJECTED;
    const ofCall = this.breaks === null ? sent : sent - this.breaks.attemptsBefore(request);
    const delayMs = retryDelayMs(router.retry, ofCall, kind, isFinal, hintMs, uniform);
    if (delayMs === GIVE_UP) {
      this.finalise(request, endAfterOutcome(outcome), -1);
      return;
    }
    ints[at + PLACE.lastRetryCost] = router.retry.retryCost(kind);
    this.later(request, this.nowMs + delayMs);
  }

  /** The way of an attempt's answer back to its caller, ms. */
  backMs(attempt: number): number {
    return this.ways === null ? 0 : this.ways.backMs(attempt);
  }

  routerOf(request: number): Router {
    return this.routers[this.rows.ints[request * INTS + PLACE.router]!]!;
  }

  bring(attempt: number, ms: number): void {
    this.messages.push(ms, (attempt << EVENT_BITS) | RESPONSE);
  }

  giveUpAt(ms: number, giveUp: GiveUp): void {
    this.makeAppointment(ms, giveUp);
  }

  private timerEvent(): void {
    const { nowMs, timers } = this;
    const timer = timers.take();
    if (timer < 0) return;
    const { slot, generation } = timers;
    const { ints, floats } = this.rows;
    const at = slot * INTS;
    if (timer === TIMER.timeout) {
      const isUnderWay = ints[at + PLACE.attemptGeneration] === generation;
      if (isUnderWay && ints[at + PLACE.isDetached] === 0) this.timeOut(slot, WHOLE, false);
      return;
    }
    if (timer === TIMER.firstByte) {
      this.breaks!.firstByteIsDue(slot, generation);
      return;
    }
    if (ints[at + PLACE.generation] !== generation || this.isEnded(slot)) return;
    if (timer === TIMER.deadline) {
      this.finalise(slot, END.timedOut, -1);
      return;
    }
    // The timer of an earlier send is void.
    const due = hedgeDueMs(this.client.hedge, ints[at + PLACE.hedges]!, floats[slot * FLOATS + FLOAT.lastSentMs]!);
    if (due <= nowMs) this.hedge(slot);
  }

  /** Sends a hedge that is due, if there is silence to hedge against and a budget to pay for it. */
  private hedge(request: number): void {
    const { ints } = this.rows;
    const at = request * INTS;
    const sent = ints[at + PLACE.hedges]!;
    if (!mayHedge(this.client.hedge, sent, ints[at + PLACE.outstanding]!)) return;
    if (!this.routers[ints[at + PLACE.router]!]!.hedges.take()) return;
    ints[at + PLACE.hedges] = sent + 1;
    this.dispatch(request, true);
  }

  /** The caller gives an attempt up; the service does not know, goes on and bills it. */
  timeOut(attempt: number, interruption: Interruption, hasBegun: boolean): void {
    const { ints } = this.rows;
    ints[attempt * INTS + PLACE.isDetached] = 1;
    this.answer(ints[attempt * INTS + PLACE.request]!, attempt, TIMEOUT, interruption, hasBegun);
    if (this.breaks !== null) this.breaks.gaveUp(attempt);
  }

  private makeAppointment(ms: number, appointment: GiveUp | DueHedge): void {
    this.messages.push(ms, (this.appointments.add(appointment) << EVENT_BITS) | APPOINTMENT);
  }

  private keep(appointment: GiveUp | DueHedge): void {
    if ("attempt" in appointment) this.breaks!.giveUp(appointment);
    else this.hedgeByQuantile(appointment);
  }

  private hedgeByQuantile({ request, generation, sentMs }: DueHedge): void {
    const isOver = this.rows.ints[request * INTS + PLACE.generation] !== generation || this.isEnded(request);
    if (!isOver && this.rows.floats[request * FLOATS + FLOAT.lastSentMs] === sentMs) this.hedge(request);
  }

  /** Records a request's end. @param attempt the serving attempt, -1 if it was not served */
  finalise(request: number, end: End, attempt: number): void {
    const { ints } = this.rows;
    ints[request * INTS + PLACE.flags]! |= IS_ENDED;
    this.batch.move(ints[request * INTS + PLACE.lastTarget]!, -1);
    if (this.breaks !== null) this.statistics.interrupted(this.breaks.of(request), this.breaks.wholeTokens(request));
    this.statistics.nowMs = this.nowMs;
    this.statistics.ended(request, end, attempt);
    if (this.observation !== null) this.observation.requestEnded(request, end, this.nowMs, attempt);
    if (this.watcher !== null) this.watcher.onRequest(this.rows, request);
    if (this.breaks !== null) this.breaks.requestEnded(request);
    if (this.sessions !== null) {
      const session = this.sessions.ended(request, end);
      if (session >= 0) this.messages.push(this.nowMs + this.sessions.thinkMs, (session << EVENT_BITS) | NEXT_TURN);
    }
    this.release(request);
  }

  isEnded(request: number): boolean {
    return (this.rows.ints[request * INTS + PLACE.flags]! & IS_ENDED) !== 0;
  }

  /** Drops one hold on the request's row, and frees the row with the last. */
  release(request: number): void {
    if (--this.rows.ints[request * INTS + PLACE.holds]! === 0) this.rows.release(request);
  }

  /** Routes the request at that instant; a retry, or an attempt that was deferred. */
  later(request: number, ms: number): void {
    if (ms === NEVER) return;
    this.rows.ints[request * INTS + PLACE.holds]!++;
    this.messages.push(ms, (request << EVENT_BITS) | EVENT.dispatch);
  }

  private refreshOther(): void {
    const { gateways, timers } = this;
    this.otherMs = gateways !== null && gateways.nextMs < timers.nextMs ? gateways.nextMs : timers.nextMs;
  }
}
