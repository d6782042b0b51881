import assert from "node:assert/strict";
import { test } from "node:test";
import { learnersText } from "../../../reports/tables/learners.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { fixture } from "../fixture.ts";

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

test("a learner is held against those that meet as many objectives, pair by pair", () => {
  const won = result({ cheapest: [5, 6, 7], score: [9, 10, 11], bandit: [8.5, 9.4, 10.5] }, shares);
  assert.match(
    learnersText(won)[1]!,
    /^bandit costs less than the one that meets .*: −0\.5\d* USD \(.*\) per 1,000 served against score/,
  );
  assert.equal(
    learnersText(won)[0],
    "bandit learns and is shown to cost less than every strategy that does not learn and meets as many objectives.",
  );
  const open = result({ cheapest: [5, 6, 7], score: [9, 10, 11], bandit: [8.5, 10.4, 10.5] }, shares);
  assert.match(learnersText(open)[1]!, /^bandit is not shown to cost less than the one that meets .* against score\.$/);
  assert.match(learnersText(open)[0]!, /^No strategy that learns is shown to cost less than every one/);
  const alone = result({ cheapest: [5, 6, 7], bandit: [8, 9, 10] }, shares);
  assert.equal(learnersText(alone)[1], "bandit: no strategy that does not learn meets as many objectives.");
});

test("nothing is said of a run in which none learns", () => {
  assert.deepEqual(learnersText(result({ cheapest: [5, 6], score: [9, 10] }, shares)), []);
});
