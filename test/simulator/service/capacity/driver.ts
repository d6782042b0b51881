import assert from "node:assert/strict";
import { createLaw } from "../../../../simulator/random/laws/index.ts";
import { compileSampler, purposeStream } from "../../../../simulator/random/sampler.ts";
import type { BatchingSpec } from "../../../../simulator/service/capacity/batching.ts";
import {
  CAPACITY_EVENT,
  type Capacity,
  type CapacityContext,
  OFFER,
  type Offer,
} from "../../../../simulator/service/capacity/capacity.ts";
import { type CapacitySpec, createCapacity } from "../../../../simulator/service/capacity/index.ts";
import type { SlotsSpec } from "../../../../simulator/service/capacity/slots.ts";
import { addAttempt, newAttempts, readAttempt } from "../attempts.ts";

/** A call as a test writes it. */
export interface Call {
  readonly atMs: number;
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly level?: number;
}

/** What became of it; instants in ms, NaN where it never came to that. */
export interface Fate {
  readonly call: Call;
  outcome: "finished" | "refused" | "abandoned" | "evicted" | "inside";
  startedMs: number;
  firstTokenMs: number;
  endedMs: number;
}

export interface DriveOptions {
  readonly seed?: number;
  readonly localHourAtStart?: number;
  /** Called at every instant before the events that come next; for checks of the inner state. */
  readonly watch?: (capacity: Capacity, nowMs: number) => void;
  /** Stop here, ms; by default when no call is inside. */
  readonly untilMs?: number;
}

export function contextOf(seed = 1, localHourAtStart = 0): CapacityContext {
  return { seed, serviceKey: seed * 3 + 1, patienceKey: seed * 5 + 2, localHourAtStart };
}

/** One endpoint driven through its interface, as the simulator would: inner events before arrivals of the same ms. */
export class Run {
  readonly capacity: Capacity;
  readonly fates: Fate[] = [];
  private readonly table = newAttempts();
  private readonly fateOf = new Map<number, Fate>();
  private lastMs = 0;

  constructor(spec: CapacitySpec, context: CapacityContext = contextOf()) {
    this.capacity = createCapacity(spec, context, this.table);
  }

  /** Calls that have come and not gone. */
  get inside(): number {
    return this.fateOf.size;
  }

  offer(call: Call): Offer {
    this.runTo(call.atMs);
    const slot = addAttempt(this.table, {
      requestId: this.fates.length,
      inputTokens: call.input ?? 0,
      outputTokens: call.output ?? 1,
      cacheReadTokens: call.cacheRead ?? 0,
      queueLevel: call.level ?? 1,
    });
    const fate: Fate = { call, outcome: "inside", startedMs: NaN, firstTokenMs: NaN, endedMs: NaN };
    this.fates.push(fate);
    this.fateOf.set(slot, fate);
    this.lastMs = call.atMs;
    const offer = this.capacity.offer(call.atMs, slot);
    if (offer === OFFER.refused) this.leave(slot, "refused", call.atMs);
    return offer;
  }

  /** All that is due up to an instant. */
  runTo(ms: number): void {
    while (this.capacity.nextMs <= ms) this.advance();
  }

  /** All that is due until no call is inside. */
  finish(): void {
    while (this.inside > 0 && this.capacity.nextMs < Number.POSITIVE_INFINITY) this.advance();
  }

  /** The machines are lost. */
  evict(nowMs: number): void {
    for (const slot of this.capacity.evict(nowMs)) this.leave(slot, "evicted", nowMs);
  }

  private advance(): void {
    const { capacity } = this;
    const nowMs = capacity.nextMs;
    if (!(nowMs >= this.lastMs - 1e-6)) assert.fail(`the agenda goes back: ${nowMs} after ${this.lastMs}`);
    this.lastMs = nowMs;
    const event = capacity.advance();
    if (event === CAPACITY_EVENT.finished) this.leave(capacity.subject, "finished", nowMs);
    if (event === CAPACITY_EVENT.abandoned) this.leave(capacity.subject, "abandoned", nowMs);
  }

