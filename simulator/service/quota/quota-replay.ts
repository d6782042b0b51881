/** Replaying calls against one limit: in order, and only through the stretches of time in which it can refuse any. */
import { MINUTE_MS } from "../../base/time.ts";
import { createMeter, type Meter, type MeterLaw } from "./meter.ts";

/** Calls are put in order to this, ms: a thousandth of the window. */
const GRAIN_MS = 60;
/** A rolling window is replayed from this long before a call that it may refuse: by then it holds nothing older. */
const WARM_UP_MS = MINUTE_MS + 1000;
/** A zero that the compiler keeps as a double from the beginning: a whole number would be compiled twice. */
const ZERO = -0;

/** What calls ask of one quota, column by column, in the order of their beginning: see `placesOf`. */
export interface QuotaDemand {
  readonly atMs: Float64Array;
  readonly settledAtMs: Float64Array;
  /** Tokens reserved at the start. */
  readonly reserve: Float64Array;
  /** Tokens that it settles to at the end. */
  readonly settle: Float64Array;
  /** Places of the calls in the order of their ends: see `endsOf`. */
  readonly ends: Int32Array;
}

/** Calls, and what follows from them for all limits. */
export interface CallsInOrder extends QuotaDemand {
  /** By call: how many ends come before it. */
  readonly endsBefore: Int32Array;
  /** The calls are in order to this, ms. */
  readonly grainMs: number;
  /** Some call uses more than it reserved: then a limit may refuse however little is reserved. */
  readonly overshoots: boolean;
}

/** Calls from a place in the order up to another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export function inOrder(demand: QuotaDemand): CallsInOrder {
  const { atMs, settledAtMs, reserve, settle, ends } = demand;
  const n = atMs.length;
  const endsBefore = new Int32Array(n);
  let overshoots = false;
  for (let s = 0, end = 0; s < n; s++) {
    endsBefore[s] = end;
    while (end < n && settledAtMs[ends[end]!]! <= atMs[s]!) end++;
    if (settle[s]! > reserve[s]!) overshoots = true;
  }
  return { ...demand, endsBefore, grainMs: grainOf([atMs]), overshoots };
}

/** A limit that refuses nothing; a power of two, so that a share of it is exact. */
const UNLIMITED = 2 ** 60;

/** Use of a window right after each call, tokens, if no call were refused; and the most of it in each of some blocks of calls. */
export interface UnrefusedUse {
  readonly used: Float64Array;
  /** Where a block begins in the order of calls: at its minute for a clock window; and where the last one ends. */
  readonly blockFrom: Int32Array;
  /** By block. */
  readonly most: Float64Array;
}

/** Of a rolling window. */
const BLOCK_CALLS = 64;

/**
 * What bounds the refusals of all limits: a limit refuses none of the calls at which the use is no more than it, as each
 * refused call before them only leaves more room.
 *
 * @param startMs the run's start as epoch ms
 * @param used what is written over: another law's use that is needed no more
 */
export function useUnrefused(
  calls: CallsInOrder,
  law: MeterLaw,
  startMs: number,
  used: Float64Array = new Float64Array(calls.atMs.length),
): UnrefusedUse {
  const { atMs, settledAtMs, reserve, settle, ends } = calls;
  const meter = createMeter({ law, limit: UNLIMITED, windowMs: MINUTE_MS, burst: UNLIMITED }, startMs);
  for (let s = 0, end = 0; s < atMs.length; s++) {
    const nowMs = atMs[s]!;
    for (; end < ends.length; end++) {
      const call = ends[end]!;
      if (settledAtMs[call]! > nowMs) break;
      if (call < s) meter.settle(nowMs, atMs[call]!, settle[call]! - reserve[call]!);
    }
    meter.take(nowMs, reserve[s]!);
    used[s] = meter.utilisation(nowMs) * UNLIMITED;
  }
  const blockFrom = law === "clock-window" ? minutesOf(atMs, startMs % MINUTE_MS) : blocksOf(atMs.length);
  const most = new Float64Array(blockFrom.length - 1);
  for (let b = 0; b < most.length; b++) {
    let [top, to] = [ZERO, blockFrom[b + 1]!];
    for (let s = blockFrom[b]!; s < to; s++) if (used[s]! > top) top = used[s]!;
    most[b] = top;
  }
  return { used, blockFrom, most };
}

function minutesOf(atMs: Float64Array, offsetMs: number): Int32Array {
  const from: number[] = [];
  let untilMs = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < atMs.length; s++) {
    if (atMs[s]! < untilMs) continue;
    from.push(s);
    untilMs = (Math.floor((atMs[s]! + offsetMs) / MINUTE_MS) + 1) * MINUTE_MS - offsetMs;
  }
  return Int32Array.from([...from, atMs.length]);
}

function blocksOf(calls: number): Int32Array {
  const blocks = Math.ceil(calls / BLOCK_CALLS);
  return Int32Array.from({ length: blocks + 1 }, (_, b) => Math.min(b * BLOCK_CALLS, calls));
}

/**
 * The stretches that must be replayed, each with a meter that is empty at its beginning; outside of them the limit refuses
 * nothing.
 *
 * @param use `useUnrefused` of the law; null for a token bucket, whose use depends on its limit
 */
