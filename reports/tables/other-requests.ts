/**
 * Marks on costs per 1,000 served that are not of the same requests: a strategy that fails more of a class than the baseline
 * serves other requests, and may look cheap by them. The verdict does not compare such, and tables do not judge them.
 */
import type { Comparison, RunResult, StrategyResult } from "../../simulator/experiment/result.ts";
import { servesAlike } from "../../simulator/experiment/standing.ts";
import { formatList } from "../base/text.ts";
import { type Cell, changeOf, relativePercent } from "./table.ts";

export const OTHER_REQUESTS = "of other requests";

/** Whether a strategy serves what the baseline of its run serves. */
export function isLikeBaseline({ strategies, baseline }: RunResult, strategy: StrategyResult): boolean {
  const reference = strategies.find(({ name }) => name === baseline);
  return reference === undefined || servesAlike(strategy, reference);
}

/** The change of what 1,000 served requests cost: without a judgement where a strategy serves other requests. */
export function costChangeOf(comparison: Comparison | undefined, isAlike: boolean): Cell["change"] {
  const change = changeOf(comparison);
  if (isAlike || change === undefined || comparison?.verdict === "not comparable") return change;
  const size = comparison?.verdict === "not shown" ? change.text : (relativePercent(comparison!) ?? "");
  return { text: `${size} ${OTHER_REQUESTS}`.trim(), tone: "warning" };
}

/** A saving as it is, with a mark where it is not of the same requests. */
export function markedSaving(cell: Cell, isAlike: boolean): Cell {
  return isAlike ? cell : { ...cell, change: { text: OTHER_REQUESTS, tone: "warning" } };
}

/** Explains the mark below a table that has it. */
export function otherRequestsText(result: RunResult): string {
  if (result.strategies.every((each) => isLikeBaseline(result, each))) return "";
  return `; ${OTHER_REQUESTS} = of a class at least a point more or fewer fail than with the baseline, so that costs per 1,000 served are not of the same requests`;
}

/** Names those whose costs are of other requests than the baseline's, in a sentence for the conditions of a picture. */
export function otherCostsText(result: RunResult): string {
  const names = result.strategies.filter((each) => !isLikeBaseline(result, each)).map(({ name }) => name);
  if (names.length === 0) return "";
  const who = names.length > 3 ? `${names.length} strategies` : formatList(names);
  return ` Costs of ${who} are of other requests than the baseline's: of a class at least a point more or fewer fail.`;
}
