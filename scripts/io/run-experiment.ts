/** Runs a prepared experiment on worker threads and puts its result together. */
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
  settleWarmup,
  withForesight,
} from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { EvidenceJob } from "./evidence.ts";
import { type PreparedExperiment, resultProvenance } from "./experiment.ts";
import { programFile } from "./process.ts";
import { type PoolOptions, runOnPool } from "./worker-pool.ts";

export type RunOptions = Omit<PoolOptions<JobProgress>, "workerFile" | "shared"> & {
  /** Also simulates plans that know the traffic: what can be reached above the bound. */
  readonly foresight?: boolean;
};

const WORKER_FILE = pathToFileURL(programFile("scripts/io/simulate-worker.ts")).href;

/** Runs all jobs on worker threads and puts the result together; before them the pilots of a warm-up left to them. */
export async function runExperiment(
  experiment: PreparedExperiment,
  jobs: readonly EvidenceJob[],
  options: RunOptions,
): Promise<RunResult> {
  const inputs = await withWarmup(experiment.inputs, options);
  const outputs = await runJobs(inputs, jobs, options);
  const result = await withBound(inputs, outputs, assembleResult(inputs, outputs, resultProvenance(experiment)));
  return options.foresight === true ? withReached(inputs, outputs, result, options) : result;
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
  const { loadLinearSolver } = await import("./lp.ts");
  const runs = foresightRuns(inputs.plan, outputs, await loadLinearSolver());
  const shared = { plan: runs.plan, skipQuotaNeeds: true };
  const found = await runJobs(shared, runs.jobs, { workers, signal, onProgress: () => {}, onJobDone: () => {} });
  return { ...result, bound: withForesight(inputs.plan, outputs, bound, runs, found) };
}

/** A result with its bound; the solver is loaded only where limits bind, and then all is computed again with it. */
export async function withBound(
  inputs: ExperimentInputs,
  outputs: readonly JobOutput[],
  result: RunResult,
): Promise<RunResult> {
  const asked = new Error("a solver is needed");
  try {
    const bound = boundOf(inputs.plan, outputs, () => {
      throw asked;
    });
    return { ...result, bound };
  } catch (error) {
    if (error !== asked) throw error;
  }
  const { loadLinearSolver } = await import("./lp.ts");
  return { ...result, bound: boundOf(inputs.plan, outputs, await loadLinearSolver()) };
}

/** Runs jobs of settled inputs on worker threads. */
export async function runJobs(
  inputs: ExperimentInputs,
  jobs: readonly EvidenceJob[],
  options: RunOptions,
): Promise<readonly JobOutput[]> {
  return runOnPool<EvidenceJob, JobOutput, JobProgress>(jobs, { ...options, workerFile: WORKER_FILE, shared: inputs });
}

/** Inputs with their warm-up settled, by pilot runs where it was left to them. */
export async function withWarmup(inputs: ExperimentInputs, { workers, signal }: RunOptions): Promise<ExperimentInputs> {
  const pilots = planPilots(inputs.plan);
  if (pilots.length === 0) return inputs;
  const pool = { workers, signal, onProgress: () => {}, workerFile: WORKER_FILE, shared: inputs };
  const outputs = await runOnPool<PilotJob, PilotOutput, JobProgress>(pilots, pool);
  return { ...inputs, plan: settleWarmup(inputs.plan, outputs) };
}

/** Jobs of an experiment; how many depends on the workers, what comes out does not. */
export function jobsOf(experiment: PreparedExperiment, workers: number): readonly JobSpec[] {
  return planJobs(experiment.inputs.plan, workers);
}
