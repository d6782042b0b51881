/**
 * Jobs of a sweep over BullMQ on Redis or Valkey. Messages name a sweep and a job, never a result; a job's id is its
 * key, so that sending it again changes nothing; and whether it is done is for the store to say, not for the queue.
 */
import type { Job, Queue, Worker } from "bullmq";
import type { Tinypool } from "tinypool";
import { MeridianError } from "../../simulator/base/errors.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import type { JobAnswer } from "../io/worker-pool.ts";
import type { JobStore } from "./job-store.ts";
import { sweepId, sweepText, WORKER_FILE } from "./sweep-file.ts";
import type { SweepMessage } from "./sweep-worker.ts";
import type { SweepOutcome } from "./variant.ts";

const QUEUE = "meridian-sweep";
/** A worker that is alive renews its lock at half of this, from a thread that does no other work. */
const LOCK_MS = 30_000;
const STALLED_EVERY_MS = 15_000;
/** Deaths of workers that one job may survive. */
const STALLED_MAX = 20;
const ATTEMPTS = 3;
/** Jobs that are not done are sent again this often: a Redis that lost them has them again. */
const SEND_AGAIN_MS = 20_000;
const POLL_MS = 500;
const CONNECT_MS = 5_000;

/** Timings, for tests to shorten. */
export interface QueueTimings {
  readonly lockMs?: number;
  readonly stalledEveryMs?: number;
  readonly sendAgainMs?: number;
}

export interface SendOptions {
  readonly redisUrl: string;
  readonly signal: AbortSignal;
  readonly onDone: (done: number, of: number) => void;
  /** Told when no worker is there. */
  readonly onIdle?: () => void;
  readonly timings?: QueueTimings;
}

/**
 * Sends the jobs that are not done and waits until the store has them all.
 *
 * @throws MeridianError environment, when Redis cannot be reached; interrupted, when a signal came; internal, when a
 * job failed on every attempt
 */
export async function sendAndWait(sweep: SweepFile, store: JobStore, options: SendOptions): Promise<void> {
  const { signal, timings = {} } = options;
  const wanted = distinct(sweep.jobs);
  const indexOf = new Map(sweep.jobs.map(({ key }, index) => [key, index] as const));
  await store.writeSweep(sweepId(sweep), sweepText(sweep));
  const queue = await openQueue(options.redisUrl);
  await forgetFailed(queue, new Set(wanted.map(({ key }) => key)));
  let open = wanted;
  let sentMs = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      const isDone = await Promise.all(open.map(({ key }) => store.isDone(key)));
      open = open.filter((_, at) => !isDone[at]);
      options.onDone(wanted.length - open.length, wanted.length);
      if (open.length === 0) return;
      if (signal.aborted) throw stopped(wanted.length - open.length, wanted.length);
      if (performance.now() - sentMs > (timings.sendAgainMs ?? SEND_AGAIN_MS)) {
        if ((await queue.getWorkersCount().catch(offline)) === 0) options.onIdle?.();
        sentMs = performance.now();
        await checkFailed(queue, new Set(open.map(({ key }) => key)));
        await queue
          .addBulk(open.map(({ key }) => bullJob(key, { sweepId: sweepId(sweep), index: indexOf.get(key)! })))
          .catch(offline);
      }
      await pause(POLL_MS, signal);
    }
  } finally {
    await queue.close().catch(offline);
  }
}

function bullJob(key: string, data: SweepMessage) {
  const opts = {
    jobId: key,
    attempts: ATTEMPTS,
    backoff: { type: "fixed", delay: 1000 },
    removeOnComplete: true,
    removeOnFail: { age: 3600 },
  };
  return { name: "variant", data, opts };
}

/** Redis may be restarting: the store decides what is done, and what is not is sent again. */
function offline(): undefined {
  return undefined;
}

/** What failed in an earlier try is tried again: whoever gives the command again has fixed something. */
async function forgetFailed(queue: Queue, keys: ReadonlySet<string>): Promise<void> {
  const failed = await queue.getFailed(0, -1).catch(() => [] as Job[]);
  for (const job of failed) if (keys.has(job.id ?? "")) await job.remove().catch(offline);
}

async function checkFailed(queue: Queue, keys: ReadonlySet<string>): Promise<void> {
  const failed = await queue.getFailed(0, -1).catch(() => [] as Job[]);
  const own = failed.find(({ id }) => keys.has(id ?? ""));
  if (own === undefined) return;
  const { kind, problems } = failureOf(own.failedReason);
  const what = `a worker gave up job ${own.id!.slice(0, 12)} after ${ATTEMPTS} attempts`;
  const fix = "fix what it says, and give the same command again: what is done stays done";
  throw new MeridianError(kind, [{ code: "JOB_FAILED", what, fix }, ...problems]);
}

/** A failed attempt as text that Redis keeps. */
function failureText({ kind, problems }: Pick<MeridianError, "kind" | "problems">): string {
  return JSON.stringify({ kind, problems });
}

