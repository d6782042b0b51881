/** How many requests a bench may send, in all, per second and for how long. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { HOUR_MS } from "../../simulator/base/time.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";
import { formatSpan } from "../io/progress.ts";

/** How much may be sent to endpoints that cost money. */
export interface SendLimits {
  /** Over all strategies. */
  readonly requestsMax: number;
  /** In any one second of the schedule. */
  readonly perSecondMax: number;
  /** Of one strategy's run, ms. */
  readonly lengthMaxMs: number;
}

export const REAL_LIMITS: SendLimits = { requestsMax: 1000, perSecondMax: 50, lengthMaxMs: HOUR_MS };

/** @throws MeridianError usage, one problem for each limit that is passed, with the option that raises it */
export function refuseBeyondLimits(limits: SendLimits, schedule: readonly ScheduleRow[], strategies: number): void {
  const problems: Problem[] = [];
  const requests = schedule.length * strategies;
  if (requests > limits.requestsMax) {
    problems.push({
      code: "BENCH_REQUEST_LIMIT",
      what: `${schedule.length} requests for each of ${strategies} strategies are ${requests}; ${limits.requestsMax} are allowed`,
      where: "--max-requests",
      fix: `give a shorter --duration or fewer strategies, or --max-requests ${requests}`,
    });
  }
  const busiest = busiestSecond(schedule);
  if (busiest > limits.perSecondMax) {
    problems.push({
      code: "BENCH_RATE_LIMIT",
      what: `${busiest} requests arrive within one second; ${limits.perSecondMax} are allowed`,
      where: "--max-rate",
      fix: `scale the traffic down, or give --max-rate ${busiest}`,
    });
  }
  const lengthMs = (schedule.at(-1)?.[0] ?? 0) - (schedule[0]?.[0] ?? 0);
  if (lengthMs > limits.lengthMaxMs) {
    problems.push({
      code: "BENCH_LENGTH_LIMIT",
      what: `each strategy would run for ${formatSpan(lengthMs)}; ${formatSpan(limits.lengthMaxMs)} is the most`,
      where: "--duration",
      fix: "give a shorter --duration",
    });
  }
  if (problems.length > 0) throw new MeridianError("usage", problems);
}

/** The most requests in any stretch of one second. */
function busiestSecond(schedule: readonly ScheduleRow[]): number {
  let from = 0;
  let most = 0;
  schedule.forEach(([arrivalMs], i) => {
    while (schedule[from]![0] <= arrivalMs - 1000) from++;
    most = Math.max(most, i - from + 1);
  });
  return most;
}

/** The limits that a person gave; where endpoints cost nothing, only those. */
export function benchLimits(options: Readonly<Record<string, unknown>>, isReal: boolean): SendLimits {
  const none = Number.POSITIVE_INFINITY;
  const usual = isReal ? REAL_LIMITS : { requestsMax: none, perSecondMax: none, lengthMaxMs: none };
  return {
    ...usual,
    ...(options.maxRequests === undefined ? {} : { requestsMax: options.maxRequests as number }),
    ...(options.maxRate === undefined ? {} : { perSecondMax: options.maxRate as number }),
  };
}
