import { createFcfsQueue, createQueueBackend, createStallClock, serviceTimes } from "../../emulator/backends/queue.ts";
import { MeridianError } from "../../simulator/errors.ts";
import { quantile } from "../../simulator/replay/harness.ts";
import type { Quantiles } from "../../simulator/replay/plain.ts";
import { recordSchedule } from "../../simulator/replay/record-schedule.ts";
import type { RequestRow } from "../../simulator/replay/rows.ts";
import type { ScheduleRow } from "../../simulator/replay/schedule.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { prepareText } from "../io/experiment.ts";
import { benchStrategies } from "../io/k6/bench.ts";
import type { ExecutorChoice } from "../io/k6/executors.ts";
import { ensureK6 } from "../io/k6/install-k6.ts";
import { type BenchTarget, fleetTarget } from "../io/k6/target.ts";
import { type KnownAnswer, parseKnownAnswer } from "../io/known-answer.ts";

/** One executor held against the answer that is known. */
export interface ExecutorBias {
  readonly executor: string;
  /** Null for the dispatcher, which needs none. */
  readonly vus: number | null;
  readonly requests: number;
  readonly sent: number;
  readonly droppedIterations: number;
  readonly fromSendMs: Quantiles;
  readonly fromIntendedMs: Quantiles;
}

export interface BiasTask {
  readonly perS: number;
  readonly lengthS: number;
  readonly law: KnownAnswer;
}

/** Half loaded, and frozen for a tenth of the time. */
export const KNOWN_LAW = "mmc:servers=8,mean=100ms,stall=2s/20s";
const SEED = 1;
const DRAIN_MS = 30_000;

/** The latencies that the schedule has at an endpoint of the law, exactly: nobody measures anything here. */
export function trueLatencies(schedule: readonly ScheduleRow[], law: KnownAnswer): readonly number[] {
  const queue = createFcfsQueue(law.servers, Number.POSITIVE_INFINITY);
  const nextServiceMs = serviceTimes({ ...law, seed: SEED });
  const clock = law.stall === undefined ? undefined : createStallClock(law.stall);
  return schedule.map(([arrivalMs]) => {
    const slot = queue.admit(clock?.workMs(arrivalMs) ?? arrivalMs, nextServiceMs());
    return (clock?.instantMs(slot!.endMs) ?? slot!.endMs) - arrivalMs;
  });
}

export function quantilesOf(latenciesMs: readonly number[]): Quantiles {
  const ascending = Float64Array.from(latenciesMs).sort();
  return { p50: quantile(ascending, 0.5), p95: quantile(ascending, 0.95), p99: quantile(ascending, 0.99) };
}

/** The traffic of a task, and what offers it. */
export async function biasBench(task: BiasTask) {
  const { inputs } = await prepareText(scenarioOf(task), "executors.yaml");
  const { plan } = inputs;
  const schedule = recordSchedule(plan);
  const { signal } = new AbortController();
  const k6 = await ensureK6({ env: process.env, signal, note: (text) => void process.stderr.write(`${text}\n`) });
  const measure = async (choice: ExecutorChoice | undefined): Promise<ExecutorBias> => {
    const [benched] = await benchStrategies(plan, {
      k6,
      target: knownTarget(plan, task.law),
      schedule,
      drainMs: DRAIN_MS,
      executor: choice,
      signal,
      onMoment: () => {},
    });
    const { report, run } = benched!;
    const served = run.requests.filter(({ w }) => w >= 0);
    const from = (startMs: (row: RequestRow) => number) => quantilesOf(served.map((row) => row.e - startMs(row)));
    return {
      executor: choice?.executor ?? "dispatcher",
      vus: choice?.vus ?? null,
      requests: schedule.length,
      sent: run.requests.filter(({ n }) => n > 0).length,
      droppedIterations: report.plain?.droppedIterations ?? 0,
      fromSendMs: report.plain?.fromSendMs ?? from(({ b }) => b),
      fromIntendedMs: report.plain?.fromIntendedMs ?? from(({ i }) => schedule[i]![0]),
    };
  };
  return { schedule, truth: quantilesOf(trueLatencies(schedule, task.law)), measure };
}

/** A fleet of the law, whose freezes are counted from the run's start and not from its own. */
function knownTarget(plan: Plan, law: KnownAnswer): BenchTarget {
  const place = "a known answer";
  return {
    place,
    open: (startMs) =>
      fleetTarget(place, plan, "converse", {
        backend: (clock) => {
          const fromMs = clock.nowMs() + startMs - Date.now();
          const stall = law.stall === undefined ? undefined : { ...law.stall, fromMs };
          return createQueueBackend(clock, { ...law, stall, seed: SEED });
        },
      }).open(startMs),
  };
}

/** @throws MeridianError usage for a text that is no law */
export function lawOf(text: string): KnownAnswer {
  const law = parseKnownAnswer(text);
  if (law !== undefined) return law;
  throw new MeridianError("usage", { code: "EXECUTORS_LAW", what: `"${text}" is no known answer`, fix: KNOWN_LAW });
}

/** One endpoint, no network, no retries: nothing but when requests leave. */
function scenarioOf({ perS, lengthS }: BiasTask): string {
  return `name: executors
seed: ${SEED}
duration: ${lengthS}s
replications: 1
world:
  regions: [us-east-1]
  models:
    known: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 1, service: 1s } }
  network: { roundTrips: none, jitter: none }
  prices: { book: none, overrides: [{ model: known, input: 1, output: 1 }] }
traffic:
  - { class: known, arrivals: { poisson: ${perS}/s }, tokens: { input: 100, output: 5 } }
client: { retry: none }
strategies:
  - { single: { target: us-east-1 } }
`;
}
