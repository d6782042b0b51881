/** What the league says of a run: a table, and whether a strategy that learns beats all that do not. */
import { markdownTable } from "markdown-table";
import { formatInterval, formatValue, PERCENT, SECONDS, USD } from "../../reports/base/text.ts";
import { boundText } from "../../reports/tables/bound.ts";
import { type Estimate, tInterval } from "../../simulator/base/statistics.ts";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";

/** Kinds that learn which target misses objectives. */
const LEARNERS: readonly string[] = ["bandit", "drift-plus-penalty"];
/** Shares of objectives met that differ by no more count as equal. */
const EQUAL_SHARE = 0.005;

/** One row per strategy, the cheapest first. */
export function leagueTable(result: RunResult): string {
  const cell = (estimate: Estimate | null, unit: typeof USD) => {
    if (estimate === null) return "baseline";
    const interval = formatInterval(estimate, unit);
    return `${formatValue(estimate, unit)}${interval === undefined ? "" : ` (${interval})`}`;
  };
  const rows = [...result.strategies]
    .sort((a, b) => (costOf(result, a).value ?? Infinity) - (costOf(result, b).value ?? Infinity))
    .map((one) => {
      const bound = result.bound?.strategies.find(({ strategy }) => strategy === one.name);
      return [
        one.name,
        cell(costOf(result, one), USD),
        cell(one.total.cost[result.billing].savingShare, PERCENT),
        bound === undefined ? "n/a" : cell(bound.regretShare, PERCENT),
        cell(one.total.e2eMs.p95, SECONDS),
        cell(one.total.goodputShare, PERCENT),
        cell(one.total.failedShare, PERCENT),
      ];
    });
  const header = [
    "strategy",
    "USD per 1,000 served",
    `saving against ${result.baseline}, %`,
    "regret, %",
    "p95 E2E, s",
    "within objectives, %",
    "not served, %",
  ];
  return markdownTable([header, ...rows], { align: ["l", "r", "r", "r", "r", "r", "r"] });
}

/** What the least possible is, from both sides, and what it would take to lower it. */
export function boundLines(result: RunResult): readonly string[] {
  return [boundText(result)].filter((text) => text !== "");
}

/** For each learner a sentence: which strategies that meet as many objectives it is shown to undercut, and which not. */
export function learnersText(result: RunResult): readonly string[] {
  return result.strategies.filter(({ kind }) => LEARNERS.includes(kind)).map((learner) => sentenceOn(result, learner));
}

function sentenceOn(result: RunResult, learner: StrategyResult): string {
  const share = learner.total.goodputShare.value ?? 0;
  const others = result.strategies.filter(
    ({ kind, total }) => !LEARNERS.includes(kind) && (total.goodputShare.value ?? 0) >= share - EQUAL_SHARE,
  );
  if (others.length === 0) return `${learner.name}: no strategy that does not learn meets as many objectives.`;
  const unbeaten = others.filter((other) => {
    const { high } = difference(result, learner, other, others.length);
    return high === null || high >= 0;
  });
  const least = others.toSorted((a, b) => (costOf(result, a).value ?? 0) - (costOf(result, b).value ?? 0))[0]!;
  const gap = difference(result, learner, least, others.length);
  const against = `${formatValue(gap, USD)} USD (${formatInterval(gap, USD) ?? "no interval"}) per 1,000 served against ${least.name}, the cheapest of them`;
  const which = `of the ${others.length} that meet as many objectives (within 0.5 points)`;
  if (unbeaten.length > 1 && unbeaten.length === others.length)
    return `${learner.name} is not shown to cost less than any ${which}: ${against}.`;
  return unbeaten.length === 0
    ? `${learner.name} costs less than each ${which}: ${against}.`
    : `${learner.name} is not shown to cost less than ${unbeaten.map(({ name }) => name).join(", ")} ${which}: ${against}.`;
}

/** Paired over replications; all intervals hold at once. */
function difference(result: RunResult, one: StrategyResult, other: StrategyResult, comparisons: number): Estimate {
  const costs = ({ replications }: StrategyResult) => replications.map((each) => each.usdPer1kServed[result.billing]);
  const rest = costs(other);
  const pairs = costs(one).map((cost, i) => (cost === null || rest[i] == null ? null : cost - rest[i]!));
  return tInterval(pairs, comparisons);
}

function costOf({ billing }: RunResult, { total }: StrategyResult): Estimate {
  return total.cost[billing].usdPer1kServed;
}