function failureOf(text: string): MeridianError {
  try {
    const { kind, problems } = JSON.parse(text) as Pick<MeridianError, "kind" | "problems">;
    return new MeridianError(kind, problems);
  } catch {
    return new MeridianError("internal", { code: "INTERNAL", what: text });
  }
}

function stopped(done: number, of: number): MeridianError {
  return new MeridianError("interrupted", {
    code: "INTERRUPTED",
    what: `stopped with ${done} of ${of} jobs done, which are kept; workers go on with the rest`,
    fix: "give the same command again to wait for them",
  });
}

async function openQueue(url: string): Promise<Queue> {
  await checkRedis(url);
  const { Queue } = await import("bullmq");
  const queue = new Queue(QUEUE, { connection: { ...connection(url), maxRetriesPerRequest: 3 } });
  queue.on("error", offline);
  return queue;
}

/** Once, before any work: later a Redis that goes away is waited for. */
async function checkRedis(url: string): Promise<void> {
  const { Redis } = await import("ioredis");
  const client = new Redis({
    ...connection(url),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    retryStrategy: () => null,
  });
  client.on("error", offline);
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    const what = `Redis cannot be reached: ${(error as Error).message}`;
    const fix = "start it, or give its address: redis://host:6379";
    throw new MeridianError(
      "environment",
      { code: "REDIS_UNREACHABLE", where: new URL(url).host, what, fix },
      { cause: error },
    );
  } finally {
    client.disconnect();
  }
}

/** @throws MeridianError usage, REDIS_URL */
function connection(text: string) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol))
    throw new MeridianError("usage", {
      code: "REDIS_URL",
      what: `"${text}" is not an address of a Redis`,
      fix: "write redis://127.0.0.1:6379",
    });
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(url.pathname.length > 1 ? { db: Number(url.pathname.slice(1)) } : {}),
    ...(url.protocol === "rediss:" ? { tls: {} } : {}),
  };
}

export interface WorkOptions {
  readonly redisUrl: string;
  readonly store: JobStore;
  /** Threads, and so jobs at a time. */
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onJob: (key: string, state: SweepOutcome["state"]) => void;
  readonly onProblem: (text: string) => void;
  readonly timings?: QueueTimings;
}

/**
 * Works until the signal comes, or until a job finds that this machine cannot work: takes jobs, runs each in a thread (this thread only renews locks: a busy one would lose
 * its jobs to others), publishes to the store. On the signal it finishes the jobs in hand.
 *
 * @throws MeridianError environment, when Redis cannot be reached at the start, or the store or a file of a scenario
 * cannot be used here: the job goes back to the queue, for others
 */
export async function work(options: WorkOptions): Promise<void> {
  await checkRedis(options.redisUrl);
  const { Worker } = await import("bullmq");
  const { Tinypool } = await import("tinypool");
  const { timings = {}, store, threads } = options;
  const pool: Tinypool = new Tinypool({
    filename: WORKER_FILE,
    name: "runTask",
    runtime: "worker_threads",
    minThreads: 1,
    maxThreads: threads,
    workerData: { store: store.place },
  });
  const broken = new AbortController();
  const worker: Worker<SweepMessage> = new Worker<SweepMessage>(QUEUE, (job) => runOne(pool, job, options, broken), {
    connection: { ...connection(options.redisUrl), maxRetriesPerRequest: null },
    concurrency: threads,
    lockDuration: timings.lockMs ?? LOCK_MS,
    stalledInterval: timings.stalledEveryMs ?? STALLED_EVERY_MS,
    maxStalledCount: STALLED_MAX,
  });
  worker.on("error", offline);
  worker.on("failed", (job, error) =>
    options.onProblem(`job ${job?.id?.slice(0, 12)} failed: ${failureOf(error.message).message}`),
  );
  const ended = AbortSignal.any([options.signal, broken.signal]);
  try {
    if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
  } finally {
    await worker.close().catch(offline);
    await pool.destroy();
  }
  if (broken.signal.aborted) throw broken.signal.reason;
}

/** How long a job that this machine cannot do stays out of its own reach. */
const GIVEN_BACK_MS = 1_000;

async function runOne(
  pool: Tinypool,
  job: Job<SweepMessage>,
  { onJob }: WorkOptions,
  broken: AbortController,
): Promise<SweepOutcome["state"]> {
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  try {
    const answer = (await pool.run(
      { job: job.data, port: port2 },
      { transferList: [port2] },
    )) as JobAnswer<SweepOutcome>;
    if (!answer.ok) {
      if (answer.kind !== "environment") throw new Error(failureText(answer), { cause: answer.stack });
      broken.abort(new MeridianError(answer.kind, answer.problems, { cause: answer.stack }));
      const { DelayedError } = await import("bullmq");
      await job.moveToDelayed(Date.now() + GIVEN_BACK_MS, job.token);
      throw new DelayedError();
    }
    onJob(job.id ?? "", answer.output.state);
    return answer.output.state;
  } finally {
    port1.close();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
