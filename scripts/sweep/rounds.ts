/** The rounds of a sweep: its jobs run, then, if it adds points, those that its results ask for, until they ask for none. */

import { nextPoints } from "../../simulator/sweep/adaptive.ts";
import { distinct, type SweepFile } from "../../simulator/sweep/job.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { createStatusLine } from "../io/progress.ts";
import type { Terminal } from "../io/terminal.ts";
import type { JobStore } from "./job-store.ts";
import { withPoints } from "./plan-sweep.ts";
import { runSweep } from "./run-sweep.ts";
import { readRows, type SweepRows } from "./sweep-report.ts";

export interface RoundOptions {
  readonly workers: number | undefined;
  /** Jobs go to workers over this Redis; undefined: to threads of this process. */
  readonly redisUrl: string | undefined;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A sweep with all its rounds, and what came of them. */
export interface FinishedSweep {
  readonly sweep: SweepFile;
  readonly found: SweepRows;
}

/** Runs what is not done, round by round. The points of a round depend on the results alone, not on who ran them. */
export async function runRounds(
  sweep: SweepFile,
  base: PreparedExperiment,
  store: JobStore,
  options: RoundOptions,
): Promise<FinishedSweep> {
  let whole = sweep;
  for (let round = 2; ; round++) {
    await runJobs(whole, store, options);
    const found = await readRows(whole, store);
    const points = nextPoints(whole, found.rows);
    if (points.length === 0) return { sweep: whole, found };
    options.terminal.note(`round ${round}: ${points.length} more variants where the answer lies`);
    whole = await withPoints(whole, base, points);
  }
}

/** The rounds that the store's results already ask for: the last one has jobs that are not done, or none is left. */
export async function planRounds(sweep: SweepFile, base: PreparedExperiment, store: JobStore): Promise<SweepFile> {
  let whole = sweep;
  for (;;) {
    if (whole.adaptive === null) return whole;
    const found = await readRows(whole, store);
    if (found.done < distinct(whole.jobs).length) return whole;
    const points = nextPoints(whole, found.rows);
    if (points.length === 0) return whole;
    whole = await withPoints(whole, base, points);
  }
}

async function runJobs(sweep: SweepFile, store: JobStore, options: RoundOptions): Promise<void> {
  const { workers, redisUrl, terminal, signal } = options;
  if (redisUrl === undefined) {
    const { ran, wereDone } = await runSweep(sweep, store, { jobs: sweep.jobs, workers, terminal, signal });
    terminal.note(`${ran} ran, ${wereDone} were done before`);
    return;
  }
  // Only sweeps over a queue load the code that speaks to it.
  const { sendAndWait } = await import("./queue.ts");
  const { live, quiet } = terminal;
  const line = createStatusLine({ stream: process.stderr, live, quiet, liveEveryMs: 500 });
  try {
    const onDone = (done: number, of: number) => line.show(`${done} of ${of} jobs done`);
    const onIdle = () =>
      terminal.note(`no worker is there; start one: meridian worker --redis ${redisUrl} --store ${store.place}`);
    await sendAndWait(sweep, store, { redisUrl, signal, onDone, onIdle });
  } finally {
    line.stop();
  }
}
