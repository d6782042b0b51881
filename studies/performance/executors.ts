/**
 * `npm run perf -- executors`: the bias of k6's native executors, measured at an endpoint that freezes and whose
 * latencies are known exactly. In real time: some 50 s for each line of the table.
 * Options: --only executor:vus..., --seconds N, --rate N, --law LAW, --json. See docs/executors.md.
 */
import { availableParallelism, loadavg } from "node:os";
import { markdownTable } from "markdown-table";
import { createFcfsQueue, createQueueBackend, createStallClock, serviceTimes } from "../../emulator/backends/queue.ts";
import { EXECUTORS, type ExecutorChoice } from "../../scripts/bench/executors.ts";
import { ensureK6 } from "../../scripts/bench/k6-program.ts";
import { benchStrategies } from "../../scripts/bench/run.ts";
import { type BenchTarget, fleetTarget } from "../../scripts/bench/target.ts";
import { prepareText } from "../../scripts/io/experiment.ts";
import { type KnownAnswer, parseKnownAnswer } from "../../scripts/validate/known-answer.ts";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import { type Quantiles, quantileOrZero } from "../../simulator/bench/checks.ts";
import { recordSchedule } from "../../simulator/bench/make-plan.ts";
import type { RequestRow, ScheduleRow } from "../../simulator/bench/rows.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { readOptions, usageError, wholeNumber } from "../arguments.ts";

/** Each executor with enough virtual users for the calls that wait during a freeze, and with too few. */
const CHOICES: readonly string[] = [
  "dispatcher",
  "ramping-arrival-rate:200",
  "ramping-arrival-rate:20",
  "constant-arrival-rate:200",
  "constant-arrival-rate:20",
  "shared-iterations:200",
  "shared-iterations:20",
  "ramping-vus:200",
];

const USAGE = "EXECUTORS_USAGE";
/** At half load, and frozen for a tenth of the time. */
export const KNOWN_LAW = "mmc:servers=8,mean=100ms,stall=2s/20s";
const OPTIONS = {
  only: { type: "string", multiple: true },
  seconds: { type: "string", default: "40" },
  rate: { type: "string", default: "40" },
  law: { type: "string", default: KNOWN_LAW },
  json: { type: "boolean", default: false },
} as const;

/** Measures the chosen executors, and prints a table or JSON. @returns the exit code */
export async function measureExecutors(argv: readonly string[]): Promise<number> {
  const values = readOptions(argv, USAGE, OPTIONS);
  const choices = (values.only ?? CHOICES).map(choiceOf);
  const task = {
    perS: wholeNumber(USAGE, "rate", values.rate),
    lengthS: wholeNumber(USAGE, "seconds", values.seconds),
    law: lawOf(values.law),
  };
  const { schedule, truth, measure } = await biasBench(task);
  const rows: ExecutorBias[] = [];
  for (const choice of choices) {
    rows.push(await measure(choice));
    process.stderr.write(`${rows.at(-1)!.executor}: done\n`);
  }
  const machine = { cores: availableParallelism(), load: loadavg()[0]! };
  const text = values.json
    ? JSON.stringify({ schemaVersion: 1, task, machine, requests: schedule.length, truth, rows }, null, 2)
    : `${table(truth, rows)}\n\n${machine.cores} cores, load average ${machine.load.toFixed(1)}`;
  process.stdout.write(`${text}\n`);
  return EXIT_CODES.ok;
}

function table(truth: Quantiles, rows: readonly ExecutorBias[]): string {
  const ms = (value: number): string => value.toFixed(0);
  const three = ({ p50, p95, p99 }: Quantiles): readonly string[] => [ms(p50), ms(p95), ms(p99)];
  const sent = (row: ExecutorBias): string => `${row.sent} of ${row.requests}`;
  return markdownTable(
    [
      ["Executor", "VUs", "Sent", "From send: p50", "p95", "p99", "From intended: p50", "p95", "p99"],
      ["exact", "", "", "", "", "", ...three(truth)],
      ...rows.map((row) => [
        row.executor,
        row.vus === null ? "" : String(row.vus),
        sent(row),
        ...three(row.fromSendMs),
        ...three(row.fromIntendedMs),
      ]),
    ],
    { align: ["l", ...Array<string>(8).fill("r")] },
  );
}

/** `ramping-vus:50`; undefined for the dispatcher. */
function choiceOf(text: string): ExecutorChoice | undefined {
  if (text === "dispatcher") return undefined;
  const [name, vus = ""] = text.split(":");
  const executor = EXECUTORS.find((each) => each === name);
  if (executor !== undefined) return { executor, vus: wholeNumber(USAGE, "only", vus) };
  throw usageError(USAGE, `"${text}" is not an executor`, `write it like ${CHOICES.join(", ")}`);
}

/** What was measured with one executor. */
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

/** Poisson arrivals at `perS` requests/s for `lengthS` seconds, at an endpoint of the law. */
export interface BiasTask {
  readonly perS: number;
  readonly lengthS: number;
  readonly law: KnownAnswer;
}

const SEED = 1;
const DRAIN_MS = 30_000;

/** The exact latencies of a schedule at an endpoint of the law, ms: computed, not measured. */
export function trueLatencies(schedule: readonly ScheduleRow[], law: KnownAnswer): readonly number[] {
  const queue = createFcfsQueue(law.servers, Number.POSITIVE_INFINITY);
  const nextServiceMs = serviceTimes({ ...law, seed: SEED });
  const clock = law.stall === undefined ? undefined : createStallClock(law.stall);
  return schedule.map(([arrivalMs]) => {
    const slot = queue.admit(clock?.workMs(arrivalMs) ?? arrivalMs, nextServiceMs());
    return (clock?.instantMs(slot!.endMs) ?? slot!.endMs) - arrivalMs;
  });
}

/** Percentiles of latencies, ms. */
export function quantilesOf(latenciesMs: readonly number[]): Quantiles {
  const ascending = Float64Array.from(latenciesMs).sort();
  return {
    p50: quantileOrZero(ascending, 0.5),
    p95: quantileOrZero(ascending, 0.95),
    p99: quantileOrZero(ascending, 0.99),
  };
}

/** The schedule of a task, its exact percentiles, and the function that measures an executor on it. */
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

/** A fleet of the law whose freezes are timed from the start of the run, not of the fleet. */
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

/** Reads a law. @throws MeridianError usage for other text */
export function lawOf(text: string): KnownAnswer {
  const law = parseKnownAnswer(text);
  if (law !== undefined) return law;
  throw new MeridianError("usage", { code: "EXECUTORS_LAW", what: `"${text}" is not a known answer`, fix: KNOWN_LAW });
}

/** One endpoint, no network, no retries: only the instants of sending matter. */
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
