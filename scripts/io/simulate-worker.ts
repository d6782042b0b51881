/** Worker thread of `meridian simulate`: runs one job on the inputs that the pool gave to the thread. */
import { Tinypool } from "tinypool";
import {
  type ExperimentInputs,
  type JobOutput,
  type JobProgress,
  type PilotJob,
  type PilotOutput,
  runJob,
  runPilot,
  withOwnBounds,
} from "../../simulator/experiment/index.ts";
import { tuneCompiler } from "../compiler-options.mjs";
import { createEvidenceWriter, type EvidenceJob } from "./evidence.ts";
import { withSolver } from "./lp.ts";
import type { WorkerInputs } from "./run-experiment.ts";
import { driveJob, errorAnswer, type JobAnswer, type PoolTask } from "./worker-pool.ts";

tuneCompiler();

/** After shorter jobs loading a solver in each thread would take longer than one thread takes for all parts. */
const LONG_MS = 1000;

export async function runTask({
  job,
  port,
}: PoolTask<EvidenceJob | PilotJob>): Promise<JobAnswer<JobOutput | PilotOutput>> {
  const inputs = Tinypool.workerData as WorkerInputs;
  if ("pilot" in job) return driveJob<JobProgress, PilotOutput>(runPilot(inputs, job), port);
  const beganMs = performance.now();
  const answer = driveJob<JobProgress, JobOutput>(stepsOf(inputs, job), port);
  const isLong = performance.now() - beganMs > LONG_MS;
  return answer.ok && inputs.bound && isLong ? bounded(inputs, answer.output) : answer;
}

/** Linear programmes take half a second for a replication of eight strategies: here they are shared out. */
async function bounded({ plan }: WorkerInputs, output: JobOutput): Promise<JobAnswer<JobOutput>> {
  try {
    return { ok: true, output: await withSolver((solve) => withOwnBounds(plan, output, solve)) };
  } catch (error) {
    return errorAnswer(error);
  }
}

function* stepsOf(inputs: ExperimentInputs, job: EvidenceJob): Generator<JobProgress, JobOutput> {
  if (job.evidence === undefined) return yield* runJob(inputs, job);
  const writer = createEvidenceWriter(inputs.plan, job.replication, job.evidence);
  try {
    const output = yield* runJob(inputs, job, { observerOf: writer.observerOf });
    writer.finish();
    return output;
  } catch (error) {
    writer.abandon();
    throw error;
  }
}
