/** Runs a prepared experiment, on worker threads where that is quicker, and puts its result together. */
import { pathToFileURL } from "node:url";
import {
  assembleResult,
  boundOf,
  type ExperimentInputs,
  foresightRuns,
  type JobOutput,
  type JobProgress,
  type JobSpec,
  type PilotJob,
  type PilotOutput,
  planJobs,
  planPilots,
  runJob,
  runPilot,
  settleWarmup,
  withForesight,
} from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { EvidenceJob } from "./evidence.ts";
import { type PreparedExperiment, resultProvenance } from "./experiment.ts";
import { loadLinearSolver, withSolver } from "./lp.ts";
import { programFile } from "./process.ts";
import { createProgress, type ProgressOptions } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { defaultWorkers, type PoolOptions, runOnPool, runWhileShort } from "./worker-pool.ts";

export interface RunOptions extends Pick<PoolOptions<JobProgress>, "signal" | "onProgress" | "onJobDone"> {
  /** Worker threads at most; one per core unless given. What is short is run without, unless two or more are asked for. */
  readonly workers?: number | undefined;
  /** Also simulates plans that know the traffic: what can be reached above the bound. */
  readonly foresight?: boolean;
  /** False leaves the bound out of the result: where nothing shows it. */
  readonly bound?: boolean;
  /** Called when worker threads take over, for what this thread can do meanwhile. */
  readonly onFree?: () => void;
}

/** What worker threads are given. */
export interface WorkerInputs extends ExperimentInputs {
  /** Also works out each job's part of the bound. */
  readonly bound: boolean;
}

const WORKER_FILE = pathToFileURL(programFile("scripts/io/simulate-worker.ts")).href;

/** Arrivals between two looks at the clock where a thread is not to be held up. */
const SHORT_CHUNK_ROWS = 2048;

/** Runs all jobs and puts the result together; before them the pilots of a warm-up left to them. */
export async function runExperiment(
  experiment: PreparedExperiment,
  jobs: readonly EvidenceJob[],
  options: RunOptions,
): Promise<RunResult> {
  const inputs = await withWarmup(experiment.inputs, options);
  const outputs = await runJobs(inputs, jobs, options);
  const result = assembleResult(inputs, outputs, resultProvenance(experiment));
  return options.bound === false ? result : withYardsticks(inputs, outputs, result, options);
}

/** A result with its bound and, where it is asked for, what foresight reached. */
export async function withYardsticks(
  inputs: ExperimentInputs,
  outputs: readonly JobOutput[],
  result: RunResult,
  options: RunOptions,
): Promise<RunResult> {
  const bounded = await withBound(inputs, outputs, result);
  return options.foresight === true ? withReached(inputs, outputs, bounded, options) : bounded;
}

/** A result whose bound says what foresight reached; unchanged where no bound can be stated. */
async function withReached(
  inputs: ExperimentInputs,
  outputs: readonly JobOutput[],
  result: RunResult,
  { workers, signal }: RunOptions,
): Promise<RunResult> {
  const { bound } = result;
  if (bound === undefined || bound.missing !== null) return result;
  const runs = foresightRuns(inputs.plan, outputs, await loadLinearSolver());
  const shared = { plan: runs.plan, skipQuotaNeeds: true };
  const quiet = { workers, signal, onProgress: () => {}, onJobDone: () => {} };
  const found = await runJobs(shared, runs.jobs, { ...quiet, bound: false });
  return { ...result, bound: withForesight(inputs.plan, outputs, bound, runs, found) };
}

/** A result with its bound. */
export async function withBound(
  inputs: ExperimentInputs,
  outputs: readonly JobOutput[],
  result: RunResult,
): Promise<RunResult> {
  return { ...result, bound: await withSolver((solve) => boundOf(inputs.plan, outputs, solve)) };
}

/** Runs jobs of settled inputs. */
export async function runJobs(
  inputs: ExperimentInputs,
  jobs: readonly EvidenceJob[],
  options: RunOptions,
): Promise<readonly JobOutput[]> {
  const isPlain = jobs.every(({ evidence }) => evidence === undefined);
  return run(
    inputs,
    jobs,
    isPlain ? (job) => runJob(inputs, job, { chunkRows: SHORT_CHUNK_ROWS }) : undefined,
    options,
  );
}

