/** The model `batching`: continuous batching, exact, by virtual time. */
import { z } from "zod";
import { EventHeap } from "../../base/event-queue.ts";
import { durationMs } from "../../base/schema-forms.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw, lawSchema } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import {
  CAPACITY_EVENT,
  type CapacityContext,
  type CapacityEvent,
  type CapacityModel,
  type Discipline,
} from "./capacity.ts";
import { NOTHING_DUE, Station, VirtualClock } from "./station.ts";
import { leastStepsMs, type StepTimes, stepThroughputs } from "./step-times.ts";
import { positiveLimit, type QueueSpec, queueOf, queueShape, refusingKeys } from "./waiting-line.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const NOTHING = NOTHING_DUE;
const { internal: INTERNAL, firstToken: FIRST_TOKEN, finished: FINISHED, marked: MARKED } = CAPACITY_EVENT;

export interface BatchingSpec extends StepTimes, QueueSpec {
  readonly kind: "batching";
  /** Most tokens in the key-value cache: input + output of every sequence in the batch. */
  readonly kvTokensMax: number;
  readonly discipline: Discipline;
}

const schema = z
  .strictObject({
    kind: z.literal("batching"),
    stepBase: durationMs.meta({ description: "alpha: time of a decode step of an empty batch" }),
    stepPerSequence: durationMs.meta({ description: "beta: added to a step by each sequence in the batch" }),
    prefill: z
      .strictObject({
        base: durationMs.default(0).meta({ description: "Delay before the first token, whatever the prompt" }),
        perToken: durationMs.default(0).meta({ description: "Delay for each uncached input token" }),
        workPerToken: z
          .number()
          .min(0)
          .default(0)
          .meta({ description: "Decode steps that each uncached input token also takes" }),
      })
      .prefault({})
      .meta({ description: "What the prompt costs before decoding begins" }),
    noise: lawSchema("count").optional().meta({ description: "Factor of mean 1 on each call's work" }),
    maxBatch: positiveLimit.default(Number.POSITIVE_INFINITY).meta({ description: "Most own sequences in the batch" }),
    kvTokens: positiveLimit
      .default(Number.POSITIVE_INFINITY)
      .meta({ description: "Most tokens in the key-value cache: input + output of all in the batch" }),
    discipline: z
      .enum(["fcfs", "priority"])
      .optional()
      .meta({ description: "Which call is served next; as for slots unless given" }),
    ...queueShape,
  })
  .refine((block) => block.stepBase + block.stepPerSequence > 0, {
    path: ["stepBase"],
    message: "a decode step takes time: give stepBase or stepPerSequence above 0",
  });

/** Continuous batching: every sequence in the batch gains one token per step, and a larger batch takes longer steps. */
export const batching: CapacityModel<BatchingSpec, typeof schema> = {
  kind: "batching",
  summary: "Continuous batching: a step takes alpha + beta x (own + others' sequences)",
  schema,
  isQueueing: true,
  toSpec: (block, usual) => ({
    kind: "batching",
    stepBaseMs: block.stepBase,
    stepPerSequenceMs: block.stepPerSequence,
    prefillBaseMs: block.prefill.base,
    prefillPerTokenMs: block.prefill.perToken,
    prefillWorkPerToken: block.prefill.workPerToken,
    noise: block.noise ?? null,
    batchMax: block.maxBatch,
    kvTokensMax: block.kvTokens,
    discipline: block.discipline ?? usual,
    ...queueOf(block),
  }),
  // A batch of n times the size over n machines takes the step time of one of them.
  scaleTo: (spec, units) => ({
    ...spec,
    stepPerSequenceMs: spec.stepPerSequenceMs / units,
    batchMax: spec.batchMax * units,
    kvTokensMax: spec.kvTokensMax * units,
    waitingRoom: spec.waitingRoom * units,
  }),
  isStreaming: () => true,
  ignoresPriority: ({ discipline }) => discipline !== "priority",
  refusedInGateway: refusingKeys,
  throughputs: stepThroughputs,
  leastMs: leastStepsMs,
  workLaw: ({ noise }) => noise,
  create: (spec, context, table) => new Batching(spec, context, table),
};

/**
 * Continuous batching, exact, by virtual time. With n own and b background sequences decoding, every sequence gains
 * one token per step and a step takes s = alpha + beta (n + b) ms. Virtual time V counts steps: it runs at rate 1/s,
 * and a sequence that joins at V0 with w steps of work leaves when V reaches V0 + w. A change of n or b changes only
 * the rate, so the agenda is one heap keyed by virtual instants: O(log n) per request and no event per token.
 *
 * A first token changes no rate, so it is an event only where a listener waits for it: otherwise its instant is
 * written down when V next passes its mark.
 *
 * Special cases with closed forms (both are tests): alpha = 0 is M/G/1 processor sharing with E[S] = beta E[w];
 * beta = 0 is M/G/infinity with S = alpha w.
 *
 * Prefill: a delay of base + perToken x uncached input before the sequence joins the batch (it holds its place and
 * its key-value cache meanwhile), and prefillWorkPerToken x uncached input steps of decode work.
 */
