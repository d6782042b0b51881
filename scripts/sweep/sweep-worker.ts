/** Worker thread of a sweep: runs one job at a time and publishes its result itself, so that no result crosses threads. */
import { Tinypool } from "tinypool";
import type { Problem } from "../../simulator/base/errors.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";
import { tuneCompiler } from "../io/process.ts";
import { errorAnswer, type JobAnswer, type PoolTask } from "../io/worker-pool.ts";
import { openStore } from "./open-store.ts";
import { runVariant, taskOf } from "./variant.ts";

tuneCompiler();

/** What every thread of a sweep is given once. */
export interface SweepShared {
  readonly sweep: SweepFile;
  /** Folder or `s3://` address of the store. */
  readonly store: string;
}

/** How a job ended: done now, done before by somebody else, or the scenario at this point cannot run. */
export interface SweepOutcome {
  readonly state: "ran" | "was done" | "cannot run";
  readonly problems: readonly Problem[];
}

const PROGRESS_EVERY_MS = 500;

/** @param task its job is an index into the sweep's jobs */
export async function runTask({ job, port }: PoolTask<number>): Promise<JobAnswer<SweepOutcome>> {
  try {
    return { ok: true, output: await work(Tinypool.workerData as SweepShared, job, port) };
  } catch (error) {
    return errorAnswer(error);
  }
}

async function work(
  { sweep, store: place }: SweepShared,
  index: number,
  port: PoolTask<number>["port"],
): Promise<SweepOutcome> {
  const store = openStore(place);
  const job = sweep.jobs[index]!;
  if (await store.isDone(job.key)) return { state: "was done", problems: [] };
  const steps = runVariant(taskOf(sweep, job));
  let postedMs = performance.now();
  for (;;) {
    const step = await steps.next();
    if (step.done !== true) {
      if (performance.now() - postedMs < PROGRESS_EVERY_MS) continue;
      postedMs = performance.now();
      port.postMessage(step.value);
      continue;
    }
    if (!step.value.ok) return { state: "cannot run", problems: step.value.problems };
    const isFirst = await store.publish(job.key, step.value.result);
    return { state: isFirst ? "ran" : "was done", problems: [] };
  }
}
