/** Runs the jobs of a sweep that are not done, on worker threads where that is quicker, with progress; what is done is never run again. */
import { pathToFileURL } from "node:url";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { JobProgress } from "../../simulator/experiment/index.ts";
import { distinct, type SweepFile, type SweepJob } from "../../simulator/sweep/job.ts";
import { programFile } from "../io/process.ts";
import { createProgress } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import { defaultWorkers, runOnPool, runWhileShort } from "../io/worker-pool.ts";
import type { JobStore } from "./job-store.ts";
import { sweepId, sweepText } from "./sweep-file.ts";
import type { SweepMessage, SweepShared } from "./sweep-worker.ts";
import { runStored, type SweepOutcome } from "./variant.ts";

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

/** What worker threads load. */
export const WORKER_FILE = pathToFileURL(programFile("scripts/sweep/sweep-worker.ts")).href;

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
