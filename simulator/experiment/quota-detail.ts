/** What a plan asks of quotas beside tokens a minute: calls a minute, tokens a day, and other settings of max_tokens. */
import { DAY_MS } from "../base/time.ts";
import type { Plan } from "../scenario/plan.ts";
import { QuotaReplay } from "../service/quota/quota-need.ts";
import type { QuotaDemand } from "../service/quota/quota-replay.ts";
import type { QuotaSpec } from "../service/quota/token-quota.ts";
import type { QuotaNeedDetail } from "./result-detail.ts";

/** The calls of one quota. */
export interface DetailedCalls {
  readonly demand: QuotaDemand;
  /** What each asked for; the model's largest answer where it asked for nothing. */
  readonly maxTokens: Int32Array;
  /** What each would reserve with explicit max_tokens. */
  readonly capped: Float64Array;
  readonly spec: QuotaSpec | null;
  /** Plan index. */
  readonly model: number;
}

/** @param throttledShareMax share of the calls that a limit may throttle */
export function quotaDetail(plan: Plan, calls: DetailedCalls, throttledShareMax: number): QuotaNeedDetail {
  const { demand, maxTokens, capped, spec, model } = calls;
  const needOf = (reserve: Float64Array) => {
    const replay = new QuotaReplay({ ...demand, reserve }, plan.startMs);
    return {
      busiestReserved: replay.busiest(reserve, "rolling-window").tokens,
      smallestLimit: Math.ceil(replay.smallestLimit("rolling-window", throttledShareMax)),
    };
  };
  const { maxOutputTokens } = plan.models[model]!;
  const weight = spec?.reservesWeightedOutput ? spec.burndown : 1;
  const unset = demand.reserve.map((tokens, i) => tokens + (maxOutputTokens - maxTokens[i]!) * weight);
  const ones = new Float64Array(demand.atMs.length).fill(1);
  return {
    busiestCalls: new QuotaReplay(demand, plan.startMs).busiest(ones, "rolling-window").tokens,
    busiestDay: busiestDayOf(plan, demand),
    unset: needOf(unset),
    explicit: needOf(capped),
  };
}

/** The UTC day that settles most, and which part of it the run covers. */
function busiestDayOf(plan: Plan, { atMs, settle }: QuotaDemand): QuotaNeedDetail["busiestDay"] {
  const days = new Map<number, number>();
  let lastMs = 0;
  atMs.forEach((ms, i) => {
    const day = Math.floor((plan.startMs + ms) / DAY_MS);
    days.set(day, (days.get(day) ?? 0) + settle[i]!);
    lastMs = Math.max(lastMs, ms);
  });
  const endMs = plan.startMs + (Number.isFinite(plan.durationMs) ? plan.durationMs : lastMs);
  let busiest = { settled: 0, coveredShare: 1 };
  for (const [day, settled] of days) {
    const fromMs = Math.max(day * DAY_MS, plan.startMs + plan.arrivalsFromMs);
    const coveredMs = Math.min((day + 1) * DAY_MS, endMs) - fromMs;
    if (settled > busiest.settled) busiest = { settled, coveredShare: Math.max(1, coveredMs) / DAY_MS };
  }
  return busiest;
}
