import { EventHeap } from "../../engine/event-heap.ts";
import type { SlotTable } from "../../engine/slot-table.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { compileSampler, createLaw } from "../../random/laws/index.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import { BackgroundTenants } from "./background.ts";
import {
  type Capacity,
  type CapacityContext,
  type FittedSpec,
  HAPPENING,
  type Happening,
  OFFER,
  type Offer,
} from "./capacity.ts";
import { FittedWork } from "./fitted-work.ts";
import { loadFactor } from "./load-curve.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { STANDARD_LEVEL, WaitingLine } from "./waiting-line.ts";

/**
 * A station with few assumptions, for endpoints that were measured and not designed: a number of calls served at a
 * time, a line in front, a prompt part, a part per output token, and a curve that says how much slower everything goes
 * with how many are inside. With a flat curve it is c servers; with a straight one continuous batching; with a curve
 * that is flat and then rises from the origin processor sharing with a cap.
 *
 * Work is counted in ms of an unloaded endpoint and done in virtual time, which runs at 1 / factor(n): O(log n) a call.
 */
export class FittedCapacity implements Capacity {
  nextMs = Number.POSITIVE_INFINITY;
  subject = -1;
  inService = 0;
  private readonly spec: FittedSpec;
  private readonly context: CapacityContext;
  private readonly table: SlotTable;
  private readonly samplePatience: Sampler | null;
  private readonly background: BackgroundTenants | null;
  private readonly line = new WaitingLine();
  /** Prompts that load does not slow, by real time. */
  private readonly prompts = new EventHeap();
  /** First tokens and ends, by virtual time. */
  private readonly marks = new EventHeap();
  /** Prompts that wait for the one before, where they are read one at a time. */
  private readonly readers: number[] = [];
  private readerAt = 0;
  private isReading = false;
  /** In-line only: when the last prompt in the line will be read. */
  private lineFreeMs = 0;
  private readonly work: FittedWork;
  private decoding = 0;
  private waitingMs = 0;
  private factor = 1;
  private readonly clock = new VirtualClock();

  constructor(spec: FittedSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    this.work = new FittedWork(spec, context, table);
    this.samplePatience = spec.patience === null ? null : compileSampler(createLaw(spec.patience));
    this.background =
      spec.background === null ? null : new BackgroundTenants(spec.background, context.seed, context.localHourAtStart);
    this.rescale(0);
  }

  get waiting(): number {
    return this.line.length;
  }

  get stepMs(): number {
    return this.clock.unitMs * this.spec.perOutputTokenMs;
  }

  stepsAt(nowMs: number): number {
    return this.clock.unitsAt(nowMs) / this.spec.perOutputTokenMs;
  }

  offer(nowMs: number, attempt: number): Offer {
    this.table.floats[attempt * ATTEMPT_FLOATS + ATTEMPT_FLOAT.offeredMs] = nowMs;
    this.work.draw(attempt);
    if (this.hasRoom()) {
      this.start(nowMs, attempt);
      this.rescale(nowMs);
      return OFFER.started;
    }
    if (this.line.length >= this.spec.waitingRoom) return OFFER.refused;
    if (this.expectedQueueDelayMs() > this.spec.queueDelayMsMax) return OFFER.refused;
    this.line.join(nowMs, attempt, STANDARD_LEVEL, this.patienceMs(attempt));
    this.waitingMs += this.workMs(attempt);
    this.refresh();
    return OFFER.queued;
  }

  advance(): Happening {
    const nowMs = this.nextMs;
    if (this.marks.size > 0 && this.clock.reachMs(this.marks.topMs) <= nowMs) return this.reachMark(nowMs);
    if (this.prompts.topMs <= nowMs) {
      this.clock.synchronise(nowMs, this.marks.size > 0);
      return this.firstToken(nowMs, this.prompts.pop());
    }
    if (this.line.nextLeaveMs() <= nowMs) {
      this.subject = this.line.leave();
      this.waitingMs -= this.workMs(this.subject);
      this.refresh();
      return HAPPENING.abandoned;
    }
    this.background!.advance();
    this.rescale(nowMs);
    return HAPPENING.quiet;
  }

  hasRoom(): boolean {
    return this.line.length === 0 && this.factor > 0 && this.inService < this.spec.servers;
  }

  /** Work that waits over what full servers get done. */
  expectedQueueDelayMs(): number {
    if (this.hasRoom()) return 0;
    if (this.factor === 0) return Number.POSITIVE_INFINITY;
    const full = Math.max(1, Math.min(this.spec.servers, this.inService));
    return (this.waitingMs * loadFactor(this.spec.load, full)) / (full * this.factor);
  }

  setCapacityFactor(nowMs: number, factor: number): void {
    this.clock.synchronise(nowMs, this.marks.size > 0);
    this.factor = factor;
    this.fill(nowMs);
    this.rescale(nowMs);
  }

  evict(nowMs: number): readonly number[] {
    this.clock.synchronise(nowMs, this.marks.size > 0);
    const readers = this.readers.slice(this.readerAt);
    const attempts = [...this.marks.drain(), ...this.prompts.drain(), ...readers, ...this.line.drain()];
    this.readers.length = 0;
    this.readerAt = 0;
    this.inService = 0;
    this.decoding = 0;
    this.isReading = false;
    this.lineFreeMs = nowMs;
    this.waitingMs = 0;
    this.rescale(nowMs);
    return attempts;
  }

