import { GIVE_UP } from "../client/retry-policy.ts";
import { END, type End } from "../metrics/recorder.ts";
import { type KeyedRandom, keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { ClassPlan, Plan, StrategyPlan } from "../scenario/plan.ts";
import type { TrafficChunk } from "../traffic/traffic.ts";
import { Epochs } from "../world/epochs.ts";
import { type QuotaUse, TokenQuota } from "../world/quota/token-quota.ts";
import { OUTCOME, type Outcome } from "../world/world.ts";
import { Books } from "./books.ts";
import { DirectBooks } from "./direct-books.ts";
import { createLanes, type Lane } from "./direct-lanes.ts";
import { DirectLuck, LUCK_BLOCK } from "./direct-luck.ts";
import { writeDirectOutcome } from "./direct-outcome.ts";
import {
  DIRECT,
  DIRECT_FLAG,
  DIRECT_FLOAT,
  DIRECT_FLOATS,
  DIRECT_RETRIES,
  DIRECT_RETRY,
  DIRECT_WORDS,
  DirectRows,
  writeDirectCall,
} from "./direct-rows.ts";
import { DirectServers, slotsOf } from "./direct-servers.ts";
import { directSignals } from "./direct-signals.ts";
import { DirectView } from "./direct-view.ts";
import { EventHeap } from "./event-heap.ts";
import { END_OF_OUTCOME, KIND_OF_OUTCOME, Learning } from "./learning.ts";
import { NextEvent } from "./next-event.ts";
import type { RequestPath } from "./request-path.ts";
import { createRouters, type Router, routingRandom } from "./router.ts";
import { hasObjective } from "./row-books.ts";
import { Signals } from "./signals.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = DIRECT;
const FLOAT = DIRECT_FLOAT;
const WORDS = DIRECT_WORDS;
const FLOATS = DIRECT_FLOATS;
const RETRY = DIRECT_RETRY;
const RETRIES = DIRECT_RETRIES;
const { ok: OK, throttled: THROTTLED, unavailable: UNAVAILABLE } = OUTCOME;
const { isCounted: COUNTED, isAside: ASIDE } = DIRECT_FLAG;

/**
 * The path of a request where callers and servers have nothing between them (`isDirect`): it is routed, admitted and
 * offered at one instant, and answered at another. At equal instants: servers, then retries, then arrivals, as on the
 * general path.
 */
export class DirectPath implements RequestPath {
  readonly inBatch = 0;
  nextMs = Number.POSITIVE_INFINITY;
  seen = 0;
  declare readonly books: Books;
  declare private readonly directBooks: DirectBooks;
  private readonly rows = new DirectRows();
  private readonly shown = new DirectView(this.rows);
  /** Calls that are to be routed again. */
  private readonly retries = new EventHeap();
  declare readonly servers: readonly DirectServers[];
  declare private readonly nextDone: NextEvent;
  declare private readonly quotas: readonly TokenQuota[];
  /** Indexed `class * targets + target`. */
  declare readonly lanes: readonly (Lane | null)[];
  declare private readonly targetCount: number;
  declare readonly epochs: Epochs;
  declare private readonly classes: readonly ClassPlan[];
  declare private readonly routers: readonly Router[];
  declare private readonly signals: Signals;
  declare private readonly learning: Learning;
  declare private readonly random: KeyedRandom;
  declare private readonly luck: DirectLuck;
  declare private readonly retryKey: number;
  declare private readonly maxTokensOfClass: Int32Array;
  declare private readonly countedFromMs: number;
  declare private readonly countedFromRequest: number;
  declare private readonly isRetrying: boolean;
  /** Until when prices stay as they are shown, ms. */
  private columnsEndMs = Number.NEGATIVE_INFINITY;
  /** Service time of the attempt that is to be sent, ms; NaN = not drawn yet. */
  private workMs = Number.NaN;
  /** The instant of the event that is happening. A field, since a number handed down is boxed at every call. */
  private nowMs = Number.NaN;

  constructor(plan: Plan, strategy: StrategyPlan, seed: number) {
    const { world, warmup } = plan;
    const client = strategy.client ?? plan.client;
    const serviceKey = purposeKey(seed, "service");
    this.books = new Books(plan);
    this.directBooks = new DirectBooks(this.books, this.rows);
    const specs = world.endpoints.map(({ capacity }) => slotsOf(capacity));
    this.servers = specs.map((spec) => new DirectServers(spec, serviceKey, this.rows));
    this.nextDone = new NextEvent(world.endpoints.length);
    this.quotas = world.quotas.map((quota) => new TokenQuota(quota, world.startMs));
    this.lanes = createLanes(plan, this.servers, this.quotas);
    this.targetCount = plan.targets.length;
    this.epochs = new Epochs(world.epochStartMs);
    this.classes = plan.classes;
    this.routers = createRouters(plan, strategy);
    this.signals = new Signals(plan, strategy, directSignals(plan, seed, this), this.routers);
    this.learning = new Learning(strategy, client, this.routers[0]!, this.signals);
    this.random = routingRandom(seed);
    const laws = specs.map((spec) => spec.service);
    this.luck = new DirectLuck(laws, serviceKey);
    this.retryKey = purposeKey(seed, "retry");
    this.maxTokensOfClass = Int32Array.from(plan.classes, (each) => plan.models[each.model]!.maxOutputTokens);
    this.countedFromMs = warmup.kind === "duration" ? warmup.amount : Number.NEGATIVE_INFINITY;
    this.countedFromRequest = warmup.kind === "requests" ? warmup.amount : 0;
    this.isRetrying = client.retry.mode !== "none";
  }

  get isBusy(): boolean {
    return this.rows.inUse > 0;
  }

  run(chunk: TrafficChunk, from: number, to: number): void {
    const { arrivalMs } = chunk;
    const { workMs } = this.luck;
    for (let row = from; row < to; row++) {
      const i = (row - from) & (LUCK_BLOCK - 1);
      if (i === 0) this.luck.draw(this.seen, Math.min(LUCK_BLOCK, to - row));
      const ms = arrivalMs[row]!;
      while (this.nextMs <= ms) this.advance();
      this.nowMs = ms;
      this.workMs = workMs[i]!;
      this.arrive(chunk, row);
    }
  }

  advance(): void {
    this.nowMs = this.nextMs;
    if (this.nextDone.ms <= this.nowMs) this.serve(this.nextDone.index);
    else this.routeAgain(this.retries.pop());
    const doneMs = this.nextDone.ms;
    const retryMs = this.retries.topMs;
    this.nextMs = doneMs <= retryMs ? doneMs : retryMs;
  }

  endAll(nowMs: number): void {
    this.nowMs = nowMs;
    for (const call of this.rows.slotsInUse()) this.end(call, END.inFlight);
  }

  quotaUse(): readonly QuotaUse[] {
    return this.quotas.map((quota) => quota.use());
  }

  private arrive(chunk: TrafficChunk, row: number): void {
    const { nowMs, rows } = this;
    const id = this.seen++;
    const classIndex = chunk.classIndex[row]!;
    const each = this.classes[classIndex]!;
    const isCounted = nowMs >= this.countedFromMs && id >= this.countedFromRequest;
    this.books.arrived(classIndex, isCounted, nowMs);
    const call = rows.allocate();
    writeDirectCall(rows, call, chunk, row, this.maxTokensOfClass[classIndex]!);
    const { words } = rows;
    const at = call * WORDS;
    words[at + PLACE.requestId] = id | 0;
    words[at + PLACE.router] = this.routers.length === 1 ? 0 : id % this.routers.length;
    words[at + PLACE.flags] = isCounted ? COUNTED : 0;
    this.shown.showNew(call, chunk, row, each);
    this.route(call, each);
  }

  /** A call's wait is over: it is shown to its router anew. */
  private routeAgain(call: number): void {
    const each = this.classes[this.rows.words[call * WORDS + PLACE.classIndex]!]!;
    this.workMs = Number.NaN;
    this.shown.showAgain(call, each);
    this.route(call, each);
  }

  /** Chooses a target for the call that is shown, and sends an attempt now or when the strategy says. */
  private route(call: number, each: ClassPlan): void {
    const { nowMs } = this;
    const { view } = this.shown;
    const { columns } = this.signals;
    // Health never changes here, and prices do with the epoch.
    if (nowMs >= this.columnsEndMs) {
      columns.refresh(nowMs);
      this.columnsEndMs = this.epochs.nextMs;
    }
    if (columns.eligibleCount[view.classIndex] === 0) {
      this.end(call, END.residencyRefused);
      return;
    }
    const router = this.routers[this.rows.words[call * WORDS + PLACE.router]!]!;
    const targets = this.signals.show(router, view.classIndex, each.model, view.originIndex, nowMs);
    this.random.seek(view.requestId, view.attempt);
    const choice = router.strategy.choose(view, targets, nowMs, this.random);
    if (choice < 0) this.later(call, Math.max(-1 - choice, nowMs + 1));
    else this.send(call, router, choice);
  }

  private send(call: number, router: Router, target: number): void {
    const { nowMs, workMs } = this;
    const { floats, words } = this.rows;
    const at = call * WORDS;
    const lane = this.lanes[words[at + PLACE.classIndex]! * this.targetCount + target]!;
    const { quota, servers } = lane;
    words[at + PLACE.target] = target;
    words[at + PLACE.epoch] = this.epochs.current;
    words[at + PLACE.attempts]!++;
    floats[call * FLOATS + FLOAT.sentMs] = nowMs;
    this.learning.sent(router, lane.model, target);
    this.directBooks.sent(call, lane, nowMs);
    const reserved = words[at + PLACE.inputTokens]! + words[at + PLACE.maxTokens]!;
    if (quota !== null && !quota.reserve(nowMs, reserved)) {
      this.fail(call, router, lane, THROTTLED);
      return;
    }
    if (!servers.offer(nowMs, call, Number.isNaN(workMs) ? servers.draw(call) : workMs)) {
      if (quota !== null) quota.settle(nowMs, nowMs, reserved, 0);
      this.fail(call, router, lane, UNAVAILABLE);
      return;
    }
    this.nextDone.update(lane.endpoint, servers.nextMs);
    if (servers.nextMs < this.nextMs) this.nextMs = servers.nextMs;
  }

  /** The endpoint whose turn it is has done with a call. */
  private serve(endpoint: number): void {
    const { nowMs } = this;
    const servers = this.servers[endpoint]!;
    const call = servers.finish();
    this.nextDone.update(endpoint, servers.nextMs);
    const { floats, words, retries } = this.rows;
    const at = call * WORDS;
    const lane = this.laneOf(call)!;
    const router = this.routers[words[at + PLACE.router]!]!;
    if (lane.quota !== null) {
      const input = words[at + PLACE.inputTokens]!;
      const used = lane.quota.settlement(input, 0, words[at + PLACE.outputTokens]!);
      lane.quota.settle(nowMs, floats[call * FLOATS + FLOAT.sentMs]!, input + words[at + PLACE.maxTokens]!, used);
    }
    this.tell(call, router, lane, OK);
    if (this.isRetrying) {
      const isAside = (words[at + PLACE.flags]! & ASIDE) !== 0;
      router.retry.onSuccess(isAside ? retries[call * RETRIES + RETRY.lastRetryCost]! : 0);
    }
    this.directBooks.served(call, lane, nowMs);
    this.rows.release(call);
  }

  /** An attempt was refused: the call is tried again, or given up. */
  private fail(call: number, router: Router, lane: Lane, outcome: Outcome): void {
    const { nowMs } = this;
    const { words, retries } = this.rows;
    const aside = call * RETRIES;
    const attempt = words[call * WORDS + PLACE.attempts]! - 1;
    this.shown.putAside(call);
    this.books.failed(lane.region, outcome, nowMs);
    this.tell(call, router, lane, outcome);
    retries[aside + (outcome === THROTTLED ? RETRY.attemptsThrottled : RETRY.attemptsUnavailable)]!++;
    const kind = KIND_OF_OUTCOME[outcome]!;
    const hintMs = outcome === THROTTLED ? lane.retryAfterMs : Number.NaN;
    const uniform = keyedUniform(this.retryKey, words[call * WORDS + PLACE.requestId]!, attempt);
    const delayMs = router.retry.nextDelayMs(attempt, kind, hintMs, uniform);
    if (delayMs === GIVE_UP) {
      this.end(call, END_OF_OUTCOME[outcome]!);
      return;
    }
    retries[aside + RETRY.lastRetryCost] = router.retry.retryCost(kind);
    this.later(call, nowMs + delayMs);
  }

  /** The router learns an outcome, if it learns from any. */
  private tell(call: number, router: Router, lane: Lane, result: Outcome): void {
    const { learning } = this;
    if (!learning.isNeeded) {
      learning.ended(router, lane.model, lane.target);
      return;
    }
    writeDirectOutcome(learning.outcome, this.rows, call, lane.target, result, this.nowMs);
    learning.learn(router, lane.model);
  }

  /** A call ends without having been served. */
  private end(call: number, end: End): void {
    const each = this.classes[this.rows.words[call * WORDS + PLACE.classIndex]!]!;
    this.directBooks.ended(call, end, this.laneOf(call)?.region ?? -1, hasObjective(each), this.nowMs);
    this.rows.release(call);
  }

  /** Of the call's latest attempt; null before the first. */
  private laneOf(call: number): Lane | null {
    const { words } = this.rows;
    const target = words[call * WORDS + PLACE.target]!;
    return target < 0 ? null : this.lanes[words[call * WORDS + PLACE.classIndex]! * this.targetCount + target]!;
  }

  /** Routes the call that is shown at a later instant. */
  private later(call: number, ms: number): void {
    this.shown.putAside(call);
    this.retries.push(ms, call);
    if (ms < this.nextMs) this.nextMs = ms;
  }
}
