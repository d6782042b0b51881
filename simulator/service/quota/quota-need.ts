/** How large a token quota has to be for a stream of calls: its busiest minute, and the smallest limit that suits it. */
import { MINUTE_MS } from "../../base/time.ts";
import { createMeter, type MeterLaw } from "./meter.ts";

/** What calls ask of one quota, column by column; in any order. */
export interface QuotaDemand {
  readonly atMs: Float64Array;
  readonly settledAtMs: Float64Array;
  /** Tokens reserved at the start. */
  readonly reserve: Float64Array;
  /** Tokens that it settles to at the end. */
  readonly settle: Float64Array;
}

export const METER_LAWS: readonly MeterLaw[] = ["token-bucket", "clock-window", "rolling-window"];

/** The search ends when its bounds are this near, as a share. */
const PRECISION = 0.005;
/** Calls are put in order to this, ms: a thousandth of the window. */
const GRAIN_MS = 60;

/** Most tokens within one window, and when it began, ms since the run's start. */
export interface BusiestMinute {
  readonly tokens: number;
  readonly fromMs: number;
}

/** Replays calls against limits. */
export class QuotaReplay {
  declare private readonly demand: QuotaDemand;
  declare private readonly startMs: number;
  /** Indices of the calls in the order in which they begin. */
  declare private readonly starts: Int32Array;
  /** What a replay reads, call by call in that order: a search replays the same calls some thirty times. */
  declare private readonly takes: Takes;
  private readonly anyMinute = new Map<Float64Array, BusiestMinute>();

  /** @param startMs the run's start as epoch ms: clock windows begin at whole minutes of UTC */
  constructor(demand: QuotaDemand, startMs: number) {
    this.demand = demand;
    this.startMs = startMs;
    this.starts = orderOf(demand.atMs);
    this.takes = takesOf(demand, this.starts);
  }

  /**
   * Share of the calls that a limit refuses. A refused call does not come again.
   *
   * @param giveUpAt stop and return 1 as soon as more than this share is refused
   */
  refusedShare(law: MeterLaw, limit: number, giveUpAt = 1): number {
    const { atMs, reserve, difference, ends, endsBefore } = this.takes;
    const n = atMs.length;
    const meter = createMeter({ law, limit, windowMs: MINUTE_MS, burst: limit }, this.startMs);
    const isGranted = new Uint8Array(n);
    const refusedMax = giveUpAt * n;
    let refused = 0;
    let end = 0;
    for (let i = 0; i < n; i++) {
      const nowMs = atMs[i]!;
      for (const until = endsBefore[i]!; end < until; end++) {
        const done = ends[end]!;
        if (isGranted[done] === 1) meter.settle(nowMs, atMs[done]!, difference[done]!);
      }
      if (meter.take(nowMs, reserve[i]!)) isGranted[i] = 1;
      else if (++refused > refusedMax) return 1;
    }
    return n === 0 ? 0 : refused / n;
  }

  /**
   * The smallest limit, tokens per minute, that refuses at most a share of the calls, to half a per cent: by bisection,
   * since more never refuses more.
   */
  smallestLimit(law: MeterLaw, shareMax: number): number {
    let low = 0;
    let high = Math.max(1, this.busiest(this.demand.reserve, "rolling-window").tokens);
    // A settlement above its reservation takes from what comes after it: then even the busiest minute is not enough.
    while (this.refusedShare(law, high, shareMax) > shareMax) {
      low = high;
      high *= 2;
    }
    while (high - low > PRECISION * high) {
      const middle = (low + high) / 2;
      if (this.refusedShare(law, middle, shareMax) <= shareMax) high = middle;
      else low = middle;
    }
    return high;
  }

  /** Of a column, which must not change afterwards. */
  busiest(tokens: Float64Array, law: MeterLaw): BusiestMinute {
    if (law === "clock-window") return this.busiestClockMinute(tokens);
    // Two laws ask the same of each column.
    const known = this.anyMinute.get(tokens) ?? this.busiestAnyMinute(tokens);
    this.anyMinute.set(tokens, known);
    return known;
  }

  /** Indices of the calls that begin in a window. */
  callsFrom(fromMs: number): readonly number[] {
    const { atMs } = this.demand;
    return [...this.starts].filter((i) => atMs[i]! >= fromMs && atMs[i]! < fromMs + MINUTE_MS);
  }

  private busiestClockMinute(tokens: Float64Array) {
    const offsetMs = this.startMs % MINUTE_MS;
    const sums = new Map<number, number>();
    for (let i = 0; i < tokens.length; i++) {
      const window = Math.floor((this.demand.atMs[i]! + offsetMs) / MINUTE_MS);
      sums.set(window, (sums.get(window) ?? 0) + tokens[i]!);
    }
    let [most, at] = [0, 0];
    for (const [window, sum] of sums) if (sum > most) [most, at] = [sum, window];
    return { tokens: most, fromMs: at * MINUTE_MS - offsetMs };
  }

  private busiestAnyMinute(tokens: Float64Array) {
    const { atMs } = this.demand;
    let [most, at, sum, first] = [0, 0, 0, 0];
    for (const i of this.starts) {
      sum += tokens[i]!;
      while (atMs[this.starts[first]!]! <= atMs[i]! - MINUTE_MS) sum -= tokens[this.starts[first++]!]!;
      if (sum > most) [most, at] = [sum, atMs[this.starts[first]!]!];
    }
    return { tokens: most, fromMs: at };
  }
}

/** The calls in the order in which they begin, and which have ended by then. */
interface Takes {
  readonly atMs: Float64Array;
  readonly reserve: Float64Array;
  /** What is used less what was reserved. */
  readonly difference: Float64Array;
  /** Calls, by place in this table, in the order in which they settle. */
  readonly ends: Int32Array;
  /** How many of `ends` have settled when a call begins. */
  readonly endsBefore: Int32Array;
}

function takesOf({ atMs, settledAtMs, reserve, settle }: QuotaDemand, starts: Int32Array): Takes {
  const n = starts.length;
  const placeOf = new Int32Array(n);
  const takes = {
    atMs: new Float64Array(n),
    reserve: new Float64Array(n),
    difference: new Float64Array(n),
    endsBefore: new Int32Array(n),
  };
  const ends = orderOf(settledAtMs);
  let end = 0;
  for (let place = 0; place < n; place++) {
    const i = starts[place]!;
    placeOf[i] = place;
    takes.atMs[place] = atMs[i]!;
    takes.reserve[place] = reserve[i]!;
    takes.difference[place] = settle[i]! - reserve[i]!;
    while (end < n && settledAtMs[ends[end]!]! <= atMs[i]!) end++;
    takes.endsBefore[place] = end;
  }
  return { ...takes, ends: ends.map((i) => placeOf[i]!) };
}

/** Indices in the order of instants, to a grain: a counting sort, since runs have many calls. */
function orderOf(ms: Float64Array): Int32Array {
  let most = 0;
  for (const each of ms) if (each > most) most = each;
  const grainMs = Math.max(GRAIN_MS, most / (8 * ms.length + 1));
  const place = (each: number) => Math.max(0, Math.floor(each / grainMs));
  const from = new Int32Array(place(most) + 2);
  for (const each of ms) from[place(each) + 1]!++;
  for (let p = 1; p < from.length; p++) from[p]! += from[p - 1]!;
  const order = new Int32Array(ms.length);
  for (let i = 0; i < ms.length; i++) order[from[place(ms[i]!)]!++] = i;
  return order;
}
