/** The least that the requests of a measured run could have cost at the scenario's prices: what its regret is against. */

import { boundOf } from "../experiment/bound.ts";
import { ArrivalCounter, type Arrivals } from "../experiment/bound-capacity.ts";
import type { ReplicationStats } from "../experiment/replication-stats.ts";
import type { BoundSummary } from "../experiment/result-detail.ts";
import type { Plan } from "../scenario/plan.ts";
import type { ScheduleRow } from "./rows.ts";

/**
 * Bounds the cost of a measured run: the tokens that services reported for what they served, bought where and when they
 * would have been cheapest, within residency and deadlines. Quotas, reservations and capacity are left out: what the
 * services measured have of them is not known, and leaving them out can only lower a bound.
 *
 * @param plan     of one replication
 * @param stats    of each strategy's run, see `summarise`
 * @param schedule the traffic of all of them
 */
export function measuredBound(
  plan: Plan,
  stats: readonly ReplicationStats[],
  schedule: readonly ScheduleRow[],
): BoundSummary {
  return boundOf(plan, [{ stats, arrivals: arrivalsOf(plan, schedule) }], null);
}

/** When work that may wait arrived. */
function arrivalsOf(plan: Plan, schedule: readonly ScheduleRow[]): Arrivals {
  const counter = new ArrivalCounter(plan, 0);
  const numbers = (column: 3 | 4 | 5 | 6 | 7) => Int32Array.from(schedule, (row) => row[column]);
  counter.add({
    length: schedule.length,
    arrivalMs: Float64Array.from(schedule, ([arrivalMs]) => arrivalMs),
    classIndex: Uint16Array.from(schedule, (row) => row[1]),
    originIndex: Uint16Array.from(schedule, (row) => row[2]),
    inputTokens: numbers(3),
    outputTokens: numbers(4),
    maxTokens: numbers(5),
    prefixTokens: numbers(6),
    prefixId: numbers(7),
  });
  return counter.found;
}