export class Batching extends Station<BatchingSpec> {
  declare private readonly noise: Sampler | null;
  /** Joins after prefill, by real time. */
  private readonly joins = new EventHeap();
  /** First tokens that are not out yet, and ends: by virtual time. */
  private readonly firsts = new EventHeap();
  private readonly ends = new EventHeap();
  /** Tokens whose instants are asked for, by virtual time; null where none ever are. */
  declare private readonly marks: EventHeap | null;
  declare private readonly announcesFirsts: boolean;
  declare private readonly hasTokenLimit: boolean;
  /** Of those in service: past prefill. */
  private decoding = 0;
  private kvTokens = 0;
  private readonly clock = new VirtualClock();
  /** When the next end is due at the present pace, ms. */
  private endMs = Number.POSITIVE_INFINITY;

  constructor(spec: BatchingSpec, context: CapacityContext, table: SlotTable) {
    super(spec, context, table, spec.discipline === "priority");
    this.noise = spec.noise === null ? null : compileSampler(createLaw(spec.noise));
    this.announcesFirsts = context.announcesFirsts !== false;
    this.marks = context.marks === undefined ? null : new EventHeap();
    this.hasTokenLimit = spec.kvTokensMax < Number.POSITIVE_INFINITY;
    this.changePace();
  }

  get stepMs(): number {
    return this.clock.unitMs;
  }

  stepsAt(nowMs: number): number {
    return this.clock.unitsAt(nowMs);
  }

  hasRoom(): boolean {
    return this.line.length === 0 && this.inService < this.spec.batchMax && this.factor > 0;
  }

  /** Waiting work over the throughput of a full batch. */
  expectedQueueDelayMs(): number {
    if (this.hasRoom()) return 0;
    const full = this.spec.batchMax < Number.POSITIVE_INFINITY ? this.spec.batchMax : Math.max(1, this.inService);
    return this.factor > 0 ? (this.waitingWork * this.stepMsAt(full)) / full : Number.POSITIVE_INFINITY;
  }

  protected draw(attempt: number): boolean {
    const factor = this.noise === null ? 1 : this.drawnWork(this.noise, attempt);
    this.table.floats[attempt * FLOATS + FLOAT.work] = factor;
    return !this.hasTokenLimit || this.kvNeed(attempt) <= this.spec.kvTokensMax;
  }

  protected fits(attempt: number): boolean {
    if (this.factor <= 0 || this.inService >= this.spec.batchMax) return false;
    return !this.hasTokenLimit || this.kvTokens + this.kvNeed(attempt) <= this.spec.kvTokensMax;
  }

  /** Steps. */
  protected workOf(attempt: number): number {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;
    const output = Math.max(1, ints[attempt * INTS + PLACE.outputTokens]!);
    const decode = output * floats[from + FLOAT.decodeFactor]!;
    return (this.spec.prefillWorkPerToken * this.uncached(attempt) + decode) * floats[from + FLOAT.work]!;
  }

  protected serve(): CapacityEvent | typeof NOTHING_DUE {
    const nowMs = this.nextMs;
    if (this.announcesFirsts && this.clock.reachMs(this.firsts.topMs) <= nowMs) {
      this.subject = this.firsts.pop();
      this.table.floats[this.subject * FLOATS + FLOAT.firstTokenMs] = nowMs;
      this.refresh();
      return FIRST_TOKEN;
    }
    if (this.marks !== null && this.clock.reachMs(this.marks.topMs) <= nowMs) {
      this.subject = this.marks.pop();
      this.refresh();
      return MARKED;
    }
    if (this.endMs <= nowMs) return this.end();
    if (this.joins.topMs > nowMs) return NOTHING;
    const attempt = this.joins.pop();
    this.synchronise(nowMs);
    this.join(attempt);
    this.changePace();
    return INTERNAL;
  }

  /** The first in line may have been too large for the cache; those behind it need not be. */
  protected override afterLeaving(nowMs: number): void {
    this.resize(nowMs);
  }

  /** Takes a place in the batch; decoding begins after prefill. */
  protected start(nowMs: number, attempt: number): void {
    const { floats } = this.table;
    const from = attempt * FLOATS;
    floats[from + FLOAT.startedMs] = nowMs;
    this.inService++;
    if (this.hasTokenLimit) this.kvTokens += this.kvNeed(attempt);
    const { prefillBaseMs, prefillPerTokenMs } = this.spec;
    const delayMs = (prefillBaseMs + prefillPerTokenMs * this.uncached(attempt)) * floats[from + FLOAT.work]!;
    if (delayMs > 0) {
      this.joins.push(nowMs + delayMs, attempt);
      return;
    }
    this.synchronise(nowMs);
    this.join(attempt);
    this.changePace();
  }

  protected settle(_nowMs: number): void {
    this.refresh();
  }

