/** Runs the jobs of a sweep that are not done on worker threads, with progress; what is done is never run again. */
import { pathToFileURL } from "node:url";
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { distinct, type SweepFile, type SweepJob } from "../../simulator/sweep/job.ts";
import { programFile } from "../io/process.ts";
import { createProgress, type JobReport } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { defaultWorkers, runOnPool } from "../io/worker-pool.ts";
import type { JobStore } from "./job-store.ts";
import type { SweepOutcome, SweepShared } from "./sweep-worker.ts";

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
  /** Jobs whose scenario cannot run at its point, with the reasons. */
  readonly cannotRun: readonly { readonly job: SweepJob; readonly problems: readonly Problem[] }[];
}

const WORKER_FILE = pathToFileURL(programFile("scripts/sweep/sweep-worker.ts")).href;

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
  const workers = options.workers ?? defaultWorkers(todo.length);
  const shared: SweepShared = { sweep, store: store.place };
  try {
    const outcomes = await runOnPool<number, SweepOutcome, JobReport>(
      todo.map(({ key }) => indexOf.get(key)!),
      {
        workerFile: WORKER_FILE,
        shared,
        workers,
        signal,
        onProgress: progress.update,
        onJobDone: progress.jobDone,
      },
    );
    const ran = outcomes.filter(({ state }) => state === "ran").length;
    const cannotRun = outcomes.flatMap(({ state, problems }, at) =>
      state === "cannot run" ? [{ job: todo[at]!, problems }] : [],
    );
    return { ran, wereDone: wanted.length - ran - cannotRun.length, cannotRun };
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
