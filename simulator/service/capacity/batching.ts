/** The model `batching`: continuous batching, exact, by virtual time. */
import { z } from "zod";
import { EventHeap } from "../../base/event-queue.ts";
import { durationMs } from "../../base/schema-forms.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw, type LawSpec, lawSchema } from "../../random/laws/index.ts";
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
import { positiveLimit, type QueueSpec, queueOf, queueShape, refusingKeys } from "./waiting-line.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;

export interface BatchingSpec extends QueueSpec {
  readonly kind: "batching";
  /** alpha: ms of a decode step with nothing in it. */
  readonly stepBaseMs: number;
  /** beta: ms added to a step by each sequence in it. */
  readonly stepPerSequenceMs: number;
  /** Prefill: a delay of base + perToken x uncached input tokens before decoding begins. */
  readonly prefillBaseMs: number;
  readonly prefillPerTokenMs: number;
  /** Prefill also takes decode capacity: this many token steps per uncached input token. */
  readonly prefillWorkPerToken: number;
  /** Multiplies each attempt's work and prefill delay; mean 1. */
  readonly noise: LawSpec | null;
  /** Most sequences in the batch, own only. */
  readonly batchMax: number;
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
  create: (spec, context, table) => new Batching(spec, context, table),
};

/**
 * Continuous batching, exact, by virtual time. With n own and b background sequences decoding, every sequence gains
 * one token per step and a step takes s = alpha + beta (n + b) ms. Virtual time V counts steps: it runs at rate 1/s,
 * and a sequence that joins at V0 with w steps of work leaves when V reaches V0 + w. A change of n or b changes only
 * the rate, so the agenda is one heap keyed by virtual instants: O(log n) per request and no event per token.
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
  /** First tokens and ends, by virtual time. */
  private readonly marks = new EventHeap();
  /** Per attempt slot: steps from the first token to the end; -1 once the first token is out. */
  private remainder = new Float64Array(1024);
  /** Of those in service: past prefill. */
  private decoding = 0;
  private kvTokens = 0;
  private readonly clock = new VirtualClock();

  constructor(spec: BatchingSpec, context: CapacityContext, table: SlotTable) {
    super(spec, context, table, spec.discipline === "priority");
    this.noise = spec.noise === null ? null : compileSampler(createLaw(spec.noise));
    this.settle(0);
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
    const factor = this.noise === null ? 1 : this.drawn(this.noise, this.context.serviceKey, attempt);
    this.table.floats[attempt * FLOATS + FLOAT.work] = factor;
    return this.kvNeed(attempt) <= this.spec.kvTokensMax;
  }

  protected fits(attempt: number): boolean {
    return (
      this.factor > 0 &&
      this.inService < this.spec.batchMax &&
      this.kvTokens + this.kvNeed(attempt) <= this.spec.kvTokensMax
    );
  }

  /** Steps. */
  protected workOf(attempt: number): number {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;
    const output = Math.max(1, ints[attempt * INTS + PLACE.outputTokens]!);
    const decode = output * floats[from + FLOAT.decodeFactor]!;
    return (this.spec.prefillWorkPerToken * this.uncached(attempt) + decode) * floats[from + FLOAT.work]!;
  }

  protected serve(nowMs: number): CapacityEvent | typeof NOTHING_DUE {
    if (this.marks.size > 0 && this.clock.reachMs(this.marks.topMs) <= nowMs) return this.reachMark(nowMs);
    if (this.joins.topMs > nowMs) return NOTHING_DUE;
    const attempt = this.joins.pop();
    this.clock.synchronise(nowMs, this.decoding > 0);
    this.join(attempt);
    this.settle(nowMs);
    return CAPACITY_EVENT.internal;
  }

  /** The first in line may have been too large for the cache; those behind it need not be. */
  protected override afterLeaving(nowMs: number): void {
    this.fill(nowMs);
    this.settle(nowMs);
  }

  /** Takes a place in the batch; decoding begins after prefill. */
  protected start(nowMs: number, attempt: number): void {
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

  protected settle(nowMs: number): void {
    this.clock.synchronise(nowMs, this.decoding > 0);
    this.clock.setUnitMs(this.stepMsAt(this.decoding));
    this.refresh();
  }

  protected ownNextMs(): number {
    const markMs = this.marks.size > 0 ? this.clock.reachMs(this.marks.topMs) : Number.POSITIVE_INFINITY;
    return this.joins.topMs < markMs ? this.joins.topMs : markMs;
  }

  protected clear(nowMs: number): readonly number[] {
    this.clock.synchronise(nowMs, this.decoding > 0);
    this.decoding = 0;
    this.kvTokens = 0;
    return [...this.marks.drain(), ...this.joins.drain()];
  }

  private reachMark(nowMs: number): CapacityEvent {
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
      return CAPACITY_EVENT.firstToken;
    }
    if (rest === 0) floats[from + FLOAT.firstTokenMs] = nowMs;
    this.marks.pop();
    this.decoding--;
    this.inService--;
    this.kvTokens -= this.kvNeed(attempt);
    this.fill(nowMs);
    this.settle(nowMs);
    return CAPACITY_EVENT.finished;
  }

  private join(attempt: number): void {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;
    if (attempt >= this.remainder.length) {
      const grown = new Float64Array(Math.max(attempt + 1, this.remainder.length * 2));
      grown.set(this.remainder);
      this.remainder = grown;
    }
    const factor = floats[from + FLOAT.work]!;
    const output = Math.max(1, ints[attempt * INTS + PLACE.outputTokens]!);
    const toFirst = (this.spec.prefillWorkPerToken * this.uncached(attempt) + 1) * factor;
    this.remainder[attempt] = (output - 1) * factor * floats[from + FLOAT.decodeFactor]!;
    this.marks.push(this.clock.units + toFirst, attempt);
    this.decoding++;
  }

  private kvNeed(attempt: number): number {
    const { ints } = this.table;
    const at = attempt * INTS;
    return ints[at + PLACE.inputTokens]! + ints[at + PLACE.outputTokens]!;
  }

  private stepMsAt(sequences: number): number {
    return (this.spec.stepBaseMs + this.spec.stepPerSequenceMs * (sequences + this.occupied())) / this.factor;
  }
}
