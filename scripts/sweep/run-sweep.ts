/**
 * Runs the jobs of a sweep that are not done, on worker threads where that is quicker, with progress; what is done is never run
 * again. And what that would cost: a few variants are run and kept, and their time is that of the rest.
 */
import { availableParallelism } from "node:os";
import { formatCount, formatNumber, plural } from "../../reports/base/text.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { median } from "../../simulator/base/statistics.ts";
import type { JobProgress } from "../../simulator/experiment/index.ts";
import { distinct, type SweepFile, type SweepJob } from "../../simulator/sweep/job.ts";
import { createProgress } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { defaultWorkers, interrupted, runOnPool, runWhileShort } from "../io/worker-pool.ts";
import type { JobStore } from "./job-store.ts";
import { sweepId, sweepText, WORKER_FILE } from "./sweep-file.ts";
import type { SweepMessage, SweepShared } from "./sweep-worker.ts";
import { runStored, runVariant, type SweepOutcome, taskOf } from "./variant.ts";

export interface RunSweepOptions {
  /** Of the sweep's, those that this machine runs. */
  readonly jobs: readonly SweepJob[];
  readonly workers: number | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** What came of the jobs that this machine had. */
export interface SweepTally {
  readonly ran: number;
  readonly wereDone: number;
}

/**
 * @throws MeridianError interrupted, when a signal came: finished jobs are kept, and the same command goes on with the
 * rest; environment, when the store cannot be written
 */
export async function runSweep(sweep: SweepFile, store: JobStore, options: RunSweepOptions): Promise<SweepTally> {
  const { terminal, signal } = options;
  const wanted = distinct(options.jobs);
  const isDone = await Promise.all(wanted.map(({ key }) => store.isDone(key)));
  const todo = wanted.filter((_, at) => !isDone[at]);
  const indexOf = new Map(sweep.jobs.map(({ key }, index) => [key, index] as const));
  const progress = createProgress({
    stream: process.stderr,
    live: terminal.live,
    quiet: terminal.quiet,
    jobs: todo.length,
  });
  const shared: SweepShared = { store: store.place };
  const id = sweepId(sweep);
  if (todo.length > 0) await store.writeSweep(id, sweepText(sweep));
  try {
    const stepsOf = (job: SweepJob) => runStored(store, sweep, job);
    const told = { signal, onProgress: progress.update, onJobDone: progress.jobDone };
    // A user's own strategy may never end, and Ctrl-C reaches a thread that waits, not one that loops.
    const isHere = (options.workers ?? 1) === 1 && !/\bfile["']?\s*:/.test(sweep.scenarioYaml);
    const done = isHere ? await runWhileShort<SweepJob, SweepOutcome, JobProgress>(todo, stepsOf, told) : [];
    const left = todo.slice(done.length);
    const messages = left.map(({ key }): SweepMessage => ({ sweepId: id, index: indexOf.get(key)! }));
    const others = await runOnPool<SweepMessage, SweepOutcome, JobProgress>(messages, {
      workerFile: WORKER_FILE,
      shared,
      workers: options.workers ?? defaultWorkers(left.length),
      signal,
      onProgress: (index, report) => progress.update(done.length + index, report),
      onJobDone: (index) => progress.jobDone(done.length + index),
    });
    const ran = [...done, ...others].filter(({ state }) => state === "ran").length;
    return { ran, wereDone: wanted.length - ran };
  } catch (error) {
    if (!signal.aborted) throw error;
    const done = (await Promise.all(wanted.map(({ key }) => store.isDone(key)))).filter(Boolean).length;
    throw new MeridianError("interrupted", {
      code: "INTERRUPTED",
      what: `stopped with ${done} of ${wanted.length} jobs done, which are kept`,
      fix: "give the same command again: it goes on with the rest",
    });
  } finally {
    progress.stop();
  }
}

/** Who runs the jobs; docs/scale.md says how. */
export type Tier = "threads" | "redis" | "shards";

export interface SweepEstimate {
  readonly jobs: number;
  /** Jobs without a result, those of the sample counted as done. */
  readonly todo: number;
  readonly sampled: number;
  /** Processor time of a variant: the median of the sample, s. */
  readonly secondsPerJob: number;
  /** Of the results of what is to do, packed. */
  readonly bytes: number;
  /** Processor time of what is to do. */
  readonly coreHours: number;
  readonly coresHere: number;
  readonly usd: number;
  readonly tier: Tier;
}

/** Variants that are run; the first also pays for the compiler, and does not count where there are others. */
const SAMPLE = 4;
/** A packed result is about this share of its text. */
const PACKED = 0.2;

/**
 * Runs a few of the jobs that are not done, spread over the design, in this thread, and keeps their results.
 *
 * @param usdPerCoreHour price of a core for an hour
 * @throws MeridianError interrupted, when a signal came
 */
export async function estimateSweep(
  sweep: SweepFile,
  store: JobStore,
  { usdPerCoreHour, signal }: { readonly usdPerCoreHour: number; readonly signal: AbortSignal },
): Promise<SweepEstimate> {
  const all = distinct(sweep.jobs);
  const isDone = await Promise.all(all.map(({ key }) => store.isDone(key)));
  const open = all.filter((_, at) => !isDone[at]);
  const times: number[] = [];
  const sizes: number[] = [];
  for (const job of spread(open, SAMPLE)) {
    const { seconds, text } = await timed(sweep, job, signal);
    await store.publish(job.key, text);
    times.push(seconds);
    sizes.push(text.length);
  }
  const counted = times.length > 1 ? times.slice(1) : times;
  // Nothing is measured where nothing is left to do.
  const secondsPerJob = median(counted) || 0;
  const todo = open.length - times.length;
  const coreHours = (todo * secondsPerJob) / 3600;
  const coresHere = availableParallelism();
  return {
    jobs: all.length,
    todo,
    sampled: times.length,
    secondsPerJob,
    bytes: Math.round(todo * (median(sizes) || 0) * PACKED),
    coreHours,
    coresHere,
    usd: coreHours * usdPerCoreHour,
    tier: tierOf({ todo, coreHours, coresHere }),
  };
}

/** An hour here needs nothing else; what a queue should not hold goes without one. */
export function tierOf({ todo, coreHours, coresHere }: Pick<SweepEstimate, "todo" | "coreHours" | "coresHere">): Tier {
  if (coreHours / coresHere <= HOURS_HERE) return "threads";
  return todo <= QUEUE_JOBS_MAX && coreHours <= QUEUE_CORE_HOURS_MAX ? "redis" : "shards";
}

const HOURS_HERE = 1;
/** A million jobs take half a gigabyte of Redis; from here on arrays are simpler. */
const QUEUE_JOBS_MAX = 100_000;
/** More than a rack of one's own machines does over night. */
const QUEUE_CORE_HOURS_MAX = 1_000;

const HOW: Readonly<Record<Tier, string>> = {
  threads: "threads of this machine: the same command without --estimate",
  redis: "your machines over Redis: meridian worker --redis on each, then the same command with --redis",
  shards: "shards on spot machines: the same command with --plan and --store s3://..., then meridian shard",
};

/** The estimate as text: what, how long here, and what to use. */
export function estimateText(estimate: SweepEstimate): string {
  const { jobs, todo, sampled, secondsPerJob, bytes, coreHours, coresHere, usd, tier } = estimate;
  const rest = `${formatCount(todo)} of ${formatCount(jobs)} variants are to do`;
  const of =
    sampled === 0
      ? "all are done"
      : `${formatNumber(secondsPerJob, 2)} core-seconds each (median of ${sampled} that ran)`;
  const machines = Math.max(1, Math.ceil(coreHours / 2));
  return [
    `${rest}: ${of}, ${short(coreHours)} core-hours, ${short(bytes / 1e6)} MB of results`,
    `here, on ${coresHere} cores: ${duration(coreHours / coresHere)}`,
    `in an hour: ${plural(machines, "machine", "machines")} of two cores; on spot machines about USD ${short(usd)}`,
    `use ${HOW[tier]}`,
  ].join("\n");
}

async function timed(sweep: SweepFile, job: SweepJob, signal: AbortSignal) {
  const before = process.cpuUsage();
  const steps = runVariant(taskOf(sweep, job));
  for (;;) {
    const step = await steps.next();
    if (signal.aborted) throw interrupted();
    if (step.done !== true) continue;
    const { user, system } = process.cpuUsage(before);
    return { seconds: (user + system) / 1e6, text: step.value };
  }
}

/** Up to `count` items from the first to the last. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}

function short(value: number): string {
  return value >= 100 ? formatCount(Math.round(value)) : String(Number(value.toPrecision(2)));
}

function duration(hours: number): string {
  return hours >= 1 ? `${short(hours)} h` : hours >= 1 / 60 ? `${short(hours * 60)} min` : `${short(hours * 3600)} s`;
}