/** Inputs with their warm-up settled, by pilot runs where it was left to them. */
export async function withWarmup(inputs: ExperimentInputs, { workers, signal }: RunOptions): Promise<ExperimentInputs> {
  const pilots = planPilots(inputs.plan);
  if (pilots.length === 0) return inputs;
  const outputs = await run<PilotJob, PilotOutput>(inputs, pilots, (job) => runPilot(inputs, job), {
    workers,
    signal,
    onProgress: () => {},
  });
  return { ...inputs, plan: settleWarmup(inputs.plan, outputs) };
}

/**
 * Runs jobs in this thread while they are short, the others on workers.
 *
 * @param stepsOf undefined where this thread cannot run them
 */
async function run<Job extends EvidenceJob | PilotJob, Output>(
  inputs: ExperimentInputs,
  jobs: readonly Job[],
  stepsOf: ((job: Job) => Iterator<JobProgress, Output>) | undefined,
  options: RunOptions,
): Promise<readonly Output[]> {
  const { workers = 1, signal, onProgress, onJobDone } = options;
  // A user's own strategy may never end, and Ctrl-C reaches a thread that waits, not one that loops.
  const isHere = workers === 1 && inputs.plan.strategies.every(({ source }) => source === null);
  const done = isHere && stepsOf !== undefined ? await runWhileShort(jobs, stepsOf, options) : [];
  const left = jobs.slice(done.length);
  if (left.length > 0) options.onFree?.();
  const others = await runOnPool<Job, Output, JobProgress>(left, {
    workerFile: WORKER_FILE,
    shared: { ...inputs, bound: options.bound !== false } satisfies WorkerInputs,
    workers: options.workers ?? defaultWorkers(left.length),
    signal,
    onProgress: (index, progress) => onProgress(done.length + index, progress),
    onJobDone: (index) => onJobDone?.(done.length + index),
    kindOf: (job) => String("pilot" in job ? job.strategy : job.strategyIndices),
  });
  return [...done, ...others];
}

/**
 * Jobs a worker: jobs differ in length (the first replication's also see what each quota needs), and few long ones would
 * leave workers idle at the end.
 */
const JOBS_PER_WORKER = 4;

/** Jobs of an experiment; how many depends on the workers (one per core unless given), what comes out does not. */
export function jobsOf(
  { inputs }: Pick<PreparedExperiment, "inputs">,
  workers = defaultWorkers(Number.POSITIVE_INFINITY),
): readonly JobSpec[] {
  return planJobs(inputs, workers === 1 ? 1 : JOBS_PER_WORKER * workers, workers);
}

export interface ShownOptions
  extends Pick<RunOptions, "workers" | "signal" | "foresight" | "bound" | "onFree">,
    Pick<ProgressOptions, "also"> {
  readonly terminal: Terminal;
}

/** Runs an experiment, all of it or these jobs, with its progress on stderr. */
export async function runShown(
  experiment: PreparedExperiment,
  options: ShownOptions,
  jobs: readonly EvidenceJob[] = jobsOf(experiment, options.workers),
): Promise<RunResult> {
  const shown = withProgress(jobs.length, options);
  try {
    return await runExperiment(experiment, jobs, shown);
  } finally {
    shown.stop();
  }
}

/** How to run so many jobs with their progress on stderr, until it is stopped. */
export function withProgress(
  jobs: number,
  { workers, signal, foresight = false, bound = true, onFree, terminal, also }: ShownOptions,
): RunOptions & { stop(): void } {
  const { live, quiet } = terminal;
  const progress = createProgress({ stream: process.stderr, live, quiet, jobs, ...(also && { also }) });
  return {
    workers,
    signal,
    foresight,
    bound,
    ...(onFree && { onFree }),
    onProgress: progress.update,
    onJobDone: progress.jobDone,
    stop: progress.stop,
  };
}
