/** Runs an experiment in stages: replications are added until the estimates are precise, or the time is used up. */

import { assembleResult } from "../../simulator/experiment/assemble.ts";
import { type JobOutput, planJobs } from "../../simulator/experiment/index.ts";
import {
  FIRST_REPLICATIONS,
  isPrecise,
  MOST_REPLICATIONS,
  nextReplications,
  type PrecisionTarget,
  precisionTargets,
} from "../../simulator/experiment/precision.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import { type PreparedExperiment, resultProvenance } from "./experiment.ts";
import { type RunOptions, runJobs, withWarmup } from "./run-experiment.ts";

export interface PreciseOptions {
  /** Replications to begin with; the rule's least number where that is more. */
  readonly from: number;
  /** Half-width over mean that each interval must come under; 0 for as precise as the time allows. */
  readonly precision: number;
  /** Wall-clock time, ms; a stage that would exceed it is not begun. */
  readonly budgetMs: number;
  /** Called before each stage. */
  readonly onStage: (text: string) => void;
  /** What runs a stage: all its jobs with progress. */
  readonly how: (jobs: number) => RunOptions & { stop(): void };
  /** Worker threads a stage is cut for. */
  readonly workers: number;
  readonly clockMs?: () => number;
}

/** How a run in stages ended. */
export interface PreciseRun {
  readonly result: RunResult;
  /** Targets that are not precise; none where the precision was reached. */
  readonly open: readonly PrecisionTarget[];
}

/**
 * Adds replications stage by stage. The result is, to the last bit, that of a run which was asked for as many
 * replications at once.
 *
 * @param rebuild the experiment with another number of replications
 */
export async function runPrecise(
  rebuild: (replications: number) => Promise<PreparedExperiment>,
  options: PreciseOptions,
): Promise<{ readonly experiment: PreparedExperiment } & PreciseRun> {
  const clockMs = options.clockMs ?? (() => performance.now());
  const startedMs = clockMs();
  const outputs: JobOutput[] = [];
  let done = 0;
  let wanted = Math.max(FIRST_REPLICATIONS, options.from);
  for (;;) {
    const experiment = await rebuild(wanted);
    const first = options.how(1);
    const inputs = await withWarmup(experiment.inputs, first);
    first.stop();
    const jobs = planJobs(inputs.plan, options.workers).filter(({ replication }) => replication >= done);
    options.onStage(`replications ${done + 1} to ${wanted}`);
    const how = options.how(jobs.length);
    try {
      outputs.push(...(await runJobs(inputs, jobs, how)));
    } finally {
      how.stop();
    }
    done = wanted;
    const result = assembleResult(inputs, outputs, resultProvenance(experiment));
    const targets = precisionTargets(result, inputs.plan.assertions);
    const open = targets.filter((target) => !isPrecise(target, options.precision));
    const next = nextReplications(targets, done, options.precision);
    const spentMs = clockMs() - startedMs;
    const wouldTakeMs = (spentMs / done) * (next - done);
    if (open.length === 0 || done >= MOST_REPLICATIONS || spentMs + wouldTakeMs > options.budgetMs) {
      return { experiment, result, open };
    }
    wanted = next;
  }
}
