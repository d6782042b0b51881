/** What the league says of a run: a table, and what the least possible is. */
import { markdownTable } from "markdown-table";
import { formatInterval, formatValue, PERCENT, SECONDS, USD } from "../../reports/base/text.ts";
import { boundText } from "../../reports/tables/bound.ts";
import type { Estimate } from "../../simulator/base/statistics.ts";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";

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

function costOf({ billing }: RunResult, { total }: StrategyResult): Estimate {
  return total.cost[billing].usdPer1kServed;
}
