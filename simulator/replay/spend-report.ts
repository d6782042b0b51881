import type { ReplayPlan, SpendPlan } from "./replay-plan.ts";
import type { AttemptRow, RequestRow } from "./rows.ts";
import { requestOf, type ScheduleRow } from "./schedule.ts";
import { settledUsd } from "./spend.ts";

/** What became of one strategy's budget. */
export interface SpendReport {
  readonly budgetUsd: number;
  /** At the dearest prices, and at the worst case where the service did not say: no bill is above it. */
  readonly spentUsd: number;
  /** Requests that the budget stopped. */
  readonly requestsStopped: number;
}

/** What attempts must be taken to have cost, from their rows: not from what the client says that it counted. */
export function spendReport(
  replay: ReplayPlan,
  spend: SpendPlan,
  schedule: readonly ScheduleRow[],
  rows: { readonly attempts: readonly AttemptRow[]; readonly requests: readonly RequestRow[] },
): SpendReport {
  const spentUsd = rows.attempts.reduce((sum, row) => {
    const { classIndex, inputTokens, prefixTokens, maxTokens } = requestOf(schedule[row.i]!, row.i);
    const { model } = replay.classes[classIndex]!;
    const most = maxTokens > 0 ? maxTokens : replay.modelMaxTokens[model]!;
    const order = { classIndex, model, target: row.g, inputTokens, prefixTokens, maxTokens: most };
    return sum + settledUsd(spend, order, row);
  }, 0);
  return {
    budgetUsd: spend.budgetUsd,
    spentUsd,
    requestsStopped: rows.requests.filter(({ why }) => why === "budget").length,
  };
}

/** The fair part of what is left for the first of so many strategies. */
export function shareOf(left: SpendPlan, strategies: number): SpendPlan {
  return { ...left, budgetUsd: left.budgetUsd / strategies };
}

/**
 * What is left for the strategies that follow: nothing once one was stopped, since the run is invalid by then and
 * further calls would only cost.
 */
export function leftOf(left: SpendPlan, { spentUsd, requestsStopped }: SpendReport): SpendPlan {
  return { ...left, budgetUsd: requestsStopped > 0 ? 0 : Math.max(0, left.budgetUsd - spentUsd) };
}
