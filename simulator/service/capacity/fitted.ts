/** The model `fitted`: an endpoint that was measured. The work of its calls is in `fitted-work.ts`. */
import { z } from "zod";
import { EventHeap } from "../../base/event-queue.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import { CAPACITY_EVENT, type CapacityContext, type CapacityEvent, type CapacityModel } from "./capacity.ts";
import {
  type FittedSpec,
  FittedWork,
  fittedPartsOf,
  fittedShape,
  fittedThroughputs,
  leastFittedMs,
  loadFactor,
} from "./fitted-work.ts";
import { NOTHING_DUE, Station, VirtualClock } from "./station.ts";
import { positiveLimit, queueOf, queueShape, refusingKeys } from "./waiting-line.ts";

const schema = z.strictObject({
  kind: z.literal("fitted"),
  servers: positiveLimit
    .default(Number.POSITIVE_INFINITY)
    .meta({ description: "Calls served at a time: a number, or unlimited" }),
  ...fittedShape,
  ...queueShape,
});

/** What calibration writes: one station that includes each of the other models as a special case. */
export const fitted: CapacityModel<FittedSpec, typeof schema> = {
  kind: "fitted",
  summary: "A measured endpoint, as meridian calibrate writes it",
  schema,
  isQueueing: true,
  isMeasured: true,
  toSpec: (block) => ({ kind: "fitted", servers: block.servers, ...fittedPartsOf(block), ...queueOf(block) }),
  // Each of n units sees 1/n of the calls.
  scaleTo: (spec, units) => ({
    ...spec,
    servers: spec.servers * units,
    load: spec.load.map(([calls, factor]) => [calls * units, factor] as const),
    waitingRoom: spec.waitingRoom * units,
  }),
  isStreaming: () => true,
  ignoresPriority: ({ servers }) => servers < Number.POSITIVE_INFINITY,
  // Its times are those of prompts and answers.
  refusedInGateway: (block) => ["kind", ...refusingKeys(block)],
  throughputs: fittedThroughputs,
  leastMs: leastFittedMs,
  create: (spec, context, table) => new Fitted(spec, context, table),
};

/**
 * A station with few assumptions, for endpoints that were measured and not designed: a number of calls served at a
 * time, a line in front, a prompt part, a part per output token, and a curve that says how much slower everything goes
 * with how many are inside. With a flat curve it is c servers; with a straight one continuous batching; with a curve
 * that is flat and then rises from the origin processor sharing with a cap.
 *
 * Work is counted in ms of an unloaded endpoint and done in virtual time, which runs at 1 / factor(n): O(log n) a call.
 */
export class Fitted extends Station<FittedSpec> {
  /** Prompts that load does not slow, by real time. */
  private readonly prompts = new EventHeap();
  /** First tokens and ends, by virtual time. */
  private readonly marks = new EventHeap();
  /** Tokens whose instants are asked for, by virtual time. */
  private readonly asked = new EventHeap();
  /** Prompts that wait for the one before, where they are read one at a time. */
  private readonly readers: number[] = [];
  private readerAt = 0;
  private isReading = false;
  /** In-line only: when the last prompt in the line will be read. */
  private lineFreeMs = 0;
  private readonly work: FittedWork;
  private decoding = 0;
  private readonly clock = new VirtualClock();

  constructor(spec: FittedSpec, context: CapacityContext, table: SlotTable) {
    super(spec, context, table, false);
    this.work = new FittedWork(spec, context, table);
    this.settle(0);
  }

  get stepMs(): number {
    return this.clock.unitMs * this.spec.perOutputTokenMs;
  }

  stepsAt(nowMs: number): number {
    return this.clock.unitsAt(nowMs) / this.spec.perOutputTokenMs;
  }

  hasRoom(): boolean {
    return this.line.length === 0 && this.factor > 0 && this.inService < this.spec.servers;
  }

