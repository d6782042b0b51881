/** Scenarios for k6's own executors (`bench --executor`), which approximate a schedule's arrivals. */
import type { ReplayPlan } from "../../simulator/bench/plan.ts";
import type { ScheduleRow } from "../../simulator/bench/rows.ts";

/** Executors of k6 that bring their own arrivals, and what each does with a schedule. docs/executors.md has their bias. */
export const EXECUTORS = ["ramping-arrival-rate", "constant-arrival-rate", "ramping-vus", "shared-iterations"] as const;
export type ExecutorName = (typeof EXECUTORS)[number];

export interface ExecutorChoice {
  readonly executor: ExecutorName;
  /** Virtual users, all made before the start: more are never added. */
  readonly vus: number;
}

export interface ExecutorOrder extends ExecutorChoice {
  readonly schedule: readonly ScheduleRow[];
  /** Where the scenario's clock stands when the run begins, ms. */
  readonly fromMs: number;
  /** How long after the last arrival requests may still end, ms. */
  readonly drainMs: number;
}

/** How long an iteration of the closed executor takes at least. */
const PACE_MS = 1000;
const STAGE_MS = 1000;

/** What scenarios/k6/native-executor.ts reads. */
export function executorVariables(
  choice: ExecutorChoice,
  plan: Pick<ReplayPlan, "fromMs" | "drainMs">,
  schedule: readonly ScheduleRow[],
): Readonly<Record<string, string>> {
  const { executor } = choice;
  const scenario = executorScenario({ ...choice, schedule, fromMs: plan.fromMs, drainMs: plan.drainMs });
  const pace = { everyMs: executor === "ramping-vus" ? PACE_MS : 0, waits: executor === "shared-iterations" };
  return { MERIDIAN_EXECUTOR: JSON.stringify(scenario), MERIDIAN_PACE: JSON.stringify(pace) };
}

/** A scenario for k6's options that offers a schedule's traffic with one of k6's own executors. */
export function executorScenario(order: ExecutorOrder): Readonly<Record<string, unknown>> {
  return { executor: order.executor, ...SHAPES[order.executor](order) };
}

const SHAPES: Readonly<Record<ExecutorName, (order: ExecutorOrder) => object>> = {
  /** The number of arrivals in each second, at even distances within it. */
  "ramping-arrival-rate": (order) => ({
    ...pool(order),
    startRate: 0,
    timeUnit: ms(STAGE_MS),
    // A stage of no length jumps to its rate; k6 would otherwise ramp towards it.
    stages: perSecond(order).flatMap((target) => [
      { target, duration: "0s" },
      { target, duration: ms(STAGE_MS) },
    ]),
    gracefulStop: grace(order),
  }),
  /** The mean rate throughout. */
  "constant-arrival-rate": (order) => ({
    ...pool(order),
    rate: order.schedule.length,
    timeUnit: ms(spanMs(order)),
    duration: ms(spanMs(order)),
    gracefulStop: grace(order),
  }),
  /** Closed: as many virtual users as arrivals in a second, each sending at most one request a second. */
  "ramping-vus": (order) => ({
    startVUs: 0,
    stages: perSecond(order).flatMap((count) => {
      const target = Math.min(count, order.vus);
      return [
        { target, duration: "0s" },
        { target, duration: ms(STAGE_MS) },
      ];
    }),
    gracefulStop: grace(order),
    gracefulRampDown: grace(order),
  }),
  /** Virtual users take the requests in turn and wait for each one's instant. */
  "shared-iterations": (order) => ({
    vus: Math.min(order.vus, order.schedule.length),
    iterations: order.schedule.length,
    maxDuration: ms(spanMs(order) + order.drainMs + GRACE_MS),
    gracefulStop: "0s",
  }),
};

/** For rows to be written after the drain. */
const GRACE_MS = 3000;

function pool({ vus }: ExecutorOrder): object {
  return { preAllocatedVUs: vus, maxVUs: vus };
}

function grace({ drainMs }: ExecutorOrder): string {
  return ms(drainMs + GRACE_MS);
}

function spanMs({ schedule, fromMs }: ExecutorOrder): number {
  return Math.max(STAGE_MS, Math.ceil(schedule.at(-1)![0] - fromMs));
}

/** Arrivals in each second of the run. */
function perSecond({ schedule, fromMs }: ExecutorOrder): readonly number[] {
  const counts: number[] = [];
  for (const [arrivalMs] of schedule) {
    const second = Math.floor((arrivalMs - fromMs) / STAGE_MS);
    while (counts.length <= second) counts.push(0);
    counts[second]!++;
  }
  return counts;
}

/** k6 reads durations with their unit. */
function ms(value: number): string {
  return `${Math.ceil(value)}ms`;
}
