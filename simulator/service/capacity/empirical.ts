/** The model `empirical`: recorded latencies, scaled by load. */
import { z } from "zod";
import { EventHeap } from "../../base/event-queue.ts";
import { count } from "../../base/schema-forms.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import { HOUR_MS } from "../../base/time.ts";
import { keyedUniform } from "../../random/keyed-random.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw, type LawSpec, lawSchema, leastDraw } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import {
  CAPACITY_EVENT,
  type Capacity,
  type CapacityContext,
  type CapacityEvent,
  type CapacityModel,
  OFFER,
  type Offer,
} from "./capacity.ts";
import { positiveLimit } from "./waiting-line.ts";

export interface EmpiricalSpec {
  readonly kind: "empirical";
  /** Cells of samples; the first cell whose limits hold is used. */
  readonly cells: readonly EmpiricalCell[];
  /** Latency factor by own calls in flight: piecewise linear through (inFlight, factor); empty = 1. */
  readonly load: readonly (readonly [number, number])[];
}

export interface EmpiricalCell {
  /** Local hours [from, to); wraps at midnight. */
  readonly hourFrom: number;
  readonly hourTo: number;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number;
  readonly ttftMs: LawSpec;
  /** Time per output token after the first, ms. */
  readonly tpotMs: LawSpec;
}

const cellSchema = z
  .strictObject({
    hours: z
      .tuple([z.number().min(0).max(24), z.number().min(0).max(24)])
      .default([0, 24])
      .meta({ description: "Local hours [from, to); may wrap at midnight" }),
    maxInputTokens: positiveLimit
      .default(Number.POSITIVE_INFINITY)
      .meta({ description: "Longest input that the cell holds for, tokens: a number, or unlimited" }),
    maxOutputTokens: positiveLimit
      .default(Number.POSITIVE_INFINITY)
      .meta({ description: "Longest output that the cell holds for, tokens: a number, or unlimited" }),
    ttft: lawSchema("durationMs").meta({ description: "Time to first token" }),
    tpot: lawSchema("durationMs").meta({ description: "Time per output token after the first" }),
  })
  .meta({ description: "Recorded latencies of some hours and sizes of calls" });

const schema = z.strictObject({
  kind: z.literal("empirical"),
  cells: z.array(cellSchema).min(1).meta({ description: "Recorded latencies; the first cell that fits is used" }),
  load: z
    .array(z.tuple([count, z.number().positive()]))
    .default([])
    .meta({ description: "[calls in flight, latency factor] points, ascending; linear between them" }),
});

/** Latencies replayed from recordings: an unlimited station whose delays are drawn from samples. */
export const empirical: CapacityModel<EmpiricalSpec, typeof schema> = {
  kind: "empirical",
  summary: "Recorded latencies, scaled by load",
  schema,
  isQueueing: false,
  isMeasured: true,
  toSpec: (block) => ({
    kind: "empirical",
    cells: block.cells.map((cell) => ({
      hourFrom: cell.hours[0],
      hourTo: cell.hours[1],
      inputTokensMax: cell.maxInputTokens,
      outputTokensMax: cell.maxOutputTokens,
      ttftMs: cell.ttft,
      tpotMs: cell.tpot,
    })),
    load: block.load,
  }),
  // Each of n units sees 1/n of the load.
  scaleTo: (spec, units) => ({
    ...spec,
    load: spec.load.map(([inFlight, factor]) => [inFlight * units, factor] as const),
  }),
  isStreaming: () => true,
  ignoresPriority: () => false,
  refusedInGateway: () => [],
  leastMs: ({ cells, load }, input, output) => {
    const fits = cells.filter((cell) => input <= cell.inputTokensMax && output <= cell.outputTokensMax);
    const factor = Math.min(1, ...load.map(([, each]) => each));
    const least = fits.map(({ ttftMs, tpotMs }) => leastDraw(ttftMs) + Math.max(0, output - 1) * leastDraw(tpotMs));
    return least.length === 0 ? 0 : Math.max(0, Math.min(...least) * factor);
  },
  create: (spec, context, table) => new Empirical(spec, context, table),
};

/**
 * Replays recorded latencies: TTFT and time per output token are drawn from the samples of the first cell that fits
 * (local hour, input and output size), and scaled by the load curve at the calls in flight. No call waits or is
 * refused: the model for endpoints whose mechanism cannot be identified.
 */
