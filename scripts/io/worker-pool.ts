/** Runs jobs on worker threads; answers come in the order of the jobs, so the number of workers changes no result. */
import * as nodeModule from "node:module";
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import type { MessagePort } from "node:worker_threads";
import type { Tinypool } from "tinypool";
import { type ErrorKind, MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { IS_COMPILED } from "./process.ts";

export interface PoolOptions<Progress, Job = unknown> {
  /** URL of the worker file; its export `runTask` answers a `PoolTask` with a `JobAnswer`. */
  readonly workerFile: string;
  /** Sent once to every worker, read there with `Tinypool.workerData`. */
  readonly shared: unknown;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (jobIndex: number, progress: Progress) => void;
  readonly onJobDone?: (jobIndex: number) => void;
  /** Jobs of one kind take about as long as each other; all are of one kind unless given. */
  readonly kindOf?: (job: Job) => string;
}

/** Young generation of a worker at most: V8 would let it grow to 64 MB, most of it garbage. */
const YOUNG_MB = 12;

/** Workers to use by default: one per core, never more than jobs. */
export function defaultWorkers(jobs: number): number {
  return Math.max(1, Math.min(availableParallelism(), jobs));
}

/**
 * Runs all jobs on worker threads. The answer is in the order of the jobs, whatever order they end in, so the number
 * of workers cannot show in a result. The first failure or an abort stops the other workers at once.
 * @throws the job's MeridianError; INTERRUPTED when the signal fired; WORKER_OUT_OF_MEMORY; WORKER_DIED
 */
export async function runOnPool<Job, Output, Progress>(
  jobs: readonly Job[],
  options: PoolOptions<Progress, Job>,
): Promise<readonly Output[]> {
  if (jobs.length === 0) return [];
  options.signal.throwIfAborted();
  await keepCompiledCode(options.workerFile);
  // Commands that start no worker need not load it.
  const { Tinypool } = await import("tinypool");
  const workers = Math.max(1, Math.min(options.workers, jobs.length));
  const pool = new Tinypool({
    filename: options.workerFile,
    name: "runTask",
    runtime: "worker_threads",
    minThreads: 1,
    maxThreads: workers,
    workerData: options.shared,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, options.signal]);
  const waiting = new WaitingJobs(jobs.map(options.kindOf ?? (() => "")));
  const outputs: Output[] = new Array(jobs.length);
  const workThrough = async () => {
    for (let index = waiting.take(); index !== undefined; index = waiting.take()) {
      const beganMs = performance.now();
      outputs[index] = await runOne<Job, Output, Progress>(pool, jobs[index]!, index, options, signal);
      waiting.took(index, performance.now() - beganMs);
      setHeapGrowth(WITH_WORKERS_PERCENT);
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, workThrough));
    return outputs;
  } catch (error) {
    throw options.signal.aborted ? interrupted() : error;
  } finally {
    stop.abort();
    await pool.destroy();
    setHeapGrowth(ALONE_PERCENT);
  }
}

/**
 * In a checkout, each thread would strip the types of the sources for itself, and load what does that. What this thread has
 * loaded is kept instead where they look for it, the worker's own file included.
 */
async function keepCompiledCode(workerFile: string): Promise<void> {
  if (IS_COMPILED) return;
  await import(workerFile);
  nodeModule.flushCompileCache?.();
}

/** A heap grows by so much before it is collected, per cent of what is in use; by itself it may grow to four times that. */
const WITH_WORKERS_PERCENT = 50;
/** V8 chooses. With the workers' heaps gone there is room, and a report makes much garbage: it took a third of its time. */
const ALONE_PERCENT = 0;

/**
 * Jobs leave garbage that lies in their threads while the next one simulates and allocates next to nothing, and results of
 * months leave more. For all threads, once they have started: where Node looks for compiled code depends on V8's options, and
 * short commands have nothing to collect.
 */
function setHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}

/**
 * Which job is begun next: the longest of those that wait, so that no worker is left with a long one at the end. How long
 * a job takes is known from others of its kind; jobs of kinds that are not known yet come before, in their order.
 */
export class WaitingJobs {
  declare private readonly kinds: readonly string[];
  /** By kind, the last one first: a sweep has many jobs, and few kinds. */
  private readonly waiting = new Map<string, number[]>();
  private readonly knownMs = new Map<string, number>();

  /** @param kinds by job */
  constructor(kinds: readonly string[]) {
    this.kinds = kinds;
    for (let index = kinds.length - 1; index >= 0; index--) {
      const alike = this.waiting.get(kinds[index]!) ?? [];
      alike.push(index);
      this.waiting.set(kinds[index]!, alike);
    }
  }

  /** Undefined when none is left. */
  take(): number | undefined {
    const lengthOf = (kind: string) => this.knownMs.get(kind) ?? Number.POSITIVE_INFINITY;
    const [next] = [...this.waiting]
      .filter(([, alike]) => alike.length > 0)
      .sort(([a, of], [b, others]) =>
        lengthOf(a) === lengthOf(b) ? of.at(-1)! - others.at(-1)! : lengthOf(b) - lengthOf(a),
      );
    return next?.[1].pop();
  }

  took(index: number, ms: number): void {
    this.knownMs.set(this.kinds[index]!, ms);
  }
}

