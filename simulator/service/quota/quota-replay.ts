/** Replaying calls against one limit: in order, and only through the stretches of time in which it can refuse any. */
import { MINUTE_MS } from "../../base/time.ts";
import { createMeter, type Meter, type MeterLaw } from "./meter.ts";

/** A rolling window is replayed from this long before a call that it may refuse: by then it holds nothing older. */
const WARM_UP_MS = MINUTE_MS + 1000;
/** A zero that the compiler keeps as a double from the beginning: a whole number would be compiled twice. */
const ZERO = -0;

/** Whole numbers where no quota asks for parts of a token. */
export type Tokens = Int32Array | Float64Array;

/** What calls ask of one quota. Calls have numbers in the order of their beginning, also those of other quotas. */
export interface QuotaDemand {
  /** The calls of this quota, in the order of their beginning. */
  readonly calls: Int32Array;
  /** The same calls in the order of their ends. */
  readonly ends: Int32Array;
  /** By number of the call. */
  readonly atMs: Float64Array;
  readonly settledAtMs: Float64Array;
  /** Tokens reserved at the start. */
  readonly reserve: Tokens;
  /** Tokens that it settles to at the end. */
  readonly settle: Tokens;
}

/** Calls from a place in their order up to another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Whether some call uses more than it reserved: then a limit may refuse however little is reserved. */
export function overshoots({ calls, reserve, settle }: QuotaDemand): boolean {
  for (let k = 0; k < calls.length; k++) if (settle[calls[k]!]! > reserve[calls[k]!]!) return true;
  return false;
}

/** A limit that refuses nothing; a power of two, so that a share of it is exact. */
const UNLIMITED = 2 ** 60;

/** Use of a window right after each call, tokens, if no call were refused; and the most of it in each of some blocks of calls. */
export interface UnrefusedUse {
  /** By place in the order of calls; not less than it is, which single precision could say. */
  readonly used: Float32Array;
  /** Where a block begins in the order of calls: at its minute for a clock window; and where the last one ends. */
  readonly blockFrom: Int32Array;
  /** By block. */
  readonly most: Float64Array;
}

/** A number times this, rounded to single precision, is not below the number. */
const ROUNDED_UP = 1 + 2 ** -23;

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
  demand: QuotaDemand,
  law: MeterLaw,
  startMs: number,
  used: Float32Array = new Float32Array(demand.calls.length),
): UnrefusedUse {
  const { calls, atMs, settledAtMs, reserve, settle, ends } = demand;
  const meter = createMeter({ law, limit: UNLIMITED, windowMs: MINUTE_MS, burst: UNLIMITED }, startMs);
  for (let k = 0, end = 0; k < calls.length; k++) {
    const call = calls[k]!;
    const nowMs = atMs[call]!;
    for (; end < ends.length; end++) {
      const ended = ends[end]!;
      const endMs = settledAtMs[ended]!;
      if (endMs > nowMs) break;
      // An overshoot counts from the end itself: a window may be over before the next call begins.
      if (ended < call) meter.settle(endMs, atMs[ended]!, settle[ended]! - reserve[ended]!);
    }
    meter.take(nowMs, reserve[call]!);
    used[k] = meter.utilisation(nowMs) * UNLIMITED * ROUNDED_UP;
  }
  const blockFrom = law === "clock-window" ? minutesOf(demand, startMs % MINUTE_MS) : blocksOf(calls.length);
  const most = new Float64Array(blockFrom.length - 1);
  for (let b = 0; b < most.length; b++) {
    let [top, to] = [ZERO, blockFrom[b + 1]!];
    for (let k = blockFrom[b]!; k < to; k++) if (used[k]! > top) top = used[k]!;
    most[b] = top;
  }
  return { used, blockFrom, most };
}

