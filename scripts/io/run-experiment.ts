/** Runs a prepared experiment on worker threads and puts its result together. */
import { pathToFileURL } from "node:url";
import {
  assembleResult,
  boundOf,
  type ExperimentInputs,
  type JobOutput,
  type JobProgress,
  type JobSpec,
  type PilotJob,
  type PilotOutput,
  planJobs,
  planPilots,
  settleWarmup,
} from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { EvidenceJob } from "./evidence.ts";
import { type PreparedExperiment, resultProvenance } from "./experiment.ts";
import { programFile } from "./process.ts";
import { type PoolOptions, runOnPool } from "./worker-pool.ts";

export type RunOptions = Omit<PoolOptions<JobProgress>, "workerFile" | "shared">;

const WORKER_FILE = pathToFileURL(programFile("scripts/io/simulate-worker.ts")).href;

/** Runs all jobs on worker threads and puts the result together; before them the pilots of a warm-up left to them. */
export async function runExperiment(
  experiment: PreparedExperiment,
  jobs: readonly EvidenceJob[],
  options: RunOptions,
): Promise<RunResult> {
  const inputs = await withWarmup(experiment.inputs, options);
  const outputs = await runJobs(inputs, jobs, options);
  return withBound(inputs, outputs, assembleResult(inputs, outputs, resultProvenance(experiment)));
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

/**
 * Jobs a worker: jobs differ in length (the first replication's also see what each quota needs), and few long ones would
 * leave workers idle at the end.
 */
const JOBS_PER_WORKER = 4;

/** Jobs of an experiment; how many depends on the workers, what comes out does not. */
export function jobsOf({ inputs: { plan } }: Pick<PreparedExperiment, "inputs">, workers: number): readonly JobSpec[] {
  return planJobs(plan, workers === 1 ? 1 : JOBS_PER_WORKER * workers);
}
