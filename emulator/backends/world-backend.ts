/**
 * The simulator's physics driven by the emulator's clock: quotas, capacity, service-side routing, prompt caches,
 * background tenants and faults of one resolved scenario, shared by all endpoints of a fleet.
 */
import { Jitter, LEG } from "../../simulator/engine/attempt-draws.ts";
import { Network } from "../../simulator/engine/network.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import {
  ATTEMPT,
  ATTEMPT_FLOAT,
  ATTEMPT_FLOATS,
  ATTEMPT_INTS,
  createAttemptTable,
} from "../../simulator/service/attempt-table.ts";
import { OUTCOME, type Outcome, Service, type ServiceListener } from "../../simulator/service/service.ts";
import type { StreamFault } from "../../simulator/service/service-plan.ts";
import { hasStreamFaults, StreamFaults } from "../../simulator/service/stream-faults.ts";
import {
  type Admission,
  cappedOutputTokens,
  type InferenceBackend,
  type InferenceCall,
  type InferenceObserver,
  outputLimit,
} from "../model/backend.ts";
import type { Deadline, EmulatorClock } from "../model/clock.ts";
import {
  type AnswerLengths,
  type CallRoute,
  type CallRoutes,
  createAnswerLengths,
  createCallRoutes,
  prefixesOf,
} from "./call-routes.ts";
import { applyFault, type FaultRule } from "./faults.ts";
import { faultOf, WorldCall } from "./world-call.ts";

/** Options of {@link createWorldBackend}. */
export interface WorldBackendOptions {
  /** Scenario time at which the fleet starts, ms; it sets the background load and the faults. 0 by default. */
  readonly startMs?: number;
  /** Origin of callers that name none; without it, no round trip is added for them. */
  readonly origin?: string;
  /**
   * Keys random draws by request: a call with `requestMetadata.requestId` of `17.0` gets the draws of attempt 0 of
   * request 17, as in the simulator. Other calls, and all calls by default, are numbered in order of arrival.
   */
  readonly drawsByRequest?: boolean;
}

/**
 * A backend with the simulator's physics.
 *
 * A call whose caller disconnects keeps its place, runs to its end and counts against the quota in full, as in the
 * simulator.
 *
 * @param clock   the fleet's clock
 * @param plan    a resolved scenario; its traffic also gives the answer lengths of calls that request none
 * @param options where in the scenario to start, the callers' origin, the keys of the random draws
 */
export function createWorldBackend(
  clock: EmulatorClock,
  plan: Plan,
  options: WorldBackendOptions = {},
): InferenceBackend {
  return new WorldBackend(clock, plan, options);
}

/** The attempt of a request whose random draws a call uses. */
interface DrawKey {
  readonly request: number;
  readonly ordinal: number;
}

const REQUEST_AND_ATTEMPT = /^(\d{1,9})\.(\d{1,6})$/;

class WorldBackend implements InferenceBackend {
  private readonly clock: EmulatorClock;
  private readonly plan: Plan;
  private readonly options: WorldBackendOptions;
  private readonly table = createAttemptTable();
  /** Calls in the world, by slot of the attempt table. */
  private readonly calls: (WorldCall | undefined)[] = [];
  private readonly routes: CallRoutes;
  private readonly lengths: AnswerLengths;
  private readonly world: Service;
  private readonly streamFaults: StreamFaults | undefined;
  private readonly network: Network;
  private readonly jitter: Jitter;
  private readonly startMs: number;
  private serial = 0;
  private running = 0;
  /** Scenario time reached; never decreases, although timers are late and calls may arrive out of order. */
  private worldMs: number;
  private timer: Deadline | undefined;
  private timerMs = Number.POSITIVE_INFINITY;

  constructor(clock: EmulatorClock, plan: Plan, options: WorldBackendOptions) {
    this.clock = clock;
    this.plan = plan;
    this.options = options;
    this.startMs = options.startMs ?? 0;
    this.worldMs = this.startMs;
    this.routes = createCallRoutes(plan);
    this.lengths = createAnswerLengths(plan);
    this.world = new Service(plan.world, plan.seed, this.table, this.listener());
    this.streamFaults = hasStreamFaults(plan.world)
      ? new StreamFaults(plan.world, this.world.faults, plan.seed)
      : undefined;
    const regions = Int32Array.from(plan.regionNames.keys());
    this.network = new Network(plan.network, regions, regions.length, this.world.faults, plan.seed);
    this.jitter = new Jitter(plan.network.jitterCv, plan.seed);
    // Scenario events before the start are processed now, so that the first call need not wait for them.
    this.advanceTo(this.startMs);
  }

