/** One attempt's path through the service: source region, profile, endpoint, and the faults on the way. */
import { EventHeap, NextEvent } from "../base/event-queue.ts";
import type { SlotTable } from "../base/slot-table.ts";
import { keyedUniform, mix32, purposeKey } from "../random/keyed-random.ts";
import type { Sampler } from "../random/law.ts";
import { createLaw } from "../random/laws/index.ts";
import { compileSampler } from "../random/sampler.ts";
import { Admission } from "./admission.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "./attempt-table.ts";
import {
  CAPACITY_EVENT,
  type Capacity,
  type CapacityContext,
  OFFER,
  QUEUE_LEVELS,
  STANDARD_LEVEL,
} from "./capacity/capacity.ts";
import { createCapacity, workLawOf } from "./capacity/index.ts";
import { FaultState } from "./fault-state.ts";
import { type CachedPrefix, type Conversations, PromptCaches } from "./prompt-cache.ts";
import type { QuotaUse } from "./quota/token-quota.ts";
import { outcomeOfServiceError } from "./service-errors.ts";
import { Epochs, placementsOf, type RoutePlan, type ServicePlan, type StreamFault } from "./service-plan.ts";
import { ServiceRouting } from "./service-routing.ts";
import { endsEarly, hasStreamFaults, StreamFaults, type Struck, StruckAttempts } from "./stream-faults.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const { finished: FINISHED, abandoned: LEFT, firstToken: FIRST_TOKEN, marked: MARKED } = CAPACITY_EVENT;
const REFUSED = OFFER.refused;
const LEVELS = QUEUE_LEVELS;
const LEVEL = STANDARD_LEVEL;

/**
 * How an attempt ended at the service. broken: its answer had begun and broke off; empty: 200 without content; rejected: an
 * error that no SDK tries again.
 */
const OUTCOMES = {
  ok: 0,
  throttled: 1,
  unavailable: 2,
  error: 3,
  abandoned: 4,
  timeout: 5,
  broken: 6,
  empty: 7,
  rejected: 8,
} as const;
export const OUTCOME = OUTCOMES;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** Notified when the service has decided an attempt's outcome. */
export interface ServiceListener {
  /** The attempt's slot still holds all that the service wrote. */
  onOutcome(attempt: number, outcome: Outcome, nowMs: number): void;
  /** Only where a first token is an event of its own. */
  onFirstToken?(attempt: number, nowMs: number): void;
  /** Service begins, and all tokens are fixed from then on: evenly between these instants. */
  onStart?(attempt: number, firstTokenMs: number, endMs: number): void;
  /**
   * For prompts cached at several lengths: their prefixes, shortest first, in place of the one in the attempt's row.
   */
  prefixes?(attempt: number): readonly CachedPrefix[];
  /** Where there are such. */
  readonly conversations?: Conversations | undefined;
  /** Answers come whole, not as streams: one that fails is an error and has no beginning. False unless given. */
  readonly isWhole?: boolean;
  /** Where stream faults strike: at the service unless given; elsewhere the listener lets them strike what it sends. */
  readonly strikesItself?: boolean;
  /** First attempts bring the draw of `workDrawOf` in their rows. */
  readonly bringsWorkDraws?: boolean;
  /** No answer will ever come of an attempt that has reached its region: it is silent for good. */
  onLost?(attempt: number, nowMs: number): void;
  /** An answer falls silent, or drips, after tokens of which the last has just been made. */
  onStall?(attempt: number, fault: StreamFault, nowMs: number): void;
}

/**
 * The service as its callers meet it: source regions with quotas, profiles that route to destinations, endpoints with
 * capacity, prompt caches, faults. It holds no clock: `receive` takes the instant and `advance` goes to `nextMs`, so
 * the simulator (event clock) and the emulator (wall clock) share it.
 */
