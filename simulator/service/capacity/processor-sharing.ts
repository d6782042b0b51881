/** The discipline `processor-sharing` of slots: all calls are served at once, at a shared rate. */
import { EventHeap } from "../../base/event-queue.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw, type LawSpec } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import {
  CAPACITY_EVENT,
  type Capacity,
  type CapacityContext,
  type CapacityEvent,
  OFFER,
  type Offer,
} from "./capacity.ts";
import { VirtualClock } from "./station.ts";

/** Servers and the work of a call: the part of a spec that does not depend on the discipline. */
export interface ServersSpec {
  /** Infinity = as many as needed. */
  readonly servers: number;
  /** Service time of a call, ms, apart from its tokens. */
  readonly service: LawSpec;
  readonly perInputTokenMs: number;
  readonly perOutputTokenMs: number;
  /** Places beside the servers; Infinity = no limit, 0 = none. */
  readonly waitingRoom: number;
}

/**
 * Egalitarian processor sharing over c servers: with n calls in service each runs at rate min(1, c/n). No call
 * waits; a limited waiting room caps n at c + room. M/G/1-PS: mean response E[S]/(1 - rho), whatever the law of S
 * (Kleinrock 1967, JACM 14(2)).
 */
export class ProcessorSharing implements Capacity {
  nextMs = Number.POSITIVE_INFINITY;
  inService = 0;
  readonly waiting = 0;
  subject = -1;
  declare private readonly spec: ServersSpec;
  declare private readonly context: CapacityContext;
  declare private readonly table: SlotTable;
  declare private readonly sample: Sampler;
  private readonly marks = new EventHeap();
  private readonly clock = new VirtualClock();
  private factor = 1;

  constructor(spec: ServersSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    this.sample = compileSampler(createLaw(spec.service));
  }

  offer(nowMs: number, attempt: number): Offer {
    const { floats, ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    const { spec } = this;
    floats[from + ATTEMPT_FLOAT.offeredMs] = nowMs;
    if (this.inService >= spec.servers + spec.waitingRoom) return OFFER.refused;
    const uncached = ints[at + ATTEMPT.inputTokens]! - ints[at + ATTEMPT.cacheReadTokens]!;
    const workMs =
      this.sample(keyedUniform(this.context.serviceKey, ints[at + ATTEMPT.requestId]!, ints[at + ATTEMPT.ordinal]!)) +
      uncached * spec.perInputTokenMs +
      ints[at + ATTEMPT.outputTokens]! * spec.perOutputTokenMs * floats[from + ATTEMPT_FLOAT.decodeFactor]!;
    floats[from + ATTEMPT_FLOAT.work] = workMs;
    floats[from + ATTEMPT_FLOAT.startedMs] = nowMs;
    this.clock.synchronise(nowMs, this.inService > 0);
    this.inService++;
    this.marks.push(this.clock.units + workMs, attempt);
    this.rescale();
    return OFFER.started;
  }

  advance(): CapacityEvent {
    const nowMs = this.nextMs;
    this.clock.landOn(this.marks.topMs, nowMs);
    this.subject = this.marks.pop();
    this.table.floats[this.subject * ATTEMPT_FLOATS + ATTEMPT_FLOAT.firstTokenMs] = nowMs;
    this.inService--;
    this.rescale();
    return CAPACITY_EVENT.finished;
  }

  hasRoom(): boolean {
    return this.inService < this.spec.servers * this.factor;
  }

  expectedQueueDelayMs(): number {
    return 0;
  }

  /** No call waits: only a waiting room without places is full. */
  isCrowded(share: number): boolean {
    return !this.hasRoom() && this.spec.waitingRoom * share <= 0;
  }

  setCapacityFactor(nowMs: number, factor: number): void {
    this.clock.synchronise(nowMs, this.inService > 0);
    this.factor = factor;
    this.rescale();
  }

  evict(nowMs: number): readonly number[] {
    this.clock.synchronise(nowMs, this.inService > 0);
    const attempts = this.marks.drain();
    this.inService = 0;
    this.rescale();
    return attempts;
  }

  private rescale(): void {
    // Unlimited servers of which no share is left are none.
    const servers = this.factor > 0 ? this.spec.servers * this.factor : 0;
    this.clock.setUnitMs(Math.max(1, this.inService / servers));
    this.nextMs = this.marks.size > 0 ? this.clock.reachMs(this.marks.topMs) : Number.POSITIVE_INFINITY;
  }
}
