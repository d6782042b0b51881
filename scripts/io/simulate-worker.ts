import { Tinypool } from "tinypool";
import {
  type ExperimentInputs,
  type JobOutput,
  type JobProgress,
  type JobSpec,
  runJob,
} from "../../simulator/experiment/index.ts";
import { driveJob, type JobAnswer, type PoolTask } from "./job-driver.ts";

/** Worker thread of `meridian simulate`: one call runs one job on the inputs that the pool handed to the thread. */
export function runTask(task: PoolTask<JobSpec>): JobAnswer<JobOutput> {
  const inputs = Tinypool.workerData as ExperimentInputs;
  return driveJob<JobProgress, JobOutput>(runJob(inputs, task.job), task.port);
}
