import type { ReplicationStats } from "./replication-stats.ts";
import type { StrategyResult } from "./result.ts";
import { tInterval } from "./statistics.ts";

/** What reserved capacity costs a strategy; nothing at all for one that holds none. */
export function reservedSummary(stats: readonly ReplicationStats[]): Pick<StrategyResult, "reserved"> {
  const lines = stats[0]?.reserved ?? [];
  if (lines.length === 0) return {};
  return {
    reserved: lines.map(({ name, usdPerHour }, i) => ({
      name,
      usdPerHour,
      hours: tInterval(stats.map((each) => each.reserved[i]!.hours)),
      usd: tInterval(stats.map((each) => Number(each.reserved[i]!.costFUsd) / 1e15)),
    })),
  };
}