export function tightStretches(
  calls: CallsInOrder,
  limit: number,
  law: MeterLaw,
  use: UnrefusedUse | null,
): readonly Stretch[] {
  if (use === null) return calls.overshoots ? [{ from: 0, to: calls.atMs.length }] : tightBusyPeriods(calls, limit);
  return law === "clock-window" ? tightMinutes(limit, use) : aroundTightCalls(calls, limit, use);
}

/** From the beginning of each minute that may refuse a call to the last one that it may. */
function tightMinutes(limit: number, { used, blockFrom, most }: UnrefusedUse): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (let b = 0; b < most.length; b++) {
    if (!(most[b]! > limit)) continue;
    let to = blockFrom[b + 1]!;
    while (!(used[to - 1]! > limit)) to--;
    stretches.push({ from: blockFrom[b]!, to });
  }
  return stretches;
}

/** Up to each call that may be refused, from before its window. */
function aroundTightCalls(
  { atMs, grainMs }: CallsInOrder,
  limit: number,
  { used, blockFrom, most }: UnrefusedUse,
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const warmUpMs = WARM_UP_MS + 2 * grainMs;
  let [from, to] = [0, 0];
  for (let b = 0; b < most.length; b++) {
    if (!(most[b]! > limit)) continue;
    for (let s = blockFrom[b]!; s < blockFrom[b + 1]!; s++) {
      if (!(used[s]! > limit)) continue;
      let first = s;
      while (first > to && atMs[first - 1]! >= atMs[s]! - warmUpMs) first--;
      if (first > to) {
        if (to > from) stretches.push({ from, to });
        from = first;
      }
      to = s + 1;
    }
  }
  if (to > from) stretches.push({ from, to });
  return stretches;
}

/** Periods from one full bucket to the next in which it could run empty, if nothing were given back. */
function tightBusyPeriods({ atMs, reserve }: CallsInOrder, limit: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const perMs = limit / MINUTE_MS;
  let from = 0;
  let [taken, most, lastMs] = [ZERO, ZERO, ZERO];
  for (let s = 0; s < atMs.length; s++) {
    // Calls are in order to a grain only: a bucket that meets an earlier instant loses what it had refilled since.
    taken -= (atMs[s]! - lastMs) * perMs;
    lastMs = atMs[s]!;
    if (taken <= 0) {
      if (most > limit) stretches.push({ from, to: s });
      from = s;
      taken = ZERO;
      most = ZERO;
    }
    taken += reserve[s]!;
    if (taken > most) most = taken;
  }
  if (most > limit) stretches.push({ from, to: atMs.length });
  return stretches;
}

/** How many calls of a stretch a meter refuses; marks them. It ends early with more than `refusedMax`. */
export function refusedWithin(
  { atMs, settledAtMs, reserve, settle, ends, endsBefore }: CallsInOrder,
  { from, to }: Stretch,
  meter: Meter,
  isRefused: Uint8Array,
  refusedMax: number,
): number {
  let refused = 0;
  let end = endsBefore[from] ?? 0;
  for (let s = from; s < to; s++) {
    const nowMs = atMs[s]!;
    for (; end < ends.length; end++) {
      const call = ends[end]!;
      if (settledAtMs[call]! > nowMs) break;
      if (call < s && isRefused[call] === 0) meter.settle(nowMs, atMs[call]!, settle[call]! - reserve[call]!);
    }
    if (meter.take(nowMs, reserve[s]!)) continue;
    isRefused[s] = 1;
    if (++refused > refusedMax) break;
  }
  return refused;
}

/**
 * By call: its place in the order of instants, to a grain. A counting sort, since runs have many calls.
 *
 * @param parts instants, in parts that follow one another
 */
export function placesOf(parts: readonly Float64Array[]): Int32Array {
  const { free, grainMs } = placesByGrain(parts);
  const places = new Int32Array(callsIn(parts));
  let i = 0;
  for (const ms of parts) for (let row = 0; row < ms.length; row++) places[i++] = free[grainAt(ms[row]!, grainMs)]!++;
  return places;
}

/** By end, in their order to a grain: the place of its call in the order of beginnings, `places`. */
export function endsOf(settled: readonly Float64Array[], places: Int32Array): Int32Array {
  const { free, grainMs } = placesByGrain(settled);
  const ends = new Int32Array(places.length);
  let i = 0;
  for (const ms of settled)
    for (let row = 0; row < ms.length; row++) ends[free[grainAt(ms[row]!, grainMs)]!++] = places[i++]!;
  return ends;
}

/** By grain: the first of its places. */
function placesByGrain(parts: readonly Float64Array[]) {
  const grainMs = grainOf(parts);
  let last = 0;
  for (const ms of parts) for (let row = 0; row < ms.length; row++) last = Math.max(last, grainAt(ms[row]!, grainMs));
  const free = new Int32Array(last + 2);
  for (const ms of parts) for (let row = 0; row < ms.length; row++) free[grainAt(ms[row]!, grainMs) + 1]!++;
  for (let grain = 1; grain < free.length; grain++) free[grain]! += free[grain - 1]!;
  return { free, grainMs };
}

function grainAt(ms: number, grainMs: number): number {
  return ms > 0 ? Math.floor(ms / grainMs) : 0;
}

function callsIn(parts: readonly Float64Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

function grainOf(parts: readonly Float64Array[]): number {
  let most = 0;
  for (const ms of parts) for (let row = 0; row < ms.length; row++) if (ms[row]! > most) most = ms[row]!;
  return Math.max(GRAIN_MS, most / (8 * callsIn(parts) + 1));
}