export class Service {
  declare readonly faults: FaultState;
  /** The endpoints' next events. Almost all events are theirs: the simulator's loop asks for them by themselves. */
  declare readonly endpoints: NextEvent;
  /** When something else is due, ms: an attempt on its way between regions, a fault. */
  otherMs = Number.POSITIVE_INFINITY;
  /** Instant of what is being processed, ms. A field: a number passed as an argument is boxed at every call. */
  private nowMs = Number.NaN;
  declare private readonly plan: ServicePlan;
  declare private readonly table: SlotTable;
  declare private readonly listener: ServiceListener;
  declare private readonly capacities: readonly Capacity[];
  declare private readonly admission: Admission;
  /** What this plan has none of is passed over: faults, answers that fail or come too late. */
  declare private readonly hasFaults: boolean;
  /** By endpoint. */
  declare private readonly mayFail: readonly boolean[];
  /** Whether calls of some route yield to others in a queue. */
  declare private readonly someYield: boolean;
  declare private readonly caches: PromptCaches;
  /** Otherwise the cached tokens of all rows are 0 from the beginning. */
  declare private readonly hasCaches: boolean;
  /** Attempts on their way from the source to another region. */
  private readonly hops = new EventHeap();
  declare private readonly errorKey: number;
  /** Null where the plan has no faults of single calls, or they strike elsewhere. */
  declare private readonly struck: StruckAttempts | null;
  declare private readonly streamFaults: StreamFaults | null;
  declare private readonly contextTokens: readonly number[] | null;
  declare private readonly routing: ServiceRouting;
  declare private readonly epochs: Epochs;

  constructor(plan: ServicePlan, seed: number, table: SlotTable, listener: ServiceListener) {
    this.plan = plan;
    this.table = table;
    this.listener = listener;
    const serviceKey = serviceKeyOf(seed);
    const patienceKey = purposeKey(seed, "patience");
    this.errorKey = purposeKey(seed, "errors");
    const strikesHere = hasStreamFaults(plan) && listener.strikesItself !== true;
    this.struck = strikesHere ? new StruckAttempts(table) : null;
    this.contextTokens = plan.contextTokens ?? null;
    this.capacities = plan.endpoints.map((endpoint) =>
      createCapacity(
        endpoint.capacity,
        {
          // Keyed by name: another endpoint does not change this one's draws.
          seed: mix32(purposeKey(seed, `background/${endpoint.id}`)),
          serviceKey,
          patienceKey,
          localHourAtStart: endpoint.localHourAtStart,
          announcesFirsts: listener.onFirstToken !== undefined,
          bringsWorkDraws: listener.bringsWorkDraws === true,
          ...this.tokenTimes(),
        },
        table,
      ),
    );
    this.admission = new Admission(plan, table);
    this.hasFaults = plan.faults.length > 0;
    this.mayFail = plan.endpoints.map(
      ({ errorShare, windowMs }) => this.hasFaults || errorShare > 0 || windowMs < Number.POSITIVE_INFINITY,
    );
    this.someYield = plan.routes.some((route) => route !== null && route.queueShare < 1);
    this.caches = new PromptCaches(plan, table, listener.prefixes?.bind(listener), listener.conversations);
    this.hasCaches =
      plan.endpoints.some(({ cacheTtlMs }) => cacheTtlMs > 0) ||
      listener.prefixes !== undefined ||
      listener.conversations !== undefined;
    this.faults = new FaultState(plan, seed);
    this.streamFaults = strikesHere ? new StreamFaults(plan, this.faults, seed) : null;
    this.routing = new ServiceRouting(plan, table, { capacities: this.capacities, faults: this.faults }, seed);
    this.endpoints = new NextEvent(plan.endpoints.length);
    for (let e = 0; e < this.capacities.length; e++) this.endpoints.update(e, this.capacities[e]!.nextMs);
    this.epochs = new Epochs(plan.epochStartMs);
    this.otherMs = this.faults.nextMs;
  }

  /** When the next event is due, ms; Infinity when none is. */
  get nextMs(): number {
    return this.endpoints.ms <= this.otherMs ? this.endpoints.ms : this.otherMs;
  }

  /** The price epoch of an instant; instants must not go back. */
  epochAt(nowMs: number): number {
    return this.epochs.at(nowMs);
  }

