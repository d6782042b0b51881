/** A run whose strategies cost what a test says. */
import type { RunResult } from "../../simulator/experiment/result.ts";
import { fixture } from "./fixture.ts";

/** Three strategies with costs by replication and a share of objectives met. */
export function withCosts(
  costs: Readonly<Record<string, readonly number[]>>,
  shares: Readonly<Record<string, number>>,
): RunResult {
  const base = fixture({ strategies: Object.keys(costs) });
  const strategies = base.strategies.map((one) => {
    const own = costs[one.name]!;
    const value = own.reduce((sum, each) => sum + each, 0) / own.length;
    const estimate = (mean: number) => ({ value: mean, low: mean, high: mean, n: own.length });
    const cost = { ...one.total.cost.source, usdPer1kServed: estimate(value) };
    return {
      ...one,
      kind: one.name,
      total: {
        ...one.total,
        goodputShare: estimate(shares[one.name]!),
        cost: { ...one.total.cost, source: cost },
      },
      replications: own.map((each, replication) => ({
        ...one.replications[0]!,
        replication,
        usdPer1kServed: { source: each, destination: each, "lowest-cost": each },
      })),
    };
  });
  return { ...base, strategies, billing: "source" };
}