  /** Waiting work over the throughput of full servers. */
  expectedQueueDelayMs(): number {
    if (this.hasRoom()) return 0;
    if (this.factor === 0) return Number.POSITIVE_INFINITY;
    const full = Math.max(1, Math.min(this.spec.servers, this.inService));
    return (this.waitingWork * loadFactor(this.spec.load, full)) / (full * this.factor);
  }

  protected draw(attempt: number): boolean {
    this.work.draw(attempt);
    return true;
  }

  protected fits(_attempt: number): boolean {
    return this.factor > 0 && this.inService < this.spec.servers;
  }

  /** Ms of an unloaded endpoint. */
  protected workOf(attempt: number): number {
    const { beforeMs, promptMs, outputMs } = this.work;
    return beforeMs[attempt]! + promptMs[attempt]! + outputMs[attempt]!;
  }

  protected serve(): CapacityEvent | typeof NOTHING_DUE {
    const nowMs = this.nextMs;
    if (this.asked.size > 0 && this.clock.reachMs(this.asked.topMs) <= nowMs) {
      this.subject = this.asked.pop();
      this.refresh();
      return CAPACITY_EVENT.marked;
    }
    if (this.marks.size > 0 && this.clock.reachMs(this.marks.topMs) <= nowMs) return this.reachMark(nowMs);
    if (this.prompts.topMs > nowMs) return NOTHING_DUE;
    this.clock.synchronise(nowMs, this.marks.size > 0);
    return this.firstToken(nowMs, this.prompts.pop());
  }

  protected start(nowMs: number, attempt: number): void {
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

  protected settle(nowMs: number): void {
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

  protected ownNextMs(): number {
    const { asked, marks } = this;
    const nextUnits = asked.size > 0 ? Math.min(asked.topMs, marks.topMs) : marks.topMs;
    const markMs = marks.size > 0 ? this.clock.reachMs(nextUnits) : Number.POSITIVE_INFINITY;
    return this.prompts.topMs < markMs ? this.prompts.topMs : markMs;
  }

  protected clear(nowMs: number): readonly number[] {
    this.clock.synchronise(nowMs, this.marks.size > 0);
    const readers = this.readers.slice(this.readerAt);
    this.readers.length = 0;
    this.readerAt = 0;
    this.decoding = 0;
    this.isReading = false;
    this.lineFreeMs = nowMs;
    this.asked.drain();
    return [...this.marks.drain(), ...this.prompts.drain(), ...readers];
  }

  /** Sets the slot's mark for when this part of its work is done. */
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

  private reachMark(nowMs: number): CapacityEvent {
    this.clock.landOn(this.marks.topMs, nowMs);
    const attempt = this.marks.pop();
    if (Number.isNaN(this.work.promptMs[attempt]!)) return this.firstToken(nowMs, attempt);
    if (Number.isNaN(this.work.beforeMs[attempt]!)) {
      this.work.beforeMs[attempt] = 0;
      this.queueToRead(attempt);
      this.settle(nowMs);
      return CAPACITY_EVENT.internal;
    }
    this.decoding--;
    return this.finish(nowMs, attempt);
  }

  private firstToken(nowMs: number, attempt: number): CapacityEvent {
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
    const token = this.context.marks?.(attempt) ?? 0;
    if (token > 0) {
      const others = this.table.ints[attempt * ATTEMPT_INTS + ATTEMPT.outputTokens]! - 1;
      this.asked.push(this.clock.units + (leftMs * (token - 1)) / others, attempt);
    }
    this.settle(nowMs);
    return CAPACITY_EVENT.firstToken;
  }

  private finish(nowMs: number, attempt: number): CapacityEvent {
    this.subject = attempt;
    this.inService--;
    this.fill(nowMs);
    this.settle(nowMs);
    return CAPACITY_EVENT.finished;
  }

  private nextReader(): number {
    const attempt = this.readers[this.readerAt++]!;
    if (this.readerAt === this.readers.length || this.readerAt > 1024) {
      this.readers.splice(0, this.readerAt);
      this.readerAt = 0;
    }
    return attempt;
  }
}