  private start(nowMs: number, attempt: number): void {
    const { spec } = this;
    this.table.floats[attempt * ATTEMPT_FLOATS + ATTEMPT_FLOAT.startedMs] = nowMs;
    this.inService++;
    this.clock.synchronise(nowMs, this.marks.size > 0);
    if (spec.applies === "at-start") {
      const slowed = loadFactor(spec.load, this.inService + this.occupied());
      this.work.outputMs[attempt]! *= slowed;
      if (spec.prompts === "shared") this.work.promptMs[attempt]! *= slowed;
    }
    if (spec.prompts === "own") this.prompts.push(nowMs + this.work.promptMs[attempt]!, attempt);
    else if (spec.prompts === "in-line") {
      this.lineFreeMs = Math.max(nowMs, this.lineFreeMs) + this.work.promptMs[attempt]!;
      this.prompts.push(this.lineFreeMs, attempt);
    } else if (spec.prompts === "in-steps") this.markAfter(attempt, this.work.beforeMs);
    else if (spec.prompts === "shared") this.markAfter(attempt, this.work.promptMs);
    else this.queueToRead(attempt);
  }

  /** The slot's mark comes when this work of it is done. */
  private markAfter(attempt: number, work: Float64Array): void {
    this.marks.push(this.clock.units + work[attempt]!, attempt);
    work[attempt] = Number.NaN;
  }

  private queueToRead(attempt: number): void {
    if (this.isReading) {
      this.readers.push(attempt);
      return;
    }
    this.isReading = true;
    this.markAfter(attempt, this.work.promptMs);
  }

  private reachMark(nowMs: number): Happening {
    this.clock.landOn(this.marks.topMs, nowMs);
    const attempt = this.marks.pop();
    if (Number.isNaN(this.work.promptMs[attempt]!)) return this.firstToken(nowMs, attempt);
    if (Number.isNaN(this.work.beforeMs[attempt]!)) {
      this.work.beforeMs[attempt] = 0;
      this.queueToRead(attempt);
      this.rescale(nowMs);
      return HAPPENING.quiet;
    }
    this.decoding--;
    return this.finish(nowMs, attempt);
  }

  private firstToken(nowMs: number, attempt: number): Happening {
    this.subject = attempt;
    this.work.promptMs[attempt] = 0;
    this.table.floats[attempt * ATTEMPT_FLOATS + ATTEMPT_FLOAT.firstTokenMs] = nowMs;
    if (this.isReading) {
      if (this.readers.length > 0) this.markAfter(this.nextReader(), this.work.promptMs);
      else this.isReading = false;
    }
    const leftMs = this.work.outputMs[attempt]!;
    if (leftMs <= 0) return this.finish(nowMs, attempt);
    this.decoding++;
    this.marks.push(this.clock.units + leftMs, attempt);
    this.rescale(nowMs);
    return HAPPENING.firstToken;
  }

  private finish(nowMs: number, attempt: number): Happening {
    this.subject = attempt;
    this.inService--;
    this.fill(nowMs);
    this.rescale(nowMs);
    return HAPPENING.finished;
  }

  private nextReader(): number {
    const attempt = this.readers[this.readerAt++]!;
    if (this.readerAt === this.readers.length || this.readerAt > 1024) {
      this.readers.splice(0, this.readerAt);
      this.readerAt = 0;
    }
    return attempt;
  }

  private fill(nowMs: number): void {
    while (this.line.length > 0 && this.factor > 0 && this.inService < this.spec.servers) {
      const next = this.line.take();
      this.waitingMs -= this.workMs(next);
      this.start(nowMs, next);
    }
  }

  private workMs(attempt: number): number {
    const { beforeMs, promptMs, outputMs } = this.work;
    return beforeMs[attempt]! + promptMs[attempt]! + outputMs[attempt]!;
  }

  private patienceMs(attempt: number): number {
    if (this.samplePatience === null) return Number.POSITIVE_INFINITY;
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    return this.samplePatience(
      keyedUniform(this.context.patienceKey, ints[at + ATTEMPT.requestId]!, ints[at + ATTEMPT.ordinal]!),
    );
  }

  private occupied(): number {
    return this.background === null ? 0 : this.background.occupied;
  }

  private rescale(nowMs: number): void {
    const { spec } = this;
    this.clock.synchronise(nowMs, this.marks.size > 0);
    let unitMs = 1;
    if (spec.applies === "continuously") {
      const inside = spec.counts === "all" ? this.inService : this.decoding;
      unitMs = loadFactor(spec.load, Math.max(1, inside) + this.occupied());
      if (this.isReading) unitMs += spec.promptSlowdown;
    }
    this.clock.setUnitMs(unitMs / this.factor);
    this.refresh();
  }

  private refresh(): void {
    let nextMs = this.marks.size > 0 ? this.clock.reachMs(this.marks.topMs) : Number.POSITIVE_INFINITY;
    if (this.prompts.topMs < nextMs) nextMs = this.prompts.topMs;
    if (this.samplePatience !== null) nextMs = Math.min(nextMs, this.line.nextLeaveMs());
    if (this.background !== null && this.background.nextMs < nextMs) nextMs = this.background.nextMs;
    this.nextMs = nextMs;
  }
}
