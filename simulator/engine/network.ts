/** Delays outside the service: gateways before a request is routed, then the legs to the source region and back. */
import type { SlotTable } from "../base/slot-table.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import type { NetworkPlan, Plan } from "../scenario/plan.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS, createAttemptTable } from "../service/attempt-table.ts";
import { CAPACITY_EVENT, type Capacity, OFFER } from "../service/capacity/capacity.ts";
import { type CapacitySpec, createCapacity } from "../service/capacity/index.ts";
import type { FaultState } from "../service/fault-state.ts";
import { type Jitter, LEG } from "./attempt-draws.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const LEGS = LEG;

/** First retransmission timeout of a lost segment; it doubles with each loss (RFC 6298; Linux's minimum of 200 ms). */
const RETRANSMIT_MS = 200;
const RETRANSMITS_MAX = 6;

/** One-way delays between callers and source regions: half a round trip, jitter, and what faults add. */
export class Network {
  /** By origin and target: half a round trip, ms. */
  declare private readonly halfMs: Float64Array;
  declare private readonly targets: number;
  declare private readonly regionOfTarget: Int32Array;
  declare private readonly faults: FaultState;
  declare private readonly lossKeys: readonly [number, number];

  /** @param regionOfTarget by target: the region that is called */
  constructor(plan: NetworkPlan, regionOfTarget: Int32Array, regions: number, faults: FaultState, seed: number) {
    const origins = plan.rttMs.length / regions;
    this.targets = regionOfTarget.length;
    this.halfMs = new Float64Array(origins * this.targets);
    for (let o = 0; o < origins; o++) {
      for (let t = 0; t < this.targets; t++) {
        this.halfMs[o * this.targets + t] = plan.rttMs[o * regions + regionOfTarget[t]!]! / 2;
      }
    }
    this.regionOfTarget = regionOfTarget;
    this.faults = faults;
    this.lossKeys = [purposeKey(seed, "loss/there"), purposeKey(seed, "loss/back")];
  }

  /** Half a round trip, ms: a leg without jitter and faults. */
  halfOfMs(origin: number, target: number): number {
    return this.halfMs[origin * this.targets + target]!;
  }

  /** No fault adds to a leg now. */
  get isQuiet(): boolean {
    return this.faults.isQuiet;
  }

  /** Delay of a leg with what faults add to it now, ms. @param attempt its ordinal */
  delayMs(ms: number, target: number, leg: 0 | 1, request: number, attempt: number): number {
    return this.faults.isQuiet ? ms : this.faultyMs(ms, target, leg, request, attempt);
  }

  private faultyMs(ms: number, target: number, leg: 0 | 1, request: number, attempt: number): number {
    const region = this.regionOfTarget[target]!;
    const surgedMs = ms + this.faults.latencySurgeMs(region) / 2;
    const loss = this.faults.packetLossShare(region);
    return loss > 0 ? surgedMs + retransmissionMs(loss, keyedUniform(this.lossKeys[leg], request, attempt)) : surgedMs;
  }
}

/** Whether a plan's callers are at any distance from its regions, or its regions from each other. */
export function hasWays({ network, world }: Pick<Plan, "network" | "world">): boolean {
  const hasHops = world.routes.some((route) => route?.hopMs.some((ms) => ms > 0));
  return hasHops || network.rttMs.some((ms) => ms > 0) || world.faults.length > 0;
}

/** The ways of a run's attempts to their regions and back. Their jitter, and the way back, are kept in their rows. */
export class Ways {
  declare private readonly rows: SlotTable;
  declare private readonly network: Network;
  declare private readonly jitter: Jitter;

  constructor(rows: SlotTable, network: Network, jitter: Jitter) {
    this.rows = rows;
    this.network = network;
    this.jitter = jitter;
  }

  /** Draws ahead for the first attempts of so many requests from one on. */
  prepare(firstRequest: number, requests: number): void {
    this.jitter.prepare(firstRequest, requests);
  }

  /** Writes down what was drawn ahead for a request's first attempt. @param i its place among the requests prepared */
  writePrepared(request: number, i: number): void {
    const { floats } = this.rows;
    const from = request * FLOATS;
    floats[from + FLOAT.jitterThere] = this.jitter.there[i]!;
    floats[from + FLOAT.jitterBack] = this.jitter.back[i]!;
  }

  /** Draws for an attempt in its row. */
  draw(attempt: number, requestId: number, ordinal: number): void {
    const { floats } = this.rows;
    const from = attempt * FLOATS;
    floats[from + FLOAT.jitterThere] = this.jitter.factor(LEGS.there, requestId, ordinal);
    floats[from + FLOAT.jitterBack] = this.jitter.factor(LEGS.back, requestId, ordinal);
  }

