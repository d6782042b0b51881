import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { leagueTable } from "../../../studies/league/table.ts";
import { fixture } from "../../reports/fixture.ts";

/** Three strategies with costs by replication and a share of objectives met. */
function result(
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

const shares = { cheapest: 0.8, score: 0.97, bandit: 0.97 };

test("the table has the cheapest first", () => {
  const rows = leagueTable(result({ score: [9, 9], bandit: [8, 8], cheapest: [5, 5] }, shares))
    .split("\n")
    .slice(2);
  assert.deepEqual(
    rows.map((row) => row.split("|")[1]!.trim()),
    ["cheapest", "bandit", "score"],
  );
});