/** Work that is done about as soon in one thread as on workers that have to start first, ms of processor time. */
const SHORT_MS = 1200;
/** Too early to judge before this, ms of processor time: the first steps load code and say little. */
const JUDGE_AFTER_MS = 100;
/** Until then the code is still being optimised, and all that is left looks up to so many times as long as it is. */
const WARM_AFTER_MS = 400;
const COLD_FACTOR = 4;

/**
 * Runs jobs in this thread, from the first one on, as long as all of them together look short. A job that was begun in
 * vain is begun anew elsewhere.
 *
 * @param stepsOf a job's work; its progress tells the share of the job that is done
 * @returns the outputs of the jobs that came to their end, which may be none
 * @throws what a job throws; INTERRUPTED when the signal fired
 */
export async function runWhileShort<Job, Output, Progress extends { readonly share: number }>(
  jobs: readonly Job[],
  stepsOf: (job: Job) => Iterator<Progress, Output> | AsyncIterator<Progress, Output>,
  { signal, onProgress, onJobDone }: Pick<PoolOptions<Progress>, "signal" | "onProgress" | "onJobDone">,
): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  const before = process.cpuUsage();
  for (const [index, job] of jobs.entries()) {
    const steps = stepsOf(job);
    for (let isOver = false; !isOver; ) {
      const step = await nextOf(steps);
      isOver = step.done === true;
      if (step.done === true) {
        outputs.push(step.value);
        onJobDone?.(index);
      } else onProgress(index, step.value);
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw interrupted();
      const { user, system } = process.cpuUsage(before);
      const spentMs = (user + system) / 1000;
      const jobsDone = index + (step.done === true ? 1 : step.value.share);
      const expectedMs = (spentMs * jobs.length) / jobsDone;
      const allowedMs = spentMs < WARM_AFTER_MS ? COLD_FACTOR * SHORT_MS : SHORT_MS;
      if (jobsDone < jobs.length && spentMs > JUDGE_AFTER_MS && expectedMs > allowedMs) return outputs;
    }
  }
  return outputs;
}

/** @throws the MeridianError that a worker would have handed back */
async function nextOf<Progress, Output>(
  steps: Iterator<Progress, Output> | AsyncIterator<Progress, Output>,
): Promise<IteratorResult<Progress, Output>> {
  try {
    return await steps.next();
  } catch (error) {
    throw error instanceof MeridianError ? error : thrown(errorAnswer(error));
  }
}

function thrown({ kind, problems, stack }: FailedJob): MeridianError {
  return new MeridianError(kind, problems, { cause: stack });
}

/** The error of work that Ctrl-C or SIGTERM stopped. */
export function interrupted(): MeridianError {
  return new MeridianError("interrupted", {
    code: "INTERRUPTED",
    what: "stopped before the end; nothing was written",
  });
}

async function runOne<Job, Output, Progress>(
  pool: Tinypool,
  job: Job,
  index: number,
  options: Pick<PoolOptions<Progress>, "onProgress" | "onJobDone">,
  signal: AbortSignal,
): Promise<Output> {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (progress: Progress) => options.onProgress(index, progress));
  port1.unref();
  const task: PoolTask<Job> = { job, port: port2 };
  try {
    const answer = (await pool.run(task, { transferList: [port2], signal })) as JobAnswer<Output>;
    if (!answer.ok) throw thrown(answer);
    options.onJobDone?.(index);
    return answer.output;
  } catch (error) {
    throw error instanceof MeridianError || signal.aborted ? error : workerFailure(error);
  } finally {
    port1.close();
  }
}

function workerFailure(error: unknown): MeridianError {
  const code = (error as { code?: unknown }).code;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    return new MeridianError(
      "environment",
      {
        code: "WORKER_OUT_OF_MEMORY",
        what: "a worker used up its memory",
        fix: "use fewer workers (--workers 1), or give Node more: NODE_OPTIONS=--max-old-space-size=8192",
      },
      { cause: error },
    );
  }
  const what = error instanceof Error ? error.message : String(error);
  return new MeridianError("internal", { code: "WORKER_DIED", what }, { cause: error });
}

/** What a worker is handed for one job. */
export interface PoolTask<Job> {
  readonly job: Job;
  /** Takes progress messages; no answer comes back on it. */
  readonly port: MessagePort;
}

/** What a worker hands back. A thrown error would lose its fields on the way between threads. */
export type JobAnswer<Output> = { readonly ok: true; readonly output: Output } | FailedJob;

interface FailedJob {
  readonly ok: false;
  readonly kind: ErrorKind;
  readonly problems: readonly Problem[];
  readonly stack: string;
}

const PROGRESS_EVERY_MS = 200;

/** Runs a job's generator to its end inside a worker, posting progress at most five times a second. */
export function driveJob<Progress, Output>(
  steps: Iterator<Progress, Output>,
  port: { postMessage(message: Progress): void },
  clockMs: () => number = () => performance.now(),
): JobAnswer<Output> {
  let postedMs = clockMs();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return { ok: true, output: step.value };
      if (clockMs() - postedMs < PROGRESS_EVERY_MS) continue;
      postedMs = clockMs();
      port.postMessage(step.value);
    }
  } catch (error) {
    return errorAnswer(error);
  }
}

/** An error as plain data. */
export function errorAnswer(error: unknown): FailedJob {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof MeridianError) return { ok: false, kind: error.kind, problems: error.problems, stack };
  const what = error instanceof Error ? error.message : String(error);
  return { ok: false, kind: "internal", problems: [{ code: "INTERNAL", what }], stack };
}
