/** What the calls of one quota ask of it: its busiest minutes, the smallest limits that suit, and other settings of max_tokens. */
import { DAY_MS, MINUTE_MS } from "../base/time.ts";
import type { Plan } from "../scenario/plan.ts";
import type { MeterLaw } from "../service/quota/meter.ts";
import { METER_LAWS, QuotaReplay } from "../service/quota/quota-need.ts";
import type { QuotaDemand } from "../service/quota/quota-replay.ts";
import type { QuotaSpec } from "../service/quota/token-quota.ts";
import type { KeptCalls } from "./kept-calls.ts";
import type { QuotaNeed } from "./result.ts";
import type { QuotaNeedDetail } from "./result-detail.ts";

/** Share of the calls that the recommended limit may throttle. */
export const THROTTLED_SHARE_MAX = 0.01;

/** The calls of one quota, or of one region, model and route without one. */
export interface QuotaCalls {
  readonly id: string;
  readonly spec: QuotaSpec | null;
  /** Plan index. */
  readonly model: number;
  readonly demand: QuotaDemand;
  readonly kept: KeptCalls;
  /** By class: tokens that 99 % of the answers stay within; null where it made no call. */
  readonly caps: readonly (number | null)[];
}

/** @param left calls of the run that were not kept */
export function needOf(
  plan: Plan,
  calls: QuotaCalls,
  { left, isDetailed }: { readonly left: number; readonly isDetailed: boolean },
): QuotaNeed {
  const { spec, demand, kept, caps } = calls;
  const { classIndex, maxTokens } = kept;
  const replay = new QuotaReplay(demand, plan.startMs, kept);
  const reserveAt = (call: number) => demand.reserve[call]!;
  const settleAt = (call: number) => demand.settle[call]!;
  // Two laws ask the same.
  const { tokens: anyReserved, fromMs: anyFromMs } = replay.busiest(reserveAt, "rolling-window");
  const anySettled = replay.busiest(settleAt, "rolling-window").tokens;
  const clockMinute = replay.busiest(reserveAt, "clock-window");
  const smallest = smallestLimits(replay, anyReserved);
  const laws = METER_LAWS.map((law) => {
    const isClock = law === "clock-window";
    return {
      law,
      busiestReserved: isClock ? clockMinute.tokens : anyReserved,
      busiestSettled: isClock ? replay.busiest(settleAt, law).tokens : anySettled,
      busiestFromMs: isClock ? clockMinute.fromMs : anyFromMs,
      smallestLimit: smallest[law],
    };
  });
  const busy = replay.callsFrom(clockMinute.fromMs);
  const shares = plan.classes.map((_, c) =>
    busy.reduce((sum, i) => sum + (classIndex[i] === c ? demand.reserve[i]! : 0), 0),
  );
  const cappedAt = (call: number) =>
    demand.reserve[call]! - Math.max(0, maxTokens[call]! - (caps[classIndex[call]!] ?? 0)) * weightOf(spec);
  const minute = spec?.tokensPerMinute ?? null;
  return {
    id: calls.id,
    limitTokensPerMinute: minute === null ? null : (minute.limit * MINUTE_MS) / minute.windowMs,
    law: minute?.law ?? null,
    calls: demand.calls.length,
    callsLeftOut: left,
    laws,
    byClass: plan.classes.flatMap(({ name }, c) =>
      shares[c]! > 0 ? [{ name, share: shares[c]! / Math.max(1, clockMinute.tokens) }] : [],
    ),
    explicitMaxTokens: {
      byClass: plan.classes.flatMap(({ name }, c) => (caps[c] === null ? [] : [{ name, tokens: caps[c]! }])),
      busiestReserved: replay.busiest(cappedAt, "clock-window").tokens,
    },
    ...(isDetailed
      ? { detail: quotaDetail(plan, { ...calls, maxTokens, demand, cappedAt }, THROTTLED_SHARE_MAX, left > 0) }
      : {}),
  };
}

/** Smallest limits over that of a clock window, about: they differ by 5 to 15 % and by 10 to 35 % in the shipped scenarios. */
const OVER_CLOCK = { "rolling-window": 1.1, "token-bucket": 0.75 } as const;

