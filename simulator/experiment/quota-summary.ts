import type { ReplicationStats } from "./replication-stats.ts";
import type { QuotaSummary } from "./result.ts";

/** Each quota's use over all replications: counts add up, the closest call and the outer refusals stand. */
export function quotaSummaries(stats: readonly ReplicationStats[]): readonly QuotaSummary[] {
  return (stats[0]?.quotas ?? []).map((quota, q) => {
    const all = stats.map((each) => each.quotas[q]!);
    const sum = (pick: (use: (typeof all)[number]) => number) => all.reduce((total, use) => total + pick(use), 0);
    const instants = (pick: (use: (typeof all)[number]) => number | null) => all.map(pick).filter((ms) => ms !== null);
    const first = instants((use) => use.firstRefusalMs);
    const last = instants((use) => use.lastRefusalMs);
    return {
      id: quota.id,
      granted: sum((use) => use.granted),
      refusedTokensPerMinute: sum((use) => use.refusedTokensPerMinute),
      refusedTokensPerDay: sum((use) => use.refusedTokensPerDay),
      refusedRequests: sum((use) => use.refusedRequests),
      overshootTokens: sum((use) => use.overshootTokens),
      utilisationMax: Math.max(...all.map((use) => use.utilisationMax)),
      firstRefusalMs: first.length === 0 ? null : Math.min(...first),
      lastRefusalMs: last.length === 0 ? null : Math.max(...last),
    };
  });
}
