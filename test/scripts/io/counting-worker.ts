import { Tinypool } from "tinypool";
import { driveJob, type JobAnswer, type PoolTask } from "../../../scripts/io/worker-pool.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

export type CountingJob = { readonly upTo: number } | { readonly fail: "data" | "bug" | "for-ever" };

/** A worker for the pool's tests: counts, fails on demand, or never ends. */
export function runTask(task: PoolTask<CountingJob>): JobAnswer<number> {
  return driveJob(steps(task.job), task.port);
}

function* steps(job: CountingJob): Generator<number, number> {
  const { offset } = Tinypool.workerData as { offset: number };
  if ("upTo" in job) {
    let sum = offset;
    for (let i = 1; i <= job.upTo; i++) yield (sum += i);
    return sum;
  }
  if (job.fail === "data") throw new MeridianError("data", { code: "TRACE_BAD", what: "bad row", where: "t.csv:3" });
  if (job.fail === "bug") throw new TypeError("x is undefined");
  for (let i = 0; ; i++) yield i;
}