  begin(call: InferenceCall, nowMs: number, observer: InferenceObserver): Admission {
    this.advanceTo(nowMs + this.startMs);
    const route = this.routes.of(call);
    if (route === undefined) return { kind: "refused", fault: { name: "ValidationException" } };
    const serial = this.serial++ & 0x7fffffff;
    const fault = this.strike(call, route, serial);
    if (fault === null) return this.beginInWorld(call, route, serial, observer);
    const backend: InferenceBackend = {
      begin: (struck, _, through) => this.beginInWorld(struck, route, serial, through),
    };
    return applyFault(ruleOf(fault), { backend, clock: this.clock, call, nowMs, observer });
  }

  /** The fault of the scenario that strikes a call, with the draws of its request. */
  private strike(call: InferenceCall, { model, classIndex }: CallRoute, serial: number): StreamFault | null {
    const { world, plan, streamFaults } = this;
    const region = plan.regionNames.indexOf(call.region);
    if (streamFaults === undefined || world.faults.isDown(region)) return null;
    const key = this.drawKeyOf(call.requestMetadata) ?? { request: serial, ordinal: 0 };
    return streamFaults.strike({ region, model, classIndex, requestId: key.request, ordinal: key.ordinal });
  }

  private beginInWorld(call: InferenceCall, route: CallRoute, serial: number, observer: InferenceObserver): Admission {
    const { slot, worldCall } = this.enter(call, route, serial, observer);
    this.world.receive(this.worldMs, slot);
    this.arm();
    const { ending } = worldCall;
    if (ending === "broken") return { kind: "dropped", how: "reset" };
    if (ending !== undefined && ending !== "answered") return { kind: "refused", fault: ending };
    this.readPlacement(worldCall, slot, undefined);
    const hasSpilled = this.table.ints[slot * ATTEMPT_INTS + ATTEMPT.callerLevel]! < 0;
    worldCall.isFallback = call.latencyOptimized && (hasSpilled || !route.isLatencyOptimized);
    worldCall.isAdmitted = true;
    return { kind: "accepted", handle: worldCall };
  }

  roundTripMs(origin: string | undefined, region: string, requestMetadata?: InferenceCall["requestMetadata"]): number {
    const from = this.originIndex(origin);
    const to = this.plan.regionNames.indexOf(region);
    this.advanceTo(this.clock.nowMs() + this.startMs);
    if (to < 0) return 0;
    if (from < 0) return this.world.faults.latencySurgeMs(to);
    const { request, ordinal } = this.drawKeyOf(requestMetadata) ?? { request: this.serial & 0x7fffffff, ordinal: 0 };
    const halfMs = this.network.halfOfMs(from, to);
    const oneWayMs = (leg: 0 | 1): number =>
      this.network.delayMs(halfMs * this.jitter.factor(leg, request, ordinal), to, leg, request, ordinal);
    return oneWayMs(LEG.there) + oneWayMs(LEG.back);
  }

  /** Writes a call into a slot of the attempt table, ready for the world to receive. */
  private enter(
    call: InferenceCall,
    route: CallRoute,
    serial: number,
    observer: InferenceObserver,
  ): { readonly slot: number; readonly worldCall: WorldCall } {
    const { clock, startMs, table } = this;
    const { request, ordinal } = this.drawKeyOf(call.requestMetadata) ?? { request: serial, ordinal: 0 };
    const outputTokens = cappedOutputTokens(call, this.lengths.draw(route.classIndex, serial));
    const prefixes = prefixesOf(call, route.account);
    const madeTokens = Math.min(outputTokens, call.breaksAtTokens ?? outputTokens);
    const worldCall = new WorldCall({ clock, startMs, observer, outputTokens, madeTokens, prefixes });
    const slot = table.allocate();
    const { ints } = table;
    const at = slot * ATTEMPT_INTS;
    ints[at + ATTEMPT.requestId] = request;
    ints[at + ATTEMPT.ordinal] = ordinal;
    ints[at + ATTEMPT.classIndex] = route.classIndex;
    ints[at + ATTEMPT.modelIndex] = route.model;
    ints[at + ATTEMPT.target] = route.target;
    ints[at + ATTEMPT.inputTokens] = call.inputTokens;
    ints[at + ATTEMPT.outputTokens] = madeTokens;
    ints[at + ATTEMPT.maxTokens] = outputLimit(call);
    ints[at + ATTEMPT.prefixTokens] = call.cachePoints.at(-1)?.tokens ?? 0;
    ints[at + ATTEMPT.prefixId] = prefixes.at(-1)?.id ?? -1;
    ints[at + ATTEMPT.queueLevel] = route.queueLevel;
    ints[at + ATTEMPT.endpoint] = -1;
    this.calls[slot] = worldCall;
    this.running++;
    return { slot, worldCall };
  }