  /** An attempt reaches its source region. */
  receive(nowMs: number, attempt: number): void {
    this.nowMs = nowMs;
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const from = attempt * FLOATS;

    const model = ints[at + PLACE.modelIndex]!;
    const route = this.plan.routes[ints[at + PLACE.target]! * this.plan.modelCount + model]!;
    ints[at + PLACE.epoch] = this.epochAt(nowMs);
    ints[at + PLACE.quota] = -1;
    floats[from + FLOAT.hopMs] = 0;
    if (this.hasFaults) floats[from + FLOAT.firstTokenMs] = Number.NaN;
    if (this.hasCaches) {
      ints[at + PLACE.cacheReadTokens] = 0;
      ints[at + PLACE.cacheWriteTokens] = 0;
    }
    const callerLevel = ints[at + PLACE.queueLevel]!;
    ints[at + PLACE.callerLevel] = callerLevel;
    ints[at + PLACE.queueLevel] = tieredLevel(callerLevel, route.queueLevel);
    floats[from + FLOAT.decodeFactor] = route.decodeFactor;
    if (this.contextTokens !== null && ints[at + PLACE.inputTokens]! > this.contextTokens[model]!) {
      this.listener.onOutcome(attempt, OUTCOMES.rejected, nowMs);
      return;
    }
    if (this.struck === null || !this.strike(attempt, route)) this.enter(attempt, route);
  }

  /** Processes one event that is due at `nextMs`. */
  advance(): void {
    if (this.endpoints.ms <= this.otherMs) this.advanceEndpoint();
    else this.advanceOther();
  }

  /** Processes the next event of an endpoint. */
  advanceEndpoint(): void {
    const { endpoints } = this;
    const nowMs = endpoints.ms;
    this.nowMs = nowMs;
    const endpoint = endpoints.index;
    const capacity = this.capacities[endpoint]!;
    const event = capacity.advance();
    endpoints.update(endpoint, capacity.nextMs);
    if (event === FINISHED) this.finish(capacity.subject, endpoint);
    else if (event === LEFT) this.end(capacity.subject, OUTCOMES.abandoned);
    else if (event === FIRST_TOKEN) this.listener.onFirstToken?.(capacity.subject, nowMs);
    else if (event === MARKED) this.stall(capacity.subject);
  }

  /** At equal instants attempts on their way come before faults. */
  private advanceOther(): void {
    const nowMs = this.otherMs;
    this.nowMs = nowMs;
    if (this.hops.topMs <= nowMs) this.arrive(this.hops.pop());
    else if (this.struck !== null && this.struck.nextMs <= nowMs) this.reachMark();
    else this.applyFault();
    this.otherMs = this.hops.topMs < this.faults.nextMs ? this.hops.topMs : this.faults.nextMs;
    if (this.struck !== null && this.struck.nextMs < this.otherMs) this.otherMs = this.struck.nextMs;
  }

  /** Share of the route's quota that is left for a class, in [0, 1]; 1 where none applies. */
  quotaHeadroom(nowMs: number, target: number, model: number, classIndex: number): number {
    const route = this.plan.routes[target * this.plan.modelCount + model];
    return this.admission.headroom(nowMs, route, classIndex);
  }

  /** The capacity that an attempt was sent to last. */
  capacityOf(attempt: number): Capacity {
    return this.capacities[this.table.ints[attempt * INTS + PLACE.endpoint]!]!;
  }

  /** Calls in service and waiting over a route's endpoints: what a shared signal would show. */
  outstanding(target: number, model: number): number {
    const route = this.plan.routes[target * this.plan.modelCount + model];
    if (route === null || route === undefined) return 0;
    let sum = 0;
    for (const endpoint of route.destinations) {
      const capacity = this.capacities[endpoint]!;
      sum += capacity.inService + capacity.waiting;
    }
    return sum;
  }

  /** The wait in the answer of the quota that throttled an attempt, ms; NaN = none. */
  retryAfterMs(attempt: number): number {
    return this.admission.retryAfterMs(attempt);
  }

  /** The fault that has struck an attempt; undefined where none has. */
  struckBy(attempt: number): Struck | undefined {
    return this.struck?.get(attempt);
  }