/** By law, whole tokens a minute. @param anyMinute most tokens that are reserved within any minute */
function smallestLimits(replay: QuotaReplay, anyMinute: number): Readonly<Record<MeterLaw, number>> {
  const smallest = (law: MeterLaw, guess?: number) => replay.smallestLimit(law, THROTTLED_SHARE_MAX, anyMinute, guess);
  // Trials under a clock window replay the fewest calls, and its limit says about where the others lie.
  const clock = smallest("clock-window");
  return {
    "clock-window": Math.ceil(clock),
    "rolling-window": Math.ceil(smallest("rolling-window", OVER_CLOCK["rolling-window"] * clock)),
    "token-bucket": Math.ceil(smallest("token-bucket", OVER_CLOCK["token-bucket"] * clock)),
  };
}

/** The calls of one quota. */
export interface DetailedCalls {
  readonly demand: QuotaDemand;
  /** What each asked for; the model's largest answer where it asked for nothing. */
  readonly maxTokens: Int32Array;
  /** What each would reserve with explicit max_tokens. */
  readonly cappedAt: (call: number) => number;
  readonly spec: QuotaSpec | null;
  /** Plan index. */
  readonly model: number;
}

/**
 * @param throttledShareMax share of the calls that a limit may throttle
 * @param isCut             calls after the last of these are not known
 */
export function quotaDetail(
  plan: Plan,
  calls: DetailedCalls,
  throttledShareMax: number,
  isCut = false,
): QuotaNeedDetail {
  const { demand, maxTokens, cappedAt, spec, model } = calls;
  const needOf = (tokensAt: (call: number) => number) => {
    const reserve = new Float64Array((demand.calls.at(-1) ?? -1) + 1);
    for (const call of demand.calls) reserve[call] = tokensAt(call);
    const replay = new QuotaReplay({ ...demand, reserve }, plan.startMs);
    return {
      busiestReserved: replay.busiest(tokensAt, "rolling-window").tokens,
      smallestLimit: Math.ceil(replay.smallestLimit("rolling-window", throttledShareMax)),
    };
  };
  const { maxOutputTokens } = plan.models[model]!;
  const weight = weightOf(spec);
  return {
    busiestCalls: new QuotaReplay(demand, plan.startMs).busiest(() => 1, "rolling-window").tokens,
    busiestDay: busiestDayOf(plan, demand, isCut),
    unset: needOf((call) => demand.reserve[call]! + (maxOutputTokens - maxTokens[call]!) * weight),
    explicit: needOf(cappedAt),
  };
}

/** How often a token of max_tokens counts at reservation. */
function weightOf(spec: QuotaSpec | null): number {
  return spec?.reservesWeightedOutput ? spec.burndown : 1;
}

/** The UTC day that settles most, and which part of it the run covers: without its warm-up, whose calls are not counted. */
function busiestDayOf(plan: Plan, { calls, atMs, settle }: QuotaDemand, isCut: boolean): QuotaNeedDetail["busiestDay"] {
  const { startMs, durationMs } = plan;
  const days = new Map<number, number>();
  let lastMs = 0;
  for (const call of calls) {
    const ms = atMs[call]!;
    const day = Math.floor((startMs + ms) / DAY_MS);
    days.set(day, (days.get(day) ?? 0) + settle[call]!);
    lastMs = ms;
  }
  const endMs = startMs + (Number.isFinite(durationMs) && !isCut ? durationMs : lastMs);
  const countedFromMs = startMs + countedFrom(plan, atMs);
  let busiest = { settled: 0, coveredShare: 1 };
  for (const [day, settled] of days) {
    const fromMs = Math.max(day * DAY_MS, countedFromMs);
    // Turns and retries may go on into a day that no arrival is in.
    const untilMs = endMs > fromMs ? endMs : startMs + lastMs;
    const coveredMs = Math.min((day + 1) * DAY_MS, untilMs) - fromMs;
    if (settled > busiest.settled) busiest = { settled, coveredShare: Math.max(1, coveredMs) / DAY_MS };
  }
  return busiest;
}

/** When calls begin to count, ms since the run's start. @param atMs of all calls that count */
function countedFrom({ warmup, arrivalsFromMs }: Plan, atMs: Float64Array): number {
  if (warmup.kind === "none") return arrivalsFromMs;
  return Math.max(arrivalsFromMs, warmup.kind === "duration" ? warmup.amount : atMs[0]!);
}