  protected override resize(nowMs: number): void {
    this.synchronise(nowMs);
    this.fill(nowMs);
    this.changePace();
  }

  protected ownNextMs(): number {
    const joinMs = this.joins.topMs;
    // An empty batch may have steps of no length, of which there is no limit.
    const endMs = this.decoding > 0 ? this.clock.reachMs(this.ends.topMs) : Number.POSITIVE_INFINITY;
    this.endMs = endMs;
    const nextMs = joinMs < endMs ? joinMs : endMs;
    return this.marks === null && !this.announcesFirsts ? nextMs : this.beforeMarks(nextMs);
  }

  /** The earlier of an instant and of what is announced on the way, ms: other marks, first tokens. */
  private beforeMarks(ms: number): number {
    if (this.decoding === 0) return ms;
    const nextMs = this.marks === null ? ms : Math.min(ms, this.clock.reachMs(this.marks.topMs));
    return this.announcesFirsts ? Math.min(nextMs, this.clock.reachMs(this.firsts.topMs)) : nextMs;
  }

  /** In the order of the marks that come next. */
  protected clear(nowMs: number): readonly number[] {
    this.synchronise(nowMs);
    const first = new Map<number, number>();
    for (; this.firsts.size > 0; this.firsts.pop()) first.set(this.firsts.peek(), this.firsts.topMs);
    const marks: { readonly attempt: number; readonly at: number }[] = [];
    for (; this.ends.size > 0; this.ends.pop()) {
      const attempt = this.ends.peek();
      marks.push({ attempt, at: first.get(attempt) ?? this.ends.topMs });
    }
    marks.sort((a, b) => a.at - b.at);
    this.marks?.drain();
    this.decoding = 0;
    this.kvTokens = 0;
    this.changePace();
    return [...marks.map(({ attempt }) => attempt), ...this.joins.drain()];
  }

  /** The sequence whose last mark V has reached is done, and others take its place. */
  private end(): CapacityEvent {
    const nowMs = this.nextMs;
    const units = this.ends.topMs;
    const attempt = this.ends.pop();
    if (!this.announcesFirsts && this.firsts.topMs <= units) this.passFirsts(units, nowMs);
    this.clock.landOn(units, nowMs);
    this.subject = attempt;
    const first = attempt * FLOATS + FLOAT.firstTokenMs;
    if (Number.isNaN(this.table.floats[first]!)) this.table.floats[first] = nowMs;
    this.decoding--;
    this.inService--;
    if (this.hasTokenLimit) this.kvTokens -= this.kvNeed(attempt);
    if (this.line.length > 0) this.fill(nowMs);
    this.changePace();
    return FINISHED;
  }

  /** Decoding begins; synchronise first. */
  private join(attempt: number): void {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;
    const factor = floats[from + FLOAT.work]!;
    const output = ints[attempt * INTS + PLACE.outputTokens]!;
    const { prefillWorkPerToken } = this.spec;
    const prefill = prefillWorkPerToken > 0 ? prefillWorkPerToken * this.uncached(attempt) : 0;
    const first = this.clock.units + (prefill + 1) * factor;
    const rest = output > 1 ? (output - 1) * factor * floats[from + FLOAT.decodeFactor]! : 0;
    floats[from + FLOAT.firstTokenMs] = Number.NaN;
    if (rest > 0) this.firsts.push(first, attempt);
    this.ends.push(first + rest, attempt);
    if (this.marks !== null) {
      const token = this.context.marks!(attempt);
      if (token > 0) this.marks.push(first + (rest * (token - 1)) / (output - 1), attempt);
    }
    this.decoding++;
  }

  /** Brings V up to now at the pace that has held, past the first tokens that are out by then. */
  private synchronise(nowMs: number): void {
    const units = this.decoding > 0 ? this.clock.unitsAt(nowMs) : this.clock.units;
    if (!this.announcesFirsts && this.firsts.topMs <= units) this.passFirsts(units, nowMs);
    this.clock.landOn(units, nowMs);
  }

  /** Writes down when the first tokens with marks up to `units` were out: at the latest now. */
  private passFirsts(units: number, nowMs: number): void {
    const { floats } = this.table;
    while (this.firsts.topMs <= units) {
      const atMs = this.clock.reachMs(this.firsts.topMs);
      floats[this.firsts.pop() * FLOATS + FLOAT.firstTokenMs] = atMs < nowMs ? atMs : nowMs;
    }
  }

  private changePace(): void {
    this.clock.setUnitMs(this.stepMsAt(this.decoding));
    this.refresh();
  }

  private kvNeed(attempt: number): number {
    const at = attempt * INTS;
    return this.table.ints[at + PLACE.inputTokens]! + this.table.ints[at + PLACE.outputTokens]!;
  }

  private stepMsAt(sequences: number): number {
    const stepMs = this.spec.stepBaseMs + this.spec.stepPerSequenceMs * (sequences + this.occupied());
    return this.factor === 1 ? stepMs : stepMs / this.factor;
  }
}