  /** How much later than the service made it an answer is whole for its caller, ms; Infinity = it never is. */
  heldBackMs(attempt: number, nowMs: number): number {
    return this.struck === null ? 0 : this.struck.heldBackMs(attempt, nowMs);
  }

  /** An attempt is over for its caller: its row has the tokens of the whole answer again. */
  forget(attempt: number): void {
    this.struck?.forget(attempt);
  }

  quotaUse(): readonly QuotaUse[] {
    return this.admission.use();
  }

  /** Instants of tokens for those who wait for them. */
  private tokenTimes(): Pick<CapacityContext, "onStart" | "marks"> {
    const { listener, struck } = this;
    if (struck === null) return listener.onStart === undefined ? {} : { onStart: listener.onStart.bind(listener) };
    return {
      onStart: (attempt, firstTokenMs, endMs) => {
        struck.fixMark(attempt, firstTokenMs, endMs);
        if (struck.nextMs < this.otherMs) this.otherMs = struck.nextMs;
        listener.onStart?.(attempt, firstTokenMs, endMs);
      },
      marks: (attempt) => struck.markOf(attempt),
    };
  }

  /** Lets a fault of single calls strike an attempt that reaches its region; true where that is all that becomes of it. */
  private strike(attempt: number, { sourceRegion: region }: RoutePlan): boolean {
    const { nowMs } = this;
    const { ints } = this.table;
    const at = attempt * INTS;
    if (this.faults.isDown(region)) return false;
    const fault = this.streamFaults!.strike({
      region,
      model: ints[at + PLACE.modelIndex]!,
      classIndex: ints[at + PLACE.classIndex]!,
      requestId: ints[at + PLACE.requestId]!,
      ordinal: ints[at + PLACE.ordinal]!,
    });
    if (fault === null) return false;
    if (fault.afterTokens === 0 && fault.effect === "silence" && fault.lastsMs === Number.POSITIVE_INFINITY) {
      this.struck!.add(attempt, fault);
      this.listener.onLost?.(attempt, nowMs);
      return true;
    }
    if (fault.afterTokens === 0 && (fault.effect === "error" || fault.effect === "reset")) {
      ints[at + PLACE.refusal] = NO_QUOTA;
      this.listener.onOutcome(attempt, failureOf(fault), nowMs);
      return true;
    }
    this.struck!.add(attempt, fault);
    return false;
  }

  /** The token after which an answer stalls is made. */
  private stall(attempt: number): void {
    const struck = this.struck!.get(attempt)!;
    struck.struckMs = this.nowMs;
    this.listener.onStall?.(attempt, struck.fault, this.nowMs);
  }

  private enter(attempt: number, route: RoutePlan): void {
    const { nowMs } = this;
    if (this.hasFaults && this.faults.isDown(route.sourceRegion)) {
      this.listener.onOutcome(attempt, OUTCOMES.error, nowMs);
      return;
    }
    const choice = route.destinations.length === 1 ? 0 : this.routing.select(route, attempt);
    const endpoint = route.destinations[choice]!;
    if (this.hasCaches && this.table.ints[attempt * INTS + PLACE.prefixTokens]! > 0) {
      this.caches.lookUp(nowMs, attempt, endpoint);
    }
    if (!this.admission.admits(nowMs, attempt, route)) {
      if (route.overflow !== null) this.spill(attempt, route.overflow);
      else this.listener.onOutcome(attempt, OUTCOMES.throttled, nowMs);
      return;
    }
    this.forward(attempt, route, choice, 0);
  }

  /** Sends an attempt to a destination. @param backMs time of its return from one that failed, 0 for the first */
  private forward(attempt: number, route: RoutePlan, choice: number, backMs: number): void {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    ints[at + PLACE.placement] = placementsOf(route, ints[at + PLACE.inputTokens]!)[choice]!;
    ints[at + PLACE.endpoint] = route.destinations[choice]!;
    const hopMs = route.hopMs[choice]! / 2;
    floats[attempt * FLOATS + FLOAT.hopMs] = hopMs;
    if (backMs + hopMs > 0) {
      this.hops.push(this.nowMs + backMs + hopMs, attempt);
      if (this.hops.topMs < this.otherMs) this.otherMs = this.hops.topMs;
    } else this.arrive(attempt);
  }

