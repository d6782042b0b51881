/** How large a token quota has to be for a stream of calls: its busiest minute, and the smallest limit that suits it. */
import { MINUTE_MS } from "../../base/time.ts";
import { smallestEnough } from "./limit-search.ts";
import { createMeter, type MeterLaw } from "./meter.ts";
import {
  overshoots,
  type QuotaDemand,
  refusedWithin,
  type Stretch,
  tightStretches,
  type UnrefusedUse,
  useUnrefused,
} from "./quota-replay.ts";

export const METER_LAWS: readonly MeterLaw[] = ["token-bucket", "clock-window", "rolling-window"];

/** Most tokens within one window, and when it began, ms since the run's start. */
export interface BusiestMinute {
  readonly tokens: number;
  readonly fromMs: number;
}

/** Memory for a replay: a number for each call of the quota, and a mark for each number of a call. */
export interface ReplayRoom {
  readonly use: Float32Array;
  readonly isRefused: Uint8Array;
}

/** Replays calls against limits. */
export class QuotaReplay {
  declare private readonly startMs: number;
  declare private readonly demand: QuotaDemand;
  declare private readonly mayOvershoot: boolean;
  declare private readonly room: ReplayRoom;
  /** Under the law that was asked for last: one comes after the other, and each takes a column of all calls. */
  private use: (UnrefusedUse & { readonly law: MeterLaw }) | null = null;
  /** Where the limit that was tried last may refuse a call. */
  private replayed: readonly Stretch[] = [];
  /** The limit that these stretches are of. */
  private tried: { readonly law: MeterLaw; readonly limit: number } | null = null;

  /**
   * @param startMs the run's start as epoch ms: clock windows begin at whole minutes of UTC
   * @param room    what may be written over
   */
  constructor(demand: QuotaDemand, startMs: number, room: ReplayRoom = roomFor(demand)) {
    this.startMs = startMs;
    this.demand = demand;
    this.mayOvershoot = overshoots(demand);
    this.room = room;
    const { calls } = demand;
    for (let k = 0; k < calls.length; k++) room.isRefused[calls[k]!] = 0;
  }

  /**
   * Share of the calls that a limit refuses. A refused call does not come again.
   *
   * @param giveUpAt stop and return 1 as soon as more than this share is refused
   */
  refusedShare(law: MeterLaw, limit: number, giveUpAt = 1): number {
    const { demand, room } = this;
    const { calls } = demand;
    const n = calls.length;
    const refusedMax = giveUpAt * n;
    let refused = 0;
    for (const { from, to } of this.replayed) for (let k = from; k < to; k++) room.isRefused[calls[k]!] = 0;
    if (!this.replaysAll(law, limit)) {
      this.replayed = tightStretches(demand, limit, law, this.useUnder(law), this.mayOvershoot);
      this.tried = { law, limit };
    }
    const meter = createMeter({ law, limit, windowMs: MINUTE_MS, burst: limit }, this.startMs);
    for (const stretch of this.replayed) {
      meter.clear();
      refused += refusedWithin(demand, stretch, meter, room.isRefused, refusedMax - refused);
      if (refused > refusedMax) return 1;
    }
    return n === 0 ? 0 : refused / n;
  }

  /**
   * The smallest limit, tokens per minute, that refuses at most a share of the calls, to half a per cent.
   *
   * @param anyMinute most tokens that are reserved within any minute
   * @param guess     where it is expected: a good one saves trials
   */
  smallestLimit(
    law: MeterLaw,
    shareMax: number,
    anyMinute = this.busiest((call) => this.demand.reserve[call]!, "rolling-window").tokens,
    guess = Number.NaN,
  ): number {
    if (this.demand.calls.length === 0) return 0;
    // A settlement above its reservation takes from what comes after it: then even the busiest minute is not enough.
    return smallestEnough({
      enough: Math.max(1, anyMinute),
      guess,
      shareMax,
      shareAt: (limit, giveUpAt) => this.refusedShare(law, limit, giveUpAt),
    });
  }

  /** Most tokens of a window. @param tokensAt by number of the call */
  busiest(tokensAt: (call: number) => number, law: MeterLaw): BusiestMinute {
    if (law === "clock-window") return this.busiestClockMinute(tokensAt);
    return this.busiestAnyMinute(tokensAt);
  }

  /** Whether a higher limit of the law could refuse some call at any time: then this one can, too. */
  private replaysAll(law: MeterLaw, limit: number): boolean {
    const { replayed, tried, demand } = this;
    const [first] = replayed;
    const isAll = first !== undefined && first.to - first.from === demand.calls.length;
    return isAll && tried !== null && tried.law === law && limit <= tried.limit;
  }

  /** Once for all limits that are tried. */
  private useUnder(law: MeterLaw): UnrefusedUse | null {
    if (law === "token-bucket") return null;
    if (this.use?.law !== law) this.use = { law, ...useUnrefused(this.demand, law, this.startMs, this.room.use) };
    return this.use;
  }

  /** Calls that begin in a window. */
  callsFrom(fromMs: number): readonly number[] {
    const { calls, atMs } = this.demand;
    const found: number[] = [];
    for (const call of calls) if (atMs[call]! >= fromMs && atMs[call]! < fromMs + MINUTE_MS) found.push(call);
    return found;
  }

  private busiestClockMinute(tokensAt: (call: number) => number) {
    const { calls, atMs } = this.demand;
    const offsetMs = this.startMs % MINUTE_MS;
    let [most, at] = [0, 0];
    let [window, sum] = [Number.NaN, 0];
    for (let k = 0; k < calls.length; k++) {
      const call = calls[k]!;
      const its = Math.floor((atMs[call]! + offsetMs) / MINUTE_MS);
      if (its !== window) [window, sum] = [its, 0];
      sum += tokensAt(call);
      if (sum > most) [most, at] = [sum, its];
    }
    return { tokens: most, fromMs: at * MINUTE_MS - offsetMs };
  }

  private busiestAnyMinute(tokensAt: (call: number) => number) {
    const { calls, atMs } = this.demand;
    let most = 0;
    let fromMs = 0;
    let sum = 0;
    for (let k = 0, first = 0; k < calls.length; k++) {
      const call = calls[k]!;
      sum += tokensAt(call);
      while (atMs[calls[first]!]! <= atMs[call]! - MINUTE_MS) sum -= tokensAt(calls[first++]!);
      if (sum > most) {
        most = sum;
        fromMs = atMs[calls[first]!]!;
      }
    }
    return { tokens: most, fromMs };
  }
}

function roomFor({ calls }: QuotaDemand): ReplayRoom {
  return { use: new Float32Array(calls.length), isRefused: new Uint8Array((calls.at(-1) ?? -1) + 1) };
}
