import { quantileSorted } from "../../../simulator/calibration/quantiles.ts";
import { requestOf, type ScheduleRow } from "../../../simulator/replay/schedule.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";

/**
 * A schedule in which every answer has a limit: where the caller set none, the wanted length, so that the bill is
 * bounded by what was simulated and not by the model's largest answer.
 */
export function boundAnswers(schedule: readonly ScheduleRow[]): {
  readonly schedule: readonly ScheduleRow[];
  /** How many requests had none. */
  readonly bounded: number;
} {
  let bounded = 0;
  const rows = schedule.map((row): ScheduleRow => {
    const [arrivalMs, classIndex, originIndex, inputTokens, outputTokens, maxTokens, ...prefix] = row;
    if (maxTokens > 0) return row;
    bounded++;
    return [arrivalMs, classIndex, originIndex, inputTokens, outputTokens, Math.max(1, outputTokens), ...prefix];
  });
  return { schedule: rows, bounded };
}

/** Wanted input tokens of a model's requests at their 10th, 50th and 90th percentile, without repeats; ascending. */
export function promptLengths(plan: Plan, schedule: readonly ScheduleRow[], model: number): readonly number[] {
  const tokens = schedule
    .map((row, id) => requestOf(row, id))
    .filter(({ classIndex }) => plan.classes[classIndex]!.model === model)
    .map(({ inputTokens }) => inputTokens)
    .sort((a, b) => a - b);
  if (tokens.length === 0) return [];
  return [...new Set([0.1, 0.5, 0.9].map((p) => Math.max(1, Math.round(quantileSorted(tokens, p)))))];
}