  /** A call that its route could not take continues as one of the overflow route, once. */
  private spill(attempt: number, route: RoutePlan): void {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    ints[at + PLACE.quota] = -1;
    ints[at + PLACE.cacheReadTokens] = 0;
    ints[at + PLACE.cacheWriteTokens] = 0;
    ints[at + PLACE.queueLevel] = tieredLevel(ints[at + PLACE.callerLevel]!, route.queueLevel);
    ints[at + PLACE.callerLevel] = SPILLED;
    floats[attempt * FLOATS + FLOAT.decodeFactor] = route.decodeFactor;
    this.enter(attempt, route);
  }

  /** An attempt reaches the endpoint that is to run it. */
  private arrive(attempt: number): void {
    const { nowMs } = this;
    const { ints } = this.table;
    const at = attempt * INTS;

    const endpoint = ints[at + PLACE.endpoint]!;
    if (this.hasFaults && this.faults.isDown(this.plan.endpoints[endpoint]!.region)) {
      this.refuse(attempt, OUTCOMES.error);
      return;
    }
    const capacity = this.capacities[endpoint]!;
    if (this.someYield && this.yields(attempt, endpoint)) {
      this.refuse(attempt, OUTCOMES.unavailable);
      return;
    }
    const offer = capacity.offer(nowMs, attempt);
    if (offer === REFUSED) {
      this.refuse(attempt, OUTCOMES.unavailable);
      return;
    }
    this.endpoints.update(endpoint, capacity.nextMs);
    if (this.hasCaches && ints[at + PLACE.prefixTokens]! > 0) this.caches.keep(nowMs, attempt, endpoint);
  }

  /** Whether the queue is already too long for a call that may use only a share of it. */
  private yields(attempt: number, endpoint: number): boolean {
    const { queueShare } = this.routeOf(attempt);
    if (queueShare === 1 || this.hasSpilled(attempt)) return false;
    return this.capacities[endpoint]!.isCrowded(queueShare);
  }

  private routeOf(attempt: number): RoutePlan {
    const { ints } = this.table;
    const at = attempt * INTS;
    return this.plan.routes[ints[at + PLACE.target]! * this.plan.modelCount + ints[at + PLACE.modelIndex]!]!;
  }

  private hasSpilled(attempt: number): boolean {
    return this.table.ints[attempt * INTS + PLACE.callerLevel] === SPILLED;
  }

  /**
   * A destination did not take the attempt: a profile tries its other members in turn, reserved capacity overflows to
   * the route that it names, anything else answers with the failure.
   */
  private refuse(attempt: number, outcome: Outcome): void {
    const own = this.routeOf(attempt);
    const hasSpilled = this.hasSpilled(attempt);
    const route = hasSpilled && own.overflow !== null ? own.overflow : own;
    if (route.destinations.length > 1) {
      const next = this.routing.next(route, attempt);
      if (next >= 0) {
        // The call returns to the source region before it is forwarded.
        const backMs = this.table.floats[attempt * FLOATS + FLOAT.hopMs]!;
        this.forward(attempt, route, next, backMs);
        return;
      }
    }
    if (own.overflow !== null && !hasSpilled) {
      this.admission.giveBack(this.nowMs, attempt);
      this.spill(attempt, own.overflow);
      return;
    }
    this.end(attempt, outcome);
  }

  private finish(attempt: number, endpoint: number): void {
    const { nowMs } = this;
    const outcome = this.mayFail[endpoint]! ? this.outcomeAtEnd(attempt, endpoint) : OUTCOMES.ok;
    if (outcome !== OUTCOMES.ok && !IS_USED[outcome]) {
      this.end(attempt, outcome);
      return;
    }
    this.admission.settleServed(nowMs, attempt);
    this.listener.onOutcome(attempt, outcome, nowMs);
  }

