/** Worker thread of a sweep: runs one job at a time and publishes its result itself, so that no result crosses threads. */
import { Tinypool } from "tinypool";
import { MeridianError } from "../../simulator/base/errors.ts";
import type { SweepFile } from "../../simulator/sweep/job.ts";
import { tuneCompiler } from "../compiler-options.mjs";
import { errorAnswer, type JobAnswer, type PoolTask } from "../io/worker-pool.ts";
import type { JobStore } from "./job-store.ts";
import { openStore } from "./open-store.ts";
import { parseSweep } from "./sweep-file.ts";
import { runStored, type SweepOutcome } from "./variant.ts";

tuneCompiler();

/** What every thread is given once. */
export interface SweepShared {
  /** Address of the store. */
  readonly store: string;
}

/** One job: as small as a queue's message should be. */
export interface SweepMessage {
  readonly sweepId: string;
  /** Into the sweep's jobs. */
  readonly index: number;
}

const PROGRESS_EVERY_MS = 500;

export async function runTask({ job, port }: PoolTask<SweepMessage>): Promise<JobAnswer<SweepOutcome>> {
  try {
    return { ok: true, output: await work(openStore((Tinypool.workerData as SweepShared).store), job, port) };
  } catch (error) {
    return errorAnswer(error);
  }
}

async function work(
  store: JobStore,
  message: SweepMessage,
  port: PoolTask<SweepMessage>["port"],
): Promise<SweepOutcome> {
  const sweep = await sweepOf(store, message.sweepId);
  const steps = runStored(store, sweep, sweep.jobs[message.index]!);
  let postedMs = performance.now();
  for (;;) {
    const step = await steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - postedMs < PROGRESS_EVERY_MS) continue;
    postedMs = performance.now();
    port.postMessage(step.value);
  }
}

/** The thread's last sweep: most of its jobs are of one. */
let known: { readonly id: string; readonly sweep: SweepFile } | undefined;

async function sweepOf(store: JobStore, id: string): Promise<SweepFile> {
  if (known?.id === id) return known.sweep;
  const text = await store.readSweep(id);
  if (text === undefined) {
    const fix = "use the same store on all machines";
    throw new MeridianError("environment", {
      code: "SWEEP_UNKNOWN",
      where: store.place,
      what: `the store has no sweep ${id}`,
      fix,
    });
  }
  const sweep = parseSweep(text, id);
  known = { id, sweep };
  return sweep;
}
