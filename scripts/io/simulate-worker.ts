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
} from "../../simulator/experiment/index.ts";
import { createEvidenceWriter, type EvidenceJob } from "./evidence.ts";
import { tuneCompiler } from "./process.ts";
import { driveJob, type JobAnswer, type PoolTask } from "./worker-pool.ts";

tuneCompiler();

export function runTask({ job, port }: PoolTask<EvidenceJob | PilotJob>): JobAnswer<JobOutput | PilotOutput> {
  const inputs = Tinypool.workerData as ExperimentInputs;
  if ("pilot" in job) return driveJob<JobProgress, PilotOutput>(runPilot(inputs, job), port);
  return driveJob<JobProgress, JobOutput>(stepsOf(inputs, job), port);
}

function* stepsOf(inputs: ExperimentInputs, job: EvidenceJob): Generator<JobProgress, JobOutput> {
  if (job.evidence === undefined) return yield* runJob(inputs, job);
  const writer = createEvidenceWriter(inputs.plan, job.replication, job.evidence);
  try {
    const output = yield* runJob(inputs, job, writer.observerOf);
    writer.finish();
    return output;
  } catch (error) {
    writer.abandon();
    throw error;
  }
}