function minutesOf({ calls, atMs }: QuotaDemand, offsetMs: number): Int32Array {
  const from: number[] = [];
  let untilMs = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < calls.length; k++) {
    const nowMs = atMs[calls[k]!]!;
    if (nowMs < untilMs) continue;
    from.push(k);
    untilMs = (Math.floor((nowMs + offsetMs) / MINUTE_MS) + 1) * MINUTE_MS - offsetMs;
  }
  return Int32Array.from([...from, calls.length]);
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
 * @param mayOvershoot whether some call uses more than it reserved
 */
export function tightStretches(
  demand: QuotaDemand,
  limit: number,
  law: MeterLaw,
  use: UnrefusedUse | null,
  mayOvershoot = overshoots(demand),
): readonly Stretch[] {
  if (use === null) return mayOvershoot ? [{ from: 0, to: demand.calls.length }] : tightBusyPeriods(demand, limit);
  return law === "clock-window" ? tightMinutes(limit, use) : aroundTightCalls(demand, limit, use);
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
  { calls, atMs }: QuotaDemand,
  limit: number,
  { used, blockFrom, most }: UnrefusedUse,
): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let [from, to] = [0, 0];
  for (let b = 0; b < most.length; b++) {
    if (!(most[b]! > limit)) continue;
    for (let k = blockFrom[b]!; k < blockFrom[b + 1]!; k++) {
      if (!(used[k]! > limit)) continue;
      const warmUpFromMs = atMs[calls[k]!]! - WARM_UP_MS;
      let first = k;
      while (first > to && atMs[calls[first - 1]!]! >= warmUpFromMs) first--;
      if (first > to) {
        if (to > from) stretches.push({ from, to });
        from = first;
      }
      to = k + 1;
    }
  }
  if (to > from) stretches.push({ from, to });
  return stretches;
}

/** Periods from one full bucket to the next in which it could run empty, if nothing were given back. */
function tightBusyPeriods({ calls, atMs, reserve }: QuotaDemand, limit: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const perMs = limit / MINUTE_MS;
  let from = 0;
  let [taken, most, lastMs] = [ZERO, ZERO, ZERO];
  for (let k = 0; k < calls.length; k++) {
    const call = calls[k]!;
    const nowMs = atMs[call]!;
    taken -= (nowMs - lastMs) * perMs;
    lastMs = nowMs;
    if (taken <= 0) {
      if (most > limit) stretches.push({ from, to: k });
      from = k;
      taken = ZERO;
      most = ZERO;
    }
    taken += reserve[call]!;
    if (taken > most) most = taken;
  }
  if (most > limit) stretches.push({ from, to: calls.length });
  return stretches;
}

/**
 * How many calls of a stretch a meter refuses; marks them. It ends early with more than `refusedMax`.
 *
 * @param isRefused by number of the call
 */
export function refusedWithin(
  demand: QuotaDemand,
  { from, to }: Stretch,
  meter: Meter,
  isRefused: Uint8Array,
  refusedMax: number,
): number {
  const { calls, atMs, settledAtMs, reserve, settle, ends } = demand;
  let refused = 0;
  let end = endsBefore(demand, from);
  for (let k = from; k < to; k++) {
    const call = calls[k]!;
    const nowMs = atMs[call]!;
    for (; end < ends.length; end++) {
      const ended = ends[end]!;
      const endMs = settledAtMs[ended]!;
      if (endMs > nowMs) break;
      if (ended < call && isRefused[ended] === 0) meter.settle(endMs, atMs[ended]!, settle[ended]! - reserve[ended]!);
    }
    if (meter.take(nowMs, reserve[call]!)) continue;
    isRefused[call] = 1;
    if (++refused > refusedMax) break;
  }
  return refused;
}

/** How many ends come no later than the beginning of the call before a place. */
function endsBefore({ calls, ends, atMs, settledAtMs }: QuotaDemand, place: number): number {
  if (place === 0) return 0;
  const untilMs = atMs[calls[place - 1]!]!;
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (settledAtMs[ends[middle]!]! <= untilMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