  /** The way there, ms; writes down the way back. First attempts have had their jitter since they arrived. */
  thereMs(attempt: number, origin: number, target: number): number {
    const { ints, floats } = this.rows;
    const from = attempt * FLOATS;
    const ordinal = ints[attempt * INTS + PLACE.ordinal]!;
    if (ordinal > 0) this.draw(attempt, ints[attempt * INTS + PLACE.requestId]!, ordinal);
    const halfMs = this.network.halfOfMs(origin, target);
    floats[from + FLOAT.backMs] = halfMs * floats[from + FLOAT.jitterBack]!;
    const ms = halfMs * floats[from + FLOAT.jitterThere]!;
    return this.network.isQuiet ? ms : this.faultyMs(attempt, LEGS.there, ms);
  }

  /** The way of an attempt's answer back to its caller, ms: through its source region. */
  backMs(attempt: number): number {
    const { floats } = this.rows;
    const from = attempt * FLOATS;
    const ms = floats[from + FLOAT.backMs]!;
    return floats[from + FLOAT.hopMs]! + (this.network.isQuiet ? ms : this.faultyMs(attempt, LEGS.back, ms));
  }

  private faultyMs(attempt: number, leg: 0 | 1, ms: number): number {
    const { ints } = this.rows;
    const at = attempt * INTS;
    return this.network.delayMs(
      ms,
      ints[at + PLACE.target]!,
      leg,
      ints[at + PLACE.requestId]!,
      ints[at + PLACE.ordinal]!,
    );
  }
}

/** Delay of k losses in a row, k geometric with the given share: 200, 600, 1400 ms ... */
function retransmissionMs(loss: number, uniform: number): number {
  const losses =
    uniform <= 0 ? RETRANSMITS_MAX : Math.min(RETRANSMITS_MAX, Math.floor(Math.log(uniform) / Math.log(loss)));
  return RETRANSMIT_MS * (2 ** losses - 1);
}

/**
 * Stations that every request passes before it is routed (a gateway, an authoriser), in series. A request is never
 * refused here: stations have unlimited waiting room.
 */
export class Gateways {
  /** Instant of the next event at a station, ms; Infinity when none is due. */
  nextMs = Number.POSITIVE_INFINITY;
  declare private readonly stations: readonly Capacity[];
  private readonly table = createAttemptTable();

  constructor(specs: readonly CapacitySpec[], seed: number) {
    this.stations = specs.map((spec, i) =>
      createCapacity(
        spec,
        {
          seed: purposeKey(seed, `gateway/${i}`),
          serviceKey: purposeKey(seed, `gateway-service/${i}`),
          patienceKey: purposeKey(seed, `gateway-patience/${i}`),
          localHourAtStart: 0,
        },
        this.table,
      ),
    );
  }

  /** A request arrives at the first station. @param request its row */
  enter(nowMs: number, request: number, requestId: number): void {
    const slot = this.table.allocate();
    const { ints } = this.table;
    const at = slot * ATTEMPT_INTS;
    ints[at + ATTEMPT.request] = request;
    ints[at + ATTEMPT.requestId] = requestId;
    ints[at + ATTEMPT.ordinal] = 0;
    ints[at + ATTEMPT.queueLevel] = 0;
    ints[at + ATTEMPT.inputTokens] = 0;
    ints[at + ATTEMPT.outputTokens] = 0;
    ints[at + ATTEMPT.cacheReadTokens] = 0;
    this.offer(nowMs, slot, 0);
  }

  /** Processes the event due at `nextMs`; returns the request that has passed the last station, or -1. */
  advance(): number {
    const nowMs = this.nextMs;
    const station = this.stations.findIndex((each) => each.nextMs <= nowMs);
    const capacity = this.stations[station]!;
    const event = capacity.advance();
    const slot = capacity.subject;
    let passed = -1;
    if (event === CAPACITY_EVENT.finished) {
      if (station + 1 < this.stations.length) this.offer(nowMs, slot, station + 1);
      else {
        passed = this.table.ints[slot * ATTEMPT_INTS + ATTEMPT.request]!;
        this.table.release(slot);
      }
    }
    this.refresh();
    return passed;
  }

  private offer(nowMs: number, slot: number, station: number): void {
    this.table.floats[slot * ATTEMPT_FLOATS + ATTEMPT_FLOAT.offeredMs] = nowMs;
    const offer = this.stations[station]!.offer(nowMs, slot);
    if (offer === OFFER.refused) throw new RangeError("a gateway has unlimited waiting room");
    this.refresh();
  }

  private refresh(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const station of this.stations) if (station.nextMs < nextMs) nextMs = station.nextMs;
    this.nextMs = nextMs;
  }
}
