import type { Plan } from "../scenario/plan.ts";
import { requestCostFUsd } from "../world/pricing/billing.ts";
import { usdOf } from "../world/pricing/money.ts";
import { epochAt } from "../world/pricing/price-schedule.ts";
import type { AttemptRow } from "./rows.ts";
import type { ScheduleRow } from "./schedule.ts";

/**
 * Prices attempts one by one by the tokens that the service reported, under the scenario's billing rule, as if each had
 * run where it was sent: for a bill as it grows. Attempts that report no tokens cost nothing here.
 *
 * @returns USD of an attempt
 */
export function attemptPricer(plan: Plan, schedule: readonly ScheduleRow[]): (row: AttemptRow) => number {
  const { placements, candidateKeys, routingFeeUsdPer1kDecisions, billing } = plan.money;
  const terms = {
    rule: billing,
    schedule: plan.money.schedule,
    placements,
    candidateKeys,
    routingFeeUsdPer1kDecisions,
  };
  return ({ i, g, s, u }) => {
    const classIndex = schedule[i]?.[1];
    if (u === null || classIndex === undefined) return 0;
    const route = plan.world.routes[g * plan.models.length + plan.classes[classIndex]!.model];
    if (route === null || route === undefined) return 0;
    const epoch = epochAt(terms.schedule, s);
    return usdOf(
      requestCostFUsd({ epoch, placement: route.placements[0]!, classIndex, tokens: u, decisions: 1 }, terms),
    );
  };
}
