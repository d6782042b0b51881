import assert from "node:assert/strict";
import { createLaw } from "../../../../simulator/random/laws/index.ts";
import { compileSampler } from "../../../../simulator/random/sampler.ts";
import { purposeStream } from "../../../../simulator/random/streams.ts";
import type { BatchingSpec } from "../../../../simulator/world/capacity/batching.ts";
import {
  type Capacity,
  type CapacityContext,
  HAPPENING,
  OFFER,
} from "../../../../simulator/world/capacity/capacity.ts";
import { type CapacitySpec, createCapacity } from "../../../../simulator/world/capacity/index.ts";
import type { SlotsSpec } from "../../../../simulator/world/capacity/slots.ts";
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
  outcome: "finished" | "refused" | "abandoned" | "inside";
  startedMs: number;
  firstTokenMs: number;
  endedMs: number;
}

export interface DriveOptions {
  readonly seed?: number;
  readonly localHourAtStart?: number;
  /** Called at every instant before the events that come next; for checks of the inner state. */
  readonly watch?: (capacity: Capacity, nowMs: number) => void;
  /** Stop here, ms; by default when nobody is inside. */
  readonly untilMs?: number;
}

export function contextOf(seed = 1, localHourAtStart = 0): CapacityContext {
  return { seed, serviceKey: seed * 3 + 1, patienceKey: seed * 5 + 2, localHourAtStart };
}

/** Drives one endpoint through its interface, as the simulator would: inner events before arrivals of the same ms. */
export function drive(spec: CapacitySpec, calls: readonly Call[], options: DriveOptions = {}): readonly Fate[] {
  const table = newAttempts();
  const capacity = createCapacity(spec, contextOf(options.seed, options.localHourAtStart), table);
  const fates: Fate[] = [];
  const fateOf = new Map<number, Fate>();
  let inside = 0;
  let lastMs = 0;
  const leave = (slot: number, outcome: Fate["outcome"], nowMs: number) => {
    const fate = fateOf.get(slot)!;
    fate.outcome = outcome;
    fate.startedMs = readAttempt(table, slot, "startedMs");
    fate.firstTokenMs = readAttempt(table, slot, "firstTokenMs");
    fate.endedMs = nowMs;
    fateOf.delete(slot);
    table.release(slot);
  };
  const advance = () => {
    const nowMs = capacity.nextMs;
    assert.ok(nowMs >= lastMs - 1e-6, `the agenda goes back: ${nowMs} after ${lastMs}`);
    lastMs = nowMs;
    const happening = capacity.advance();
    if (happening !== HAPPENING.finished && happening !== HAPPENING.abandoned) return;
    inside--;
    leave(capacity.subject, happening === HAPPENING.finished ? "finished" : "abandoned", nowMs);
  };
  calls.forEach((call, index) => {
    while (capacity.nextMs <= call.atMs) advance();
    const slot = addAttempt(table, {
      requestId: index,
      inputTokens: call.input ?? 0,
      outputTokens: call.output ?? 1,
      cacheReadTokens: call.cacheRead ?? 0,
      queueLevel: call.level ?? 1,
    });
    const fate: Fate = { call, outcome: "inside", startedMs: NaN, firstTokenMs: NaN, endedMs: NaN };
    fates.push(fate);
    fateOf.set(slot, fate);
    lastMs = call.atMs;
    const offer = capacity.offer(call.atMs, slot);
    if (offer === OFFER.refused) leave(slot, "refused", call.atMs);
    else inside++;
    options.watch?.(capacity, call.atMs);
  });
  const untilMs = options.untilMs ?? Number.POSITIVE_INFINITY;
  while ((options.untilMs !== undefined || inside > 0) && capacity.nextMs <= untilMs) advance();
  return fates;
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
