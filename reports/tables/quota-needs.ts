/** How large quotas have to be: the busiest minute, headroom and the smallest limit under each window law. */
import type { QuotaNeed, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { formatCount, formatShare, NOT_AVAILABLE } from "../base/text.ts";
import { type Cell, leftColumn, type Row, rightColumn, type Table, textCell } from "./table.ts";

/** Whether the run recorded what its calls ask of quotas. */
export function hasQuotaNeeds(result: RunResult): boolean {
  return result.strategies.some(({ quotaNeeds }) => (quotaNeeds ?? []).some(({ calls }) => calls > 0));
}

/** The strategy that the verdict prefers, or else speaks of first; the baseline where it does neither. */
export function preferredStrategy({ strategies, recommended, verdictStrategies = [] }: RunResult): StrategyResult {
  const name = recommended ?? verdictStrategies[0];
  return strategies.find((each) => each.name === name) ?? strategies[0]!;
}

/** One row per strategy and quota, set or not. */
export function quotaNeedTable(result: RunResult): Table {
  return {
    id: "quota-needs",
    caption:
      "Tokens per minute that the calls of the first replication ask for, by window law (AWS does not publish its own); the smallest limit throttles at most 1 % of the calls; headroom is what the limit that is set leaves above the largest of them",
    columns: [
      leftColumn("Strategy", "strategy"),
      leftColumn("Quota, or region/model/route without one", "quota"),
      rightColumn("Calls", "calls"),
      rightColumn("Limit set", "limit"),
      rightColumn("Busiest clock minute, reserved", "busiest_reserved_clock"),
      rightColumn("settled", "busiest_settled_clock"),
      rightColumn("Busiest 60 s, reserved", "busiest_reserved_rolling"),
      rightColumn("Headroom (%)", "headroom_share"),
      rightColumn("Smallest limit, token bucket", "smallest_limit_token_bucket"),
      rightColumn("clock window", "smallest_limit_clock_window"),
      rightColumn("rolling window", "smallest_limit_rolling_window"),
      leftColumn("Busiest minute by class", "by_class"),
      rightColumn("Reserved with explicit max_tokens", "busiest_with_max_tokens"),
      leftColumn("Such max_tokens by class", "max_tokens_by_class"),
    ],
    rows: result.strategies.flatMap((strategy, strategyIndex) =>
      (strategy.quotaNeeds ?? [])
        .filter(({ calls }) => calls > 0)
        .map((need): Row => ({ strategyIndex, cells: cellsOf(strategy, need) })),
    ),
  };
}

function cellsOf(strategy: StrategyResult, need: QuotaNeed): Cell[] {
  const of = (name: string) => need.laws.find(({ law }) => law === name)!;
  const [bucket, clock, rolling] = ["token-bucket", "clock-window", "rolling-window"].map(of);
  const limit = need.limitTokensPerMinute;
  const headroom = limit === null ? null : 1 - limitOf(need).smallestLimit / limit;
  const { byClass, busiestReserved } = need.explicitMaxTokens;
  return [
    textCell(strategy.name),
    textCell(need.id),
    count(need.calls),
    limit === null ? { text: "none", value: null } : count(limit),
    count(clock!.busiestReserved),
    count(clock!.busiestSettled),
    count(rolling!.busiestReserved),
    headroom === null
      ? { text: NOT_AVAILABLE, value: null }
      : { text: formatShare(headroom).replace(" %", ""), value: headroom },
    count(bucket!.smallestLimit),
    count(clock!.smallestLimit),
    count(rolling!.smallestLimit),
    textCell(need.byClass.map(({ name, share }) => `${name} ${formatShare(share)}`).join(", ")),
    count(busiestReserved),
    textCell(byClass.map(({ name, tokens }) => `${name} ${formatCount(tokens)}`).join(", ")),
  ];
}

function count(value: number): Cell {
  return { text: formatCount(Math.round(value)), value };
}

/**
 * What quota to ask for under one strategy, in sentences: of the quota that is most short, or else the largest, by the
 * strictest of the laws, since AWS does not say which it uses; and what setting max_tokens would save.
 *
 * @param strategy the strategy preferred, or the baseline
 */
export function quotaNeedText(strategy: StrategyResult): string {
  const needs = (strategy.quotaNeeds ?? []).filter(({ calls }) => calls > 0);
  const most = needs.toSorted(
    (a, b) => shortage(b) - shortage(a) || limitOf(b).smallestLimit - limitOf(a).smallestLimit,
  )[0];
  if (most === undefined) return "";
  const strictest = limitOf(most);
  const mildest = most.laws.reduce((least, each) => (each.smallestLimit < least.smallestLimit ? each : least));
  const limit = most.limitTokensPerMinute;
  const set = limit === null ? "no quota is set" : `${formatCount(limit)} are set`;
  const enough =
    strictest.smallestLimit === mildest.smallestLimit
      ? `takes ${rounded(strictest.smallestLimit)} tokens a minute under every window law`
      : `takes ${rounded(strictest.smallestLimit)} tokens a minute by the strictest window law (${lawText(strictest)}), ${rounded(mildest.smallestLimit)} by the mildest (${lawText(mildest)})`;
  const parts = [
    `Under ${strategy.name} the calls to ${most.id} reserve ${formatCount(strictest.busiestReserved)} tokens in their busiest minute; to throttle at most 1 % of them ${enough}; ${set}.`,
  ];
  const tooStrict = limit === null ? [] : most.laws.filter(({ smallestLimit }) => smallestLimit > limit).map(lawText);
  if (tooStrict.length === most.laws.length) parts.push("That is too little under every window law.");
  else if (tooStrict.length > 0)
    parts.push(`That is too little if the quota refills as a ${tooStrict.join(" or a ")}.`);
  if (most.callsLeftOut > 0) {
    const kept = needs.reduce((sum, { calls }) => sum + calls, 0);
    parts.push(
      `Only the run's first ${formatCount(kept)} calls are counted, ${formatCount(most.callsLeftOut)} later ones are not: a busier minute may come after them.`,
    );
  }
  const clock = most.laws.find(({ law }) => law === "clock-window")!;
  const saved = 1 - most.explicitMaxTokens.busiestReserved / clock.busiestReserved;
  if (saved >= 0.05) {
    const caps = most.explicitMaxTokens.byClass.map(({ name, tokens }) => `${name} ${formatCount(tokens)}`).join(", ");
    parts.push(
      `A max_tokens that 99 % of the answers stay within (${caps}) would reserve ${formatShare(saved)} less in the busiest minute.`,
    );
  }
  return parts.join(" ");
}

/** By how many times a quota that is set is exceeded by what it has to be; 0 where it is enough, or none is set. */
function shortage(need: QuotaNeed): number {
  const times = limitOf(need).smallestLimit / (need.limitTokensPerMinute ?? Number.POSITIVE_INFINITY);
  return times > 1 ? times : 0;
}

function lawText({ law }: QuotaNeed["laws"][number]): string {
  return law.replace("-", " ");
}

function limitOf({ laws }: QuotaNeed): QuotaNeed["laws"][number] {
  return laws.reduce((most, each) => (each.smallestLimit > most.smallestLimit ? each : most));
}

/** Two digits, up: a limit that is asked for. */
function rounded(tokens: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, tokens))) - 1);
  return formatCount(Math.ceil(tokens / unit) * unit);
}