  private leave(slot: number, outcome: Fate["outcome"], nowMs: number): void {
    const fate = this.fateOf.get(slot);
    if (fate === undefined) assert.fail(`attempt ${slot} is not inside and ends again: ${outcome} at ${nowMs} ms`);
    fate.outcome = outcome;
    fate.startedMs = readAttempt(this.table, slot, "startedMs");
    fate.firstTokenMs = readAttempt(this.table, slot, "firstTokenMs");
    fate.endedMs = nowMs;
    this.fateOf.delete(slot);
    this.table.release(slot);
  }
}

/** What becomes of calls at one endpoint. */
export function drive(spec: CapacitySpec, calls: readonly Call[], options: DriveOptions = {}): readonly Fate[] {
  const run = new Run(spec, contextOf(options.seed, options.localHourAtStart));
  for (const call of calls) {
    run.offer(call);
    options.watch?.(run.capacity, call.atMs);
  }
  if (options.untilMs === undefined) run.finish();
  else run.runTo(options.untilMs);
  return run.fates;
}

/** Poisson arrivals, count calls at a rate per ms; `make` fills in the rest from further uniforms. */
export function poissonCalls(
  seed: number,
  count: number,
  ratePerMs: number,
  make: (u: () => number) => Omit<Call, "atMs"> = () => ({}),
): Call[] {
  const arrivals = purposeStream(seed, "test/arrivals");
  const rest = purposeStream(seed, "test/rest");
  const gap = compileSampler(createLaw({ kind: "exponential", mean: 1 / ratePerMs }));
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += gap(arrivals.next());
    return { atMs, ...make(() => rest.next()) };
  });
}

/**
 * Holds a steady-state figure against theory: the mean over independent replications lies within four of its standard
 * errors of the expected value, and those are small enough for the test to mean something.
 */
export function assertReplicated(
  what: string,
  expected: number,
  measure: (seed: number) => number,
  { replications = 8, errorMax = 0.03 } = {},
): void {
  const values = Array.from({ length: replications }, (_, i) => measure(1000 + i));
  const mean = values.reduce((sum, value) => sum + value, 0) / replications;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (replications - 1);
  const error = Math.sqrt(variance / replications);
  assert.ok(error <= errorMax * expected, `${what}: a standard error of ${error} shows nothing about ${expected}`);
  assert.ok(Math.abs(mean - expected) <= 4 * error + 1e-12, `${what}: ${mean} ± ${error}, theory ${expected}`);
}

/** Mean of a figure over the calls after the first tenth, which begin in an emptier system than they should. */
export function meanOf(fates: readonly Fate[], figure: (fate: Fate) => number): number {
  const counted = fates.slice(Math.floor(fates.length / 10));
  return counted.reduce((sum, fate) => sum + figure(fate), 0) / counted.length;
}

export const shareOf = (fates: readonly Fate[], outcome: Fate["outcome"]) =>
  meanOf(fates, (fate) => (fate.outcome === outcome ? 1 : 0));

export const waitOf = (fate: Fate) => fate.startedMs - fate.call.atMs;
export const latencyOf = (fate: Fate) => fate.endedMs - fate.call.atMs;

export function slotsSpec(over: Partial<SlotsSpec> = {}): SlotsSpec {
  return {
    kind: "slots",
    servers: 1,
    service: { kind: "exponential", mean: 1000 },
    perInputTokenMs: 0,
    perOutputTokenMs: 0,
    waitingRoom: Number.POSITIVE_INFINITY,
    discipline: "fcfs",
    patience: null,
    queueDelayMsMax: Number.POSITIVE_INFINITY,
    background: null,
    ...over,
  };
}

export function batchingSpec(over: Partial<BatchingSpec> = {}): BatchingSpec {
  return {
    kind: "batching",
    stepBaseMs: 20,
    stepPerSequenceMs: 1,
    prefillBaseMs: 0,
    prefillPerTokenMs: 0,
    prefillWorkPerToken: 0,
    noise: null,
    batchMax: Number.POSITIVE_INFINITY,
    kvTokensMax: Number.POSITIVE_INFINITY,
    waitingRoom: Number.POSITIVE_INFINITY,
    discipline: "fcfs",
    patience: null,
    queueDelayMsMax: Number.POSITIVE_INFINITY,
    background: null,
    ...over,
  };
}