export class Empirical implements Capacity {
  nextMs = Number.POSITIVE_INFINITY;
  inService = 0;
  readonly waiting = 0;
  subject = -1;
  declare private readonly spec: EmpiricalSpec;
  declare private readonly context: CapacityContext;
  declare private readonly table: SlotTable;
  declare private readonly ttft: readonly Sampler[];
  declare private readonly tpot: readonly Sampler[];
  private readonly completions = new EventHeap();
  private factor = 1;

  constructor(spec: EmpiricalSpec, context: CapacityContext, table: SlotTable) {
    this.spec = spec;
    this.context = context;
    this.table = table;
    this.ttft = spec.cells.map((cell) => compileSampler(createLaw(cell.ttftMs)));
    this.tpot = spec.cells.map((cell) => compileSampler(createLaw(cell.tpotMs)));
  }

  offer(nowMs: number, attempt: number): Offer {
    const { floats, ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const from = attempt * ATTEMPT_FLOATS;
    const { context } = this;
    floats[from + ATTEMPT_FLOAT.offeredMs] = nowMs;
    if (this.factor === 0) return OFFER.refused;
    const cell = this.cellOf(nowMs, attempt);
    const request = ints[at + ATTEMPT.requestId]!;
    const ordinal = ints[at + ATTEMPT.ordinal]!;
    const scale = loadFactor(this.spec.load, this.inService) / this.factor;
    const ttftMs = this.ttft[cell]!(keyedUniform(context.serviceKey, request, ordinal)) * scale;
    const tpotMs =
      this.tpot[cell]!(keyedUniform(context.patienceKey, request, ordinal)) *
      scale *
      floats[from + ATTEMPT_FLOAT.decodeFactor]!;
    floats[from + ATTEMPT_FLOAT.startedMs] = nowMs;
    floats[from + ATTEMPT_FLOAT.firstTokenMs] = nowMs + ttftMs;
    this.inService++;
    const endMs = nowMs + ttftMs + Math.max(0, ints[at + ATTEMPT.outputTokens]! - 1) * tpotMs;
    this.completions.push(endMs, attempt);
    this.nextMs = this.completions.topMs;
    this.context.onStart?.(attempt, nowMs + ttftMs, endMs);
    return OFFER.started;
  }

  advance(): CapacityEvent {
    this.subject = this.completions.pop();
    this.inService--;
    this.nextMs = this.completions.topMs;
    return CAPACITY_EVENT.finished;
  }

  hasRoom(): boolean {
    return this.factor > 0;
  }

  expectedQueueDelayMs(): number {
    return 0;
  }

  isCrowded(_share: number): boolean {
    return false;
  }

  setCapacityFactor(_nowMs: number, factor: number): void {
    this.factor = factor;
  }

  evict(_nowMs: number): readonly number[] {
    this.inService = 0;
    this.nextMs = Number.POSITIVE_INFINITY;
    return this.completions.drain();
  }

  private cellOf(nowMs: number, attempt: number): number {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const hour = (((this.context.localHourAtStart + nowMs / HOUR_MS) % 24) + 24) % 24;
    const { cells } = this.spec;
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      const isHour =
        cell.hourFrom < cell.hourTo
          ? hour >= cell.hourFrom && hour < cell.hourTo
          : hour >= cell.hourFrom || hour < cell.hourTo;
      if (!isHour) continue;
      if (ints[at + ATTEMPT.inputTokens]! > cell.inputTokensMax) continue;
      if (ints[at + ATTEMPT.outputTokens]! <= cell.outputTokensMax) return i;
    }
    return cells.length - 1;
  }
}

/** Piecewise linear through the points, flat outside them; 1 without points. */
function loadFactor(points: EmpiricalSpec["load"], inFlight: number): number {
  const last = points.length - 1;
  if (last < 0) return 1;
  if (inFlight <= points[0]![0]) return points[0]![1];
  for (let i = 1; i <= last; i++) {
    const [x1, y1] = points[i]!;
    if (inFlight > x1) continue;
    const [x0, y0] = points[i - 1]!;
    return y0 + ((y1 - y0) * (inFlight - x0)) / (x1 - x0);
  }
  return points[last]![1];
}