  /** Passes the world's events on to the calls they concern. */
  private listener(): ServiceListener {
    return {
      strikesItself: true,
      onStart: (slot, firstTokenMs, endMs) => {
        const call = this.calls[slot]!;
        call.returnHopMs = this.hopMsOf(slot);
        call.scheduleTokens(firstTokenMs, endMs);
      },
      onFirstToken: (slot, nowMs) => {
        const from = slot * ATTEMPT_FLOATS;
        const { floats } = this.table;
        const stepsPerToken = floats[from + ATTEMPT_FLOAT.work]! * floats[from + ATTEMPT_FLOAT.decodeFactor]!;
        const call = this.calls[slot]!;
        call.returnHopMs = this.hopMsOf(slot);
        call.beginDecoding(nowMs, this.world.capacityOf(slot), stepsPerToken);
      },
      prefixes: (slot) => this.calls[slot]!.prefixes,
      onOutcome: (slot, outcome, nowMs) => this.leave(slot, outcome, nowMs),
    };
  }

  private leave(slot: number, outcome: Outcome, nowMs: number): void {
    const { table, world } = this;
    const call = this.calls[slot]!;
    const at = slot * ATTEMPT_INTS;
    this.calls[slot] = undefined;
    this.running--;
    this.readPlacement(call, slot, outcome);
    call.returnHopMs = this.hopMsOf(slot);
    const sourceRegion = this.plan.targets[table.ints[at + ATTEMPT.target]!]!.region;
    const refusal = table.ints[at + ATTEMPT.refusal]!;
    const retryAfterMs = outcome === OUTCOME.throttled ? world.retryAfterMs(slot) : Number.NaN;
    table.release(slot);
    if (outcome === OUTCOME.ok) call.end(nowMs, "answered");
    else if (outcome === OUTCOME.error && world.faults.isDown(sourceRegion)) call.end(nowMs, "broken");
    else call.end(nowMs, faultOf(outcome, refusal, retryAfterMs));
  }

  /** One-way time between the called region and the one that runs the call, ms. */
  private hopMsOf(slot: number): number {
    return this.table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.hopMs]!;
  }

  private drawKeyOf(requestMetadata: InferenceCall["requestMetadata"] | undefined): DrawKey | undefined {
    if (this.options.drawsByRequest !== true) return undefined;
    const match = REQUEST_AND_ATTEMPT.exec(requestMetadata?.requestId ?? "");
    return match === null ? undefined : { request: Number(match[1]), ordinal: Number(match[2]) };
  }

  /** Copies where a call runs and its cache use, as far as the world has decided them. */
  private readPlacement(call: WorldCall, slot: number, outcome: Outcome | undefined): void {
    const { ints } = this.table;
    const at = slot * ATTEMPT_INTS;
    if (outcome === OUTCOME.throttled || ints[at + ATTEMPT.endpoint]! < 0) return;
    const endpoint = this.plan.world.endpoints[ints[at + ATTEMPT.endpoint]!]!;
    call.destinationRegion = this.plan.regionNames[endpoint.region]!;
    call.cacheReadTokens = ints[at + ATTEMPT.cacheReadTokens]!;
    call.cacheWriteTokens = ints[at + ATTEMPT.cacheWriteTokens]!;
  }

  private advanceTo(ms: number): void {
    const { world } = this;
    while (world.nextMs <= ms) {
      this.worldMs = Math.max(this.worldMs, world.nextMs);
      world.advance();
    }
    this.worldMs = Math.max(this.worldMs, ms);
  }

  /** Sets the timer to the world's next event. With no call in progress there is none: the next call catches up. */
  private arm(): void {
    const dueMs = this.running > 0 ? this.world.nextMs - this.startMs : Number.POSITIVE_INFINITY;
    if (dueMs >= this.timerMs && this.running > 0) return;
    this.timer?.cancel();
    this.timer = undefined;
    this.timerMs = dueMs;
    if (!Number.isFinite(dueMs)) return;
    this.timer = this.clock.schedule(dueMs, () => {
      this.timer = undefined;
      this.timerMs = Number.POSITIVE_INFINITY;
      this.advanceTo(Math.max(this.clock.nowMs(), dueMs) + this.startMs);
      this.arm();
    });
  }

  private originIndex(origin: string | undefined): number {
    const { originNames } = this.plan;
    const known = origin === undefined ? -1 : originNames.indexOf(origin);
    return known < 0 && this.options.origin !== undefined ? originNames.indexOf(this.options.origin) : known;
  }
}

/** A scenario's fault with the fields of the control page. */
function ruleOf({ effect, error, message, afterTokens, lastsMs, gapMs }: StreamFault): FaultRule {
  return {
    effect: effect === "error" ? { name: error!, ...(message === "" ? {} : { message }) } : effect,
    afterTokens,
    ...(Number.isFinite(lastsMs) ? { lastsMs } : {}),
    ...(Number.isNaN(gapMs) ? {} : { gapMs }),
  };
}
