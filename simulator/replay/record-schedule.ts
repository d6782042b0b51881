import { MeridianError } from "../errors.ts";
import type { Plan } from "../scenario/plan.ts";
import { createTraffic } from "../traffic/source.ts";
import type { ScheduleRow } from "./schedule.ts";

/** More requests than this are no benchmark but a load test: the rows alone would take gigabytes. */
export const SCHEDULE_REQUESTS_MAX = 500_000;

/**
 * Draws the traffic of replication 0, whole: the requests that a simulation of the plan would see, in the same order.
 *
 * @throws MeridianError usage BENCH_TOO_MANY_REQUESTS, BENCH_NO_REQUESTS
 */
export function recordSchedule(plan: Plan, requestsMax = SCHEDULE_REQUESTS_MAX): readonly ScheduleRow[] {
  const traffic = createTraffic(plan.traffic, {
    seed: plan.seed,
    replication: 0,
    durationMs: plan.durationMs,
    fromMs: plan.arrivalsFromMs,
    requestsMax: plan.requestsMax,
    chunkRows: 16_384,
  });
  const rows: ScheduleRow[] = [];
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) {
    if (rows.length + chunk.length > requestsMax) throw tooMany(requestsMax);
    for (let row = 0; row < chunk.length; row++) {
      rows.push([
        chunk.arrivalMs[row]!,
        chunk.classIndex[row]!,
        chunk.originIndex[row]!,
        chunk.inputTokens[row]!,
        chunk.outputTokens[row]!,
        chunk.maxTokens[row]!,
        chunk.prefixTokens[row]!,
        chunk.prefixId[row]!,
      ]);
    }
  }
  if (rows.length > 0) return rows;
  throw new MeridianError("usage", {
    code: "BENCH_NO_REQUESTS",
    what: "no request arrives in this time",
    where: "duration",
    fix: "give a longer --duration, or more traffic",
  });
}

function tooMany(requestsMax: number): MeridianError {
  return new MeridianError("usage", {
    code: "BENCH_TOO_MANY_REQUESTS",
    what: `the scenario sends more than ${requestsMax} requests in this time`,
    where: "duration",
    fix: "bench a shorter stretch with --duration, for example --duration 2m",
  });
}