  /** Whether an answer is one, comes after its time, breaks off, or is an error. */
  private outcomeAtEnd(attempt: number, endpoint: number): Outcome {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const plan = this.plan.endpoints[endpoint]!;
    if (this.nowMs - floats[attempt * FLOATS + FLOAT.offeredMs]! > plan.windowMs) return OUTCOMES.abandoned;
    const struck = this.struck?.get(attempt);
    if (struck !== undefined) {
      const { fault } = struck;
      if (fault.effect === "empty") return OUTCOMES.empty;
      if (endsEarly(fault)) {
        ints[at + PLACE.refusal] = NO_QUOTA;
        return this.listener.isWhole === true ? failureOf(fault) : OUTCOMES.broken;
      }
      // A whole answer has its nth token at its end.
      if (fault.afterTokens > 0 && Number.isNaN(struck.struckMs)) this.stall(attempt);
    }
    const share = plan.errorShare + this.faults.errorShare(plan.region);
    if (share === 0) return OUTCOMES.ok;
    const uniform = keyedUniform(this.errorKey, ints[at + PLACE.requestId]!, ints[at + PLACE.ordinal]!);
    if (uniform >= share) return OUTCOMES.ok;
    return this.listener.isWhole === true ? OUTCOMES.error : OUTCOMES.broken;
  }

  /** Ends an attempt that was not served; its whole reservation is given back. */
  private end(attempt: number, outcome: Outcome): void {
    this.admission.giveBack(this.nowMs, attempt);
    this.listener.onOutcome(attempt, outcome, this.nowMs);
  }

  private applyFault(): void {
    const { nowMs } = this;
    const spec = this.faults.advance();
    if (spec === null) return;
    this.plan.endpoints.forEach((endpoint, e) => {
      if (!matches(spec.region, endpoint.region) || !matches(spec.model, endpoint.model)) return;
      const capacity = this.capacities[e]!;
      if (spec.kind === "brownout") capacity.setCapacityFactor(nowMs, this.faults.capacityFactor(e));
      if (spec.kind === "outage" && this.faults.isDown(endpoint.region)) {
        this.caches.clear(e);
        for (const attempt of capacity.evict(nowMs)) this.end(attempt, OUTCOMES.error);
      }
      this.endpoints.update(e, capacity.nextMs);
    });
    if (spec.kind === "quota-cut") this.admission.rescale(nowMs, this.faults);
  }

  private reachMark(): void {
    const attempt = this.struck!.reachMark();
    if (attempt >= 0) this.stall(attempt);
  }
}

function serviceKeyOf(seed: number): number {
  return purposeKey(seed, "service");
}

/** The draw that every attempt's work begins with, keyed by request and attempt; null where endpoints differ in its law. */
export function workDrawOf(plan: ServicePlan, seed: number): { readonly sample: Sampler; readonly key: number } | null {
  const specs = plan.endpoints.map(({ capacity }) => workLawOf(capacity));
  const laws = new Set(specs.map((spec) => (spec === null ? null : createLaw(spec))));
  const [law] = laws;
  return laws.size === 1 && law ? { sample: compileSampler(law), key: serviceKeyOf(seed) } : null;
}

/** The refusal of an attempt that no quota refused: quota -1, no limit. */
const NO_QUOTA = -1 << 2;

/** By outcome: what the answer has of tokens has been made, and counts. */
const IS_USED: readonly boolean[] = Object.values(OUTCOMES).map(
  (outcome) => outcome === OUTCOMES.ok || outcome === OUTCOMES.broken || outcome === OUTCOMES.empty,
);

/** What becomes of an attempt whose answer never began. */
function failureOf({ error }: StreamFault): Outcome {
  return error === null ? OUTCOMES.error : OUTCOMES[outcomeOfServiceError(error)];
}

/** In place of the caller's level: the call is on its overflow route and goes no further. */
const SPILLED = -1;

/** The caller's level, moved up or down by as much as the service tier differs from the standard one. */
function tieredLevel(callerLevel: number, tierLevel: number): number {
  return Math.min(LEVELS - 1, Math.max(0, callerLevel + tierLevel - LEVEL));
}

function matches(wanted: number, actual: number): boolean {
  return wanted < 0 || wanted === actual;
}
