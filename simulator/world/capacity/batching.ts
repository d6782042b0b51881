import { EventHeap } from "../../engine/event-heap.ts";
import type { SlotTable } from "../../engine/slot-table.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { compileSampler, createLaw } from "../../random/laws/index.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import { BackgroundTenants } from "./background.ts";
import {
  type BatchingSpec,
  type Capacity,
  type CapacityContext,
  HAPPENING,
  type Happening,
  OFFER,
  type Offer,
} from "./capacity.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { STANDARD_LEVEL, WaitingLine } from "./waiting-line.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;

/**
 * Continuous batching, exact, by virtual time. With n own and b background sequences decoding, every sequence gains
 * one token per step and a step takes s = alpha + beta (n + b) ms. Virtual time V counts steps: it runs at rate 1/s,
 * and a sequence that joins at V0 with w steps of work leaves when V reaches V0 + w. A change of n or b changes only
 * the rate, so the agenda is one heap keyed by virtual instants: O(log n) per request, no event per token.
 *
 * Closed forms that fall out (both are tests): alpha = 0 is M/G/1 processor sharing with E[S] = beta E[w];
 * beta = 0 is M/G/infinity with S = alpha w.
 *
 * Prefill: a delay of base + perToken x uncached input before the sequence joins the batch (it holds its place and
 * its key-value cache meanwhile), and prefillWorkPerToken x uncached input steps of decode work.
 */
export class BatchingCapacity implements Capacity {
  nextMs = Number.POSITIVE_INFINITY;
  subject = -1;
  /** Decoding and in prefill. */
  inService = 0;
  declare private readonly spec: BatchingSpec;
  declare private readonly context: CapacityContext;
  declare private readonly table: SlotTable;
  declare private readonly noise: Sampler | null;
  declare private readonly samplePatience: Sampler | null;
  declare private readonly background: BackgroundTenants | null;
  private readonly line = new WaitingLine();
  /** Joins after prefill, by real time. */
  private readonly joins = new EventHeap();
  /** First tokens and ends, by virtual time. */
  private readonly marks = new EventHeap();
  /** Per attempt slot: steps from the first token to the end; -1 once the first token is out. */
  private remainder = new Float64Array(1024);
  private decoding = 0;
  private kvTokens = 0;
  private waitingSteps = 0;
  private factor = 1;
  private readonly clock = new VirtualClock();

  constructor(spec: BatchingSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    this.noise = spec.noise === null ? null : compileSampler(createLaw(spec.noise));
    this.samplePatience = spec.patience === null ? null : compileSampler(createLaw(spec.patience));
    this.background =
      spec.background === null ? null : new BackgroundTenants(spec.background, context.seed, context.localHourAtStart);
    this.rescale(0);
  }

  get waiting(): number {
    return this.line.length;
  }

  get stepMs(): number {
    return this.clock.unitMs;
  }

  stepsAt(nowMs: number): number {
    return this.clock.unitsAt(nowMs);
  }

  offer(nowMs: number, attempt: number): Offer {
    const { floats } = this.table;
    const from = attempt * FLOATS;

    const luck = this.luck(attempt);
    floats[from + FLOAT.work] = luck;
    floats[from + FLOAT.offeredMs] = nowMs;
    if (this.kvNeed(attempt) > this.spec.kvTokensMax) return OFFER.refused;
    if (this.goesFirst(attempt) && this.fits(attempt)) {
      this.start(nowMs, attempt);
      this.rescale(nowMs);
      return OFFER.started;
    }
    if (this.line.length >= this.spec.waitingRoom) return OFFER.refused;
    if (this.expectedQueueDelayMs() > this.spec.queueDelayMsMax) return OFFER.refused;
    this.line.join(nowMs, attempt, this.levelOf(attempt), this.patienceMs(attempt));
    this.waitingSteps += this.steps(attempt);
    this.refresh();
    return OFFER.queued;
  }

  advance(): Happening {
    const nowMs = this.nextMs;
    if (this.marks.size > 0 && this.clock.reachMs(this.marks.topMs) <= nowMs) return this.reachMark(nowMs);
    if (this.joins.topMs <= nowMs) {
      const attempt = this.joins.pop();
      this.clock.synchronise(nowMs, this.decoding > 0);
      this.join(attempt);
      this.rescale(nowMs);
      return HAPPENING.quiet;
    }
    if (this.line.nextLeaveMs() <= nowMs) {
      this.subject = this.line.leave();
      this.waitingSteps -= this.steps(this.subject);
      // The first in line may have been too large for the cache; those behind it need not be.
      this.fill(nowMs);
      this.rescale(nowMs);
      return HAPPENING.abandoned;
    }
    this.background!.advance();
    this.rescale(nowMs);
    return HAPPENING.quiet;
  }

  hasRoom(): boolean {
    return this.line.length === 0 && this.inService < this.spec.batchMax && this.factor > 0;
  }

  /** Work that waits over the throughput of a full batch. */
  expectedQueueDelayMs(): number {
    if (this.hasRoom()) return 0;
    const full = this.spec.batchMax < Number.POSITIVE_INFINITY ? this.spec.batchMax : Math.max(1, this.inService);
    return this.factor > 0 ? (this.waitingSteps * this.stepMsAt(full)) / full : Number.POSITIVE_INFINITY;
  }

  setCapacityFactor(nowMs: number, factor: number): void {
    this.clock.synchronise(nowMs, this.decoding > 0);
    this.factor = factor;
    this.fill(nowMs);
    this.rescale(nowMs);
  }

