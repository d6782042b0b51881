import assert from "node:assert/strict";
import { test } from "node:test";
import { runJobs, withProgress } from "../../../scripts/io/run-experiment.ts";
import { createTerminal } from "../../../scripts/io/terminal.ts";
import { planJobs } from "../../../simulator/experiment/index.ts";
import { planOf, scenarioInput } from "../../simulator/scenario/base.ts";

const plan = planOf(scenarioInput({ replications: 2, strategies: ["round-robin"], requests: 150 }));

/** What a run of so many jobs calls, in order. */
async function callsOf(count: number, workers: number): Promise<readonly string[]> {
  const calls: string[] = [];
  const jobs = planJobs({ plan }, 2).slice(0, count);
  const { stop, ...options } = withProgress(jobs.length, {
    workers,
    signal: new AbortController().signal,
    bound: false,
    onFree: () => void calls.push("free"),
    terminal: createTerminal({ quiet: true }),
  });
  try {
    await runJobs({ plan }, jobs, { ...options, onJobDone: () => void calls.push("job done") });
  } finally {
    stop();
  }
  return calls;
}

test("says once that this thread is free: when workers take over, before they have done a job", async () => {
  assert.deepEqual(await callsOf(2, 2), ["free", "job done", "job done"]);
});

test("never does where this thread runs all jobs itself", async () => {
  // Of two jobs the second may go to a worker where other work in this process makes the first look long.
  assert.deepEqual(await callsOf(1, 1), ["job done"]);
});
