import { GIVE_UP } from "../client/retry-policy.ts";
import type { SimulationObserver } from "../metrics/observer.ts";
import { END, type End } from "../metrics/recorder.ts";
import { type KeyedRandom, keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { ClassPlan, ClientPlan, Plan, StrategyPlan } from "../scenario/plan.ts";
import type { TargetView } from "../strategies/strategy.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../world/attempt-table.ts";
import { OUTCOME, type Outcome, World, type WorldListener } from "../world/world.ts";
import { writeAttempt } from "./attempt-row.ts";
import { BatchCount } from "./batch-count.ts";
import { Books } from "./books.ts";
import { EventHeap } from "./event-heap.ts";
import { Gateways } from "./gateways.ts";
import { END_OF_OUTCOME, KIND_OF_OUTCOME, Learning } from "./learning.ts";
import { LEG, Network } from "./network.ts";
import { Observation } from "./observation.ts";
import { createRequests, fillRequest, type Request } from "./request.ts";
import { ShownRequest } from "./request-view.ts";
import { createRouters, type Router, routingRandom } from "./router.ts";
import { Signals } from "./signals.ts";
import { TIMER, Timers } from "./timers.ts";

/** Client-side events: what the payload's low bits mean; the rest is a slot. */
const EVENT = { arriveAtRegion: 0, response: 1, dispatch: 2 } as const;
const EVENT_BITS = 2;

/**
 * The callers' side of a run: requests are routed, sent, timed out, hedged, tried again, and end. It is one class,
 * since what it does for a request is one path through shared state, and the simulator's speed is that path's.
 */
export class Callers implements WorldListener {
  /** When something happens next on this side, ms; Infinity when nothing is due. */
  nextMs = Number.POSITIVE_INFINITY;
  readonly world: World;
  readonly books: Books;
  /** Requests that have arrived. */
  seen = 0;
  readonly batch: BatchCount;
  private readonly classes: readonly ClassPlan[];
  private readonly client: ClientPlan;
  private readonly attempts = createAttemptTable();
  private readonly requests = createRequests();
  private readonly agenda = new EventHeap();
  private readonly timers: Timers;
  private readonly gateways: Gateways | null;
  private readonly routers: readonly Router[];
  private readonly signals: Signals;
  private readonly learning: Learning;
  private readonly network: Network;
  private readonly regionOfTarget: Int32Array;
  private readonly random: KeyedRandom;
  private readonly retryKey: number;
  private readonly maxTokensOfClass: Int32Array;
  private readonly countedFromMs: number;
  private readonly countedFromRequest: number;
  private readonly isRetrying: boolean;
  private readonly isLimited: boolean;
  private readonly hasNetwork: boolean;
  private readonly observation: Observation | null;
  private readonly shown = new ShownRequest();
  /** The instant of the event that is happening. A field, since a number handed down is boxed at every call. */
  private nowMs = Number.NaN;

  constructor(plan: Plan, strategy: StrategyPlan, seed: number, observer: SimulationObserver | null) {
    this.classes = plan.classes;
    this.client = strategy.client ?? plan.client;
    this.world = new World(plan.world, seed, this.attempts, this);
    this.books = new Books(plan, this.attempts);
    this.routers = createRouters(plan, strategy);
    this.signals = new Signals(plan, strategy, this.world, this.routers);
    this.learning = new Learning(strategy, this.client, this.routers[0]!, this.signals, this.attempts);
    this.network = new Network(plan.network, plan.regionNames.length, this.world.faults, seed);
    const hasHops = plan.world.routes.some((route) => route?.hopMs.some((ms) => ms > 0));
    this.hasNetwork = hasHops || plan.network.rttMs.some((ms) => ms > 0) || plan.world.faults.length > 0;
    this.batch = new BatchCount(plan);
    this.observation = observer === null ? null : new Observation(observer, this.attempts, this.requests);
    this.regionOfTarget = Int32Array.from(plan.targets, (target) => target.region);
    this.gateways = plan.gateways.length > 0 ? new Gateways(plan.gateways, seed) : null;
    this.timers = new Timers(this.client);
    this.random = routingRandom(seed);
    this.retryKey = purposeKey(seed, "retry");
    this.maxTokensOfClass = Int32Array.from(plan.classes, (each) => plan.models[each.model]!.maxOutputTokens);
    const { kind, amount } = plan.warmup;
    this.countedFromMs = kind === "duration" ? amount : Number.NEGATIVE_INFINITY;
    this.countedFromRequest = kind === "requests" ? amount : 0;
    this.isLimited = this.client.retry.mode === "adaptive";
    this.isRetrying = this.client.retry.mode !== "none";
  }

  /** Whether a request has not ended, or an attempt is still under way. */
  get isBusy(): boolean {
    return this.requests.inUse > 0 || this.attempts.inUse > 0;
  }

  arrive(chunk: TrafficChunk, row: number, nowMs: number): void {
    this.nowMs = nowMs;
    const id = this.seen++;
    const request = this.requests.allocate();
    const classIndex = chunk.classIndex[row]!;
    fillRequest(request, chunk, row, this.classes[classIndex]!, this.maxTokensOfClass[classIndex]!);
    request.id = id | 0;
    request.router = this.routers.length === 1 ? 0 : id % this.routers.length;
    request.isCounted = nowMs >= this.countedFromMs && id >= this.countedFromRequest;
    this.books.arrived(request);
    if (this.timers.has(TIMER.deadline)) {
      this.timers.set(TIMER.deadline, nowMs, request.slot, request.generation);
      this.refresh();
    }
    if (this.gateways === null) this.dispatch(request, false);
    else {
      request.isPending = true;
      request.holds++;
      this.gateways.enter(nowMs, request.slot, request.id);
      this.refresh();
    }
  }

  /** Lets happen what is due at `nextMs`, one event. At equal instants: gateways, then messages, then timers. */
  advance(): void {
    const nowMs = this.nextMs;
    this.nowMs = nowMs;
    if (this.gateways !== null && this.gateways.nextMs <= nowMs) {
      const slot = this.gateways.advance();
      if (slot >= 0) this.resume(this.requests.rows[slot]!);
    } else if (this.agenda.topMs <= nowMs) {
      const payload = this.agenda.pop();
      const slot = payload >> EVENT_BITS;
      const event = payload & ((1 << EVENT_BITS) - 1);
      if (event === EVENT.dispatch) this.resume(this.requests.rows[slot]!);
      else if (event === EVENT.response) this.respond(slot);
      else this.world.receive(nowMs, slot);
    } else this.timerEvent();
    this.refresh();
  }

  onOutcome(attempt: number, outcome: Outcome, nowMs: number): void {
    this.nowMs = nowMs;
    const { ints, floats } = this.attempts;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    ints[at + ATTEMPT.outcome] = outcome;
    floats[from + ATTEMPT_FLOAT.endedMs] = nowMs;
    if (this.observation !== null) this.observation.attemptEnded(attempt, nowMs);
    this.books.answered(attempt, this.requests.rows[ints[at + ATTEMPT.request]!]!, outcome, nowMs);
    if (this.hasNetwork) {
      const backMs = floats[from + ATTEMPT_FLOAT.hopMs]! + this.delayMs(attempt, LEG.back);
      if (backMs > 0) {
        this.schedule(nowMs + backMs, (attempt << EVENT_BITS) | EVENT.response);
        return;
      }
    }
    this.respond(attempt);
  }

  /** Ends the requests that are still in the system: the run is over. */
  endAll(nowMs: number): void {
    this.nowMs = nowMs;
    for (const request of this.requests.rowsInUse()) if (!request.isEnded) this.finalise(request, END.inFlight, -1);
    if (this.observation !== null) this.observation.runEnded(nowMs);
  }

  /** A request's wait is over: it is routed, unless its caller's deadline has ended it meanwhile. */
  private resume(request: Request): void {
    request.isPending = false;
    this.letGo(request);
    if (!request.isEnded) this.dispatch(request, false);
  }

  /** Chooses a target and sends an attempt, now or when the client's limiter or the strategy says. */
  private dispatch(request: Request, isHedge: boolean): void {
    const { nowMs } = this;
    const { columns } = this.signals;
    const { classIndex } = request;
    columns.refresh(nowMs);
    if (columns.eligibleCount[classIndex] === 0) {
      this.finalise(request, END.residencyRefused, -1);
      return;
    }
    const router = this.routers[request.router]!;
    if (this.isLimited) {
      const waitMs = router.retry.sendWaitMs(nowMs);
      if (waitMs > 0) {
        if (!isHedge) this.later(request, nowMs + waitMs);
        return;
      }
    }
    const targets = this.signals.show(router, classIndex, request.modelIndex, request.originIndex, nowMs);
    this.shown.show(request, this.classes[classIndex]!);
    this.random.seek(request.id, request.attempts);
    const choice = router.strategy.choose(this.shown.view, targets as TargetView, nowMs, this.random);
    if (choice >= 0) this.send(request, router, choice);
    // A hedge that is put off is left out: its request is under way, and one event at most may name the slot.
    else if (!isHedge) this.later(request, Math.max(-1 - choice, nowMs + 1));
  }

  private send(request: Request, router: Router, target: number): void {
    const { nowMs, timers } = this;
    const attempt = writeAttempt(this.attempts, request, target, nowMs);
    this.batch.move(request.lastTarget, target);
    request.lastTarget = target;
    request.outstanding++;
    request.holds++;
    this.learning.sent(router, request.modelIndex, target);
    this.books.sent(request, target, this.world.epochAt(nowMs), nowMs);
    if (timers.isUsed && !this.batch.isBatch[target]) this.setTimers(request, attempt);
    if (this.hasNetwork) {
      const thereMs = this.delayMs(attempt, LEG.there);
      if (thereMs > 0) {
        this.schedule(nowMs + thereMs, (attempt << EVENT_BITS) | EVENT.arriveAtRegion);
        return;
      }
    }
    this.world.receive(nowMs, attempt);
  }

  private setTimers(request: Request, attempt: number): void {
    const { nowMs, timers } = this;
    if (timers.has(TIMER.timeout)) {
      timers.set(TIMER.timeout, nowMs, attempt, this.attempts.ints[attempt * ATTEMPT_INTS + ATTEMPT.generation]!);
    }
    if (timers.has(TIMER.hedge) && request.hedges < this.client.hedge.hedgesMax) {
      request.lastSentMs = nowMs;
      timers.set(TIMER.hedge, nowMs, request.slot, request.generation);
    }
    if (timers.nextMs < this.nextMs) this.nextMs = timers.nextMs;
  }

  /** An answer reaches the caller. */
  private respond(attempt: number): void {
    const { ints } = this.attempts;
    const at = attempt * ATTEMPT_INTS;
    const request = this.requests.rows[ints[at + ATTEMPT.request]!]!;
    if (ints[at + ATTEMPT.isDetached] === 0) {
      const router = this.routers[request.router]!;
      if (request.isEnded) {
        // The loser of a hedge, or an answer after the caller's deadline: it ends for the books only.
        this.learning.forget(router, attempt, request);
      } else this.learn(router, attempt, request, ints[at + ATTEMPT.outcome]! as Outcome);
    }
    this.attempts.release(attempt);
    this.letGo(request);
  }

  private learn(router: Router, attempt: number, request: Request, outcome: Outcome): void {
    this.learning.tell(router, attempt, request, outcome, this.nowMs);
    request.outstanding--;
    if (outcome === OUTCOME.ok) {
      if (this.isRetrying) router.retry.onSuccess(request.lastRetryCost);
      this.finalise(request, END.served, attempt);
      return;
    }
    const isThrottled = outcome === OUTCOME.throttled;
    if (isThrottled) request.attemptsThrottled++;
    else if (outcome === OUTCOME.unavailable) request.attemptsUnavailable++;
    this.afterFailure(request, outcome, isThrottled ? this.world.retryAfterMs(attempt) : Number.NaN);
  }

  /** Retries, waits for a hedge that is still under way, or gives up. */
  private afterFailure(request: Request, outcome: Outcome, hintMs: number): void {
    if (request.outstanding > 0 || request.isPending) return;
    const kind = KIND_OF_OUTCOME[outcome]!;
    const router = this.routers[request.router]!;
    const attempt = request.attempts - 1;
    const uniform = keyedUniform(this.retryKey, request.id, attempt);
    const delayMs = outcome === OUTCOME.abandoned ? GIVE_UP : router.retry.nextDelayMs(attempt, kind, hintMs, uniform);
    if (delayMs === GIVE_UP) {
      this.finalise(request, END_OF_OUTCOME[outcome]!, -1);
      return;
    }
    request.lastRetryCost = router.retry.retryCost(kind);
    this.later(request, this.nowMs + delayMs);
  }

  private timerEvent(): void {
    const { nowMs, timers } = this;
    const timer = timers.take();
    const { slot, generation } = timers;
    if (timer === TIMER.timeout) {
      const { ints } = this.attempts;
      const at = slot * ATTEMPT_INTS;
      if (ints[at + ATTEMPT.generation] === generation && ints[at + ATTEMPT.isDetached] === 0) this.timeOut(slot);
      return;
    }
    const request = this.requests.rows[slot]!;
    if (request.generation !== generation || request.isEnded) return;
    if (timer === TIMER.deadline) {
      this.finalise(request, END.timedOut, -1);
      return;
    }
    // Silence is counted from the latest send: the timer of an earlier one says nothing.
    if (request.lastSentMs + this.client.hedge.afterMs !== nowMs) return;
    if (request.outstanding > 0 && request.hedges < this.client.hedge.hedgesMax) {
      request.hedges++;
      this.dispatch(request, true);
    }
  }

  /** The caller gives an attempt up; the service does not know, goes on and bills it. */
  private timeOut(attempt: number): void {
    const { ints } = this.attempts;
    const at = attempt * ATTEMPT_INTS;
    const request = this.requests.rows[ints[at + ATTEMPT.request]!]!;
    const router = this.routers[request.router]!;
    ints[at + ATTEMPT.isDetached] = 1;
    if (request.isEnded) {
      this.learning.forget(router, attempt, request);
      return;
    }
    this.learning.tell(router, attempt, request, OUTCOME.timeout, this.nowMs);
    request.outstanding--;
    this.afterFailure(request, OUTCOME.timeout, Number.NaN);
  }

  /** Records a request's end. @param attempt the serving attempt, -1 if it was not served */
  private finalise(request: Request, end: End, attempt: number): void {
    request.isEnded = true;
    this.batch.move(request.lastTarget, -1);
    this.books.ended(request, end, this.nowMs, attempt);
    if (this.observation !== null) this.observation.requestEnded(request, end, this.nowMs, attempt);
    this.letGo(request);
  }

  /** One thing less keeps the request's row. */
  private letGo(request: Request): void {
    if (--request.holds === 0) this.requests.release(request);
  }

  private later(request: Request, ms: number): void {
    request.isPending = true;
    request.holds++;
    this.schedule(ms, (request.slot << EVENT_BITS) | EVENT.dispatch);
  }

  private schedule(ms: number, payload: number): void {
    this.agenda.push(ms, payload);
    if (ms < this.nextMs) this.nextMs = ms;
  }

  private refresh(): void {
    let nextMs = this.agenda.topMs;
    if (this.timers.nextMs < nextMs) nextMs = this.timers.nextMs;
    if (this.gateways !== null && this.gateways.nextMs < nextMs) nextMs = this.gateways.nextMs;
    this.nextMs = nextMs;
  }

  private delayMs(attempt: number, leg: 0 | 1): number {
    const { ints } = this.attempts;
    const at = attempt * ATTEMPT_INTS;
    const { originIndex, id } = this.requests.rows[ints[at + ATTEMPT.request]!]!;
    const region = this.regionOfTarget[ints[at + ATTEMPT.target]!]!;
    return this.network.oneWayMs(originIndex, region, leg, id, ints[at + ATTEMPT.ordinal]!);
  }
}