  evict(nowMs: number): readonly number[] {
    this.clock.synchronise(nowMs, this.decoding > 0);
    const attempts = [...this.marks.drain(), ...this.joins.drain(), ...this.line.drain()];
    this.inService = 0;
    this.decoding = 0;
    this.kvTokens = 0;
    this.waitingSteps = 0;
    this.rescale(nowMs);
    return attempts;
  }

  private reachMark(nowMs: number): Happening {
    this.clock.landOn(this.marks.topMs, nowMs);
    const attempt = this.marks.peek();
    const { floats } = this.table;
    const from = attempt * FLOATS;
    this.subject = attempt;
    const rest = this.remainder[attempt]!;
    if (rest > 0) {
      this.remainder[attempt] = -1;
      floats[from + FLOAT.firstTokenMs] = nowMs;
      this.marks.replaceTop(this.clock.units + rest, attempt);
      this.refresh();
      return HAPPENING.firstToken;
    }
    if (rest === 0) floats[from + FLOAT.firstTokenMs] = nowMs;
    this.marks.pop();
    this.decoding--;
    this.inService--;
    this.kvTokens -= this.kvNeed(attempt);
    this.fill(nowMs);
    this.rescale(nowMs);
    return HAPPENING.finished;
  }

  private fill(nowMs: number): void {
    while (this.line.length > 0) {
      const next = this.line.peek();
      if (!this.fits(next)) return;
      this.line.take();
      this.waitingSteps -= this.steps(next);
      this.start(nowMs, next);
    }
  }

  /** Takes a place in the batch; decoding begins after prefill. */
  private start(nowMs: number, attempt: number): void {
    const { floats } = this.table;
    const from = attempt * FLOATS;

    floats[from + FLOAT.startedMs] = nowMs;
    this.inService++;
    this.kvTokens += this.kvNeed(attempt);
    const { prefillBaseMs, prefillPerTokenMs } = this.spec;
    const delayMs = (prefillBaseMs + prefillPerTokenMs * this.uncached(attempt)) * floats[from + FLOAT.work]!;
    if (delayMs > 0) {
      this.joins.push(nowMs + delayMs, attempt);
      return;
    }
    this.clock.synchronise(nowMs, this.decoding > 0);
    this.join(attempt);
  }

  private join(attempt: number): void {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const from = attempt * FLOATS;
    if (attempt >= this.remainder.length) {
      const grown = new Float64Array(Math.max(attempt + 1, this.remainder.length * 2));
      grown.set(this.remainder);
      this.remainder = grown;
    }
    const luck = floats[from + FLOAT.work]!;
    const output = Math.max(1, ints[at + PLACE.outputTokens]!);
    const toFirst = (this.spec.prefillWorkPerToken * this.uncached(attempt) + 1) * luck;
    this.remainder[attempt] = (output - 1) * luck * floats[from + FLOAT.decodeFactor]!;
    this.marks.push(this.clock.units + toFirst, attempt);
    this.decoding++;
  }

  /** Nobody waits whose turn would come before this newcomer's. */
  private goesFirst(attempt: number): boolean {
    return this.line.length === 0 || this.levelOf(attempt) < this.levelOf(this.line.peek());
  }

  private levelOf(attempt: number): number {
    return this.spec.discipline === "priority" ? this.table.ints[attempt * INTS + PLACE.queueLevel]! : STANDARD_LEVEL;
  }

  private fits(attempt: number): boolean {
    return (
      this.factor > 0 &&
      this.inService < this.spec.batchMax &&
      this.kvTokens + this.kvNeed(attempt) <= this.spec.kvTokensMax
    );
  }

  private kvNeed(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    return ints[at + PLACE.inputTokens]! + ints[at + PLACE.outputTokens]!;
  }

  private uncached(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    return ints[at + PLACE.inputTokens]! - ints[at + PLACE.cacheReadTokens]!;
  }

  private steps(attempt: number): number {
    const { floats, ints } = this.table;
    const at = attempt * INTS;
    const from = attempt * FLOATS;
    const output = Math.max(1, ints[at + PLACE.outputTokens]!);
    const decode = output * floats[from + FLOAT.decodeFactor]!;
    return (this.spec.prefillWorkPerToken * this.uncached(attempt) + decode) * floats[from + FLOAT.work]!;
  }

  private luck(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    if (this.noise === null) return 1;
    return this.noise(keyedUniform(this.context.serviceKey, ints[at + PLACE.requestId]!, ints[at + PLACE.ordinal]!));
  }

  private patienceMs(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    if (this.samplePatience === null) return Number.POSITIVE_INFINITY;
    return this.samplePatience(
      keyedUniform(this.context.patienceKey, ints[at + PLACE.requestId]!, ints[at + PLACE.ordinal]!),
    );
  }

  private stepMsAt(sequences: number): number {
    const occupied = this.background === null ? 0 : this.background.occupied;
    return (this.spec.stepBaseMs + this.spec.stepPerSequenceMs * (sequences + occupied)) / this.factor;
  }

  private rescale(nowMs: number): void {
    this.clock.synchronise(nowMs, this.decoding > 0);
    this.clock.setUnitMs(this.stepMsAt(this.decoding));
    this.refresh();
  }

  private refresh(): void {
    let nextMs = this.marks.size > 0 ? this.clock.reachMs(this.marks.topMs) : Number.POSITIVE_INFINITY;
    if (this.joins.topMs < nextMs) nextMs = this.joins.topMs;
    if (this.samplePatience !== null) nextMs = Math.min(nextMs, this.line.nextLeaveMs());
    if (this.background !== null && this.background.nextMs < nextMs) nextMs = this.background.nextMs;
    this.nextMs = nextMs;
  }
}
