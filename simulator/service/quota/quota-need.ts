/** How large a token quota has to be for a stream of calls: its busiest minute, and the smallest limit that suits it. */
import { MINUTE_MS } from "../../base/time.ts";
import { createMeter, type MeterLaw } from "./meter.ts";
import {
  type CallsInOrder,
  inOrder,
  type QuotaDemand,
  refusedWithin,
  type Stretch,
  tightStretches,
  type UnrefusedUse,
  useUnrefused,
} from "./quota-replay.ts";

export const METER_LAWS: readonly MeterLaw[] = ["token-bucket", "clock-window", "rolling-window"];

/** The search ends when its bounds are this near, as a share. */
const PRECISION = 0.005;

/** Most tokens within one window, and when it began, ms since the run's start. */
export interface BusiestMinute {
  readonly tokens: number;
  readonly fromMs: number;
}

/** Replays calls against limits. */
export class QuotaReplay {
  declare private readonly startMs: number;
  declare private readonly calls: CallsInOrder;
  /** Under the law that was asked for last: one comes after the other, and each takes a column of all calls. */
  private use: (UnrefusedUse & { readonly law: MeterLaw }) | null = null;
  /** By call: whether the limit that was tried last refuses it. */
  declare private readonly isRefused: Uint8Array;
  /** Where it may. */
  private replayed: readonly Stretch[] = [];

  /** @param startMs the run's start as epoch ms: clock windows begin at whole minutes of UTC */
  constructor(demand: QuotaDemand, startMs: number) {
    this.startMs = startMs;
    this.calls = inOrder(demand);
    this.isRefused = new Uint8Array(demand.atMs.length);
  }

  /**
   * Share of the calls that a limit refuses. A refused call does not come again.
   *
   * @param giveUpAt stop and return 1 as soon as more than this share is refused
   */
  refusedShare(law: MeterLaw, limit: number, giveUpAt = 1): number {
    const { calls, isRefused } = this;
    const n = isRefused.length;
    const refusedMax = giveUpAt * n;
    let refused = 0;
    for (const { from, to } of this.replayed) isRefused.fill(0, from, to);
    this.replayed = tightStretches(calls, limit, law, this.useUnder(law));
    const meter = createMeter({ law, limit, windowMs: MINUTE_MS, burst: limit }, this.startMs);
    for (const stretch of this.replayed) {
      meter.clear();
      refused += refusedWithin(calls, stretch, meter, isRefused, refusedMax - refused);
      if (refused > refusedMax) return 1;
    }
    return n === 0 ? 0 : refused / n;
  }

  /**
   * The smallest limit, tokens per minute, that refuses at most a share of the calls, to half a per cent: by bisection,
   * since more never refuses more.
   *
   * @param anyMinute most tokens that are reserved within any minute
   */
  smallestLimit(
    law: MeterLaw,
    shareMax: number,
    anyMinute = this.busiest(this.calls.reserve, "rolling-window").tokens,
  ) {
    if (this.isRefused.length === 0) return 0;
    let low = 0;
    let high = Math.max(1, anyMinute);
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

  /** Of a column, one number for each call. */
  busiest(tokens: Float64Array, law: MeterLaw): BusiestMinute {
    if (law === "clock-window") return this.busiestClockMinute(tokens);
    return this.busiestAnyMinute(tokens);
  }

  /** Once for all limits that are tried. */
  private useUnder(law: MeterLaw): UnrefusedUse | null {
    if (law === "token-bucket") return null;
    if (this.use?.law !== law) this.use = { law, ...useUnrefused(this.calls, law, this.startMs, this.use?.used) };
    return this.use;
  }

  /** Places of the calls that begin in a window. */
  callsFrom(fromMs: number): readonly number[] {
    const { atMs } = this.calls;
    const places: number[] = [];
    for (let s = 0; s < atMs.length; s++) if (atMs[s]! >= fromMs && atMs[s]! < fromMs + MINUTE_MS) places.push(s);
    return places;
  }

  private busiestClockMinute(tokens: Float64Array) {
    const { atMs } = this.calls;
    const offsetMs = this.startMs % MINUTE_MS;
    const sums = new Map<number, number>();
    // Neighbours mostly fall into one window: it is looked up when it changes.
    let [window, sum] = [Number.NaN, 0];
    for (let i = 0; i < tokens.length; i++) {
      const its = Math.floor((atMs[i]! + offsetMs) / MINUTE_MS);
      if (its !== window) {
        if (i > 0) sums.set(window, sum);
        window = its;
        sum = sums.get(its) ?? 0;
      }
      sum += tokens[i]!;
    }
    if (tokens.length > 0) sums.set(window, sum);
    let [most, at] = [0, 0];
    for (const [its, total] of sums) if (total > most) [most, at] = [total, its];
    return { tokens: most, fromMs: at * MINUTE_MS - offsetMs };
  }

  private busiestAnyMinute(tokens: Float64Array) {
    const { atMs } = this.calls;
    let most = 0;
    let fromMs = 0;
    let sum = 0;
    for (let s = 0, first = 0; s < tokens.length; s++) {
      sum += tokens[s]!;
      while (atMs[first]! <= atMs[s]! - MINUTE_MS) sum -= tokens[first++]!;
      if (sum > most) {
        most = sum;
        fromMs = atMs[first]!;
      }
    }
    return { tokens: most, fromMs };
  }
}
