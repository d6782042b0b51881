/** Whether the strategies of a run that learn beat those that do not: in sentences. */
import type { Estimate } from "../../simulator/base/statistics.ts";
import type { RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { costValues, pairedDifference } from "../../simulator/experiment/standing.ts";
import { STRATEGIES } from "../../simulator/strategies/index.ts";
import { formatInterval, formatList, formatValue, USD } from "../base/text.ts";

/** Kinds that learn which target misses objectives. */
const LEARNERS: readonly string[] = STRATEGIES.filter(({ learns }) => learns === true).map(({ name }) => name);
/** Shares of objectives met that differ by no more count as equal. */
const EQUAL_SHARE = 0.005;

/**
 * Whether some strategy that learns is shown to cost less than every one that does not and meets as many objectives; then
 * for each which of those it undercuts, and which not. Nothing where none of the run learns, or all do.
 */
export function learnersText(result: RunResult): readonly string[] {
  const learners = result.strategies.filter(({ kind }) => LEARNERS.includes(kind));
  if (learners.length === 0 || learners.length === result.strategies.length) return [];
  const winners = learners.filter((learner) => {
    const { others, unbeaten } = rivalsOf(result, learner);
    return others.length > 0 && unbeaten.length === 0;
  });
  const verdict =
    winners.length > 0
      ? `${formatList(winners.map(({ name }) => name))} ${winners.length === 1 ? "learns and is" : "learn and are"} shown to cost less than every strategy that does not learn and meets as many objectives.`
      : "No strategy that learns is shown to cost less than every one that does not and meets as many objectives.";
  return [verdict, ...learners.map((learner) => sentenceOn(result, learner))];
}

/** Those that do not learn and meet as many objectives, and which of them it is not shown to undercut. */
function rivalsOf(result: RunResult, learner: StrategyResult) {
  const share = learner.total.goodputShare.value ?? 0;
  const others = result.strategies.filter(
    ({ kind, total }) => !LEARNERS.includes(kind) && (total.goodputShare.value ?? 0) >= share - EQUAL_SHARE,
  );
  const unbeaten = others.filter((other) => {
    const { high } = difference(result, learner, other, others.length);
    return high === null || high >= 0;
  });
  return { others, unbeaten };
}

function sentenceOn(result: RunResult, learner: StrategyResult): string {
  const { others, unbeaten } = rivalsOf(result, learner);
  if (others.length === 0) return `${learner.name}: no strategy that does not learn meets as many objectives.`;
  const least = others.toSorted((a, b) => (costOf(result, a).value ?? 0) - (costOf(result, b).value ?? 0))[0]!;
  const gap = difference(result, learner, least, others.length);
  const cheapest = others.length === 1 ? least.name : `${least.name}, the cheapest of them`;
  const against = `${formatValue(gap, USD)} USD (${formatInterval(gap, USD) ?? "no interval"}) per 1,000 served against ${cheapest}`;
  const many = "as many objectives (within 0.5 points)";
  const shown = unbeaten.length === 0 ? "costs less than" : "is not shown to cost less than";
  if (others.length === 1) return `${learner.name} ${shown} the one that meets ${many}: ${against}.`;
  const which = `of the ${others.length} that meet ${many}`;
  if (unbeaten.length === others.length) return `${learner.name} ${shown} any ${which}: ${against}.`;
  const those = unbeaten.length === 0 ? "each" : unbeaten.map(({ name }) => name).join(", ");
  return `${learner.name} ${shown} ${those} ${which}: ${against}.`;
}

/** Paired over replications; all intervals hold at once. */
function difference(result: RunResult, one: StrategyResult, other: StrategyResult, comparisons: number): Estimate {
  const costs = costValues(result);
  return pairedDifference(costs(one), costs(other), comparisons);
}

function costOf({ billing }: RunResult, { total }: StrategyResult): Estimate {
  return total.cost[billing].usdPer1kServed;
}
