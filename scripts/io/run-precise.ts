/** Runs an experiment in stages: replications are added until the estimates are precise, or the time is used up. */

import { formatProblem, MeridianError } from "../../simulator/base/errors.ts";
import { parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { assembleResult } from "../../simulator/experiment/assemble.ts";
import type { JobOutput } from "../../simulator/experiment/index.ts";
import {
  FIRST_REPLICATIONS,
  isPrecise,
  MOST_REPLICATIONS,
  nextReplications,
  type PrecisionTarget,
  precisionTargets,
} from "../../simulator/experiment/precision.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { CommonOptions } from "../commands/command.ts";
import { type PreparedExperiment, resultProvenance } from "./experiment.ts";
import {
  jobsOf,
  type RunOptions,
  runJobs,
  type ShownOptions,
  withProgress,
  withWarmup,
  withYardsticks,
} from "./run-experiment.ts";
import type { Terminal } from "./terminal.ts";
import { defaultWorkers } from "./worker-pool.ts";

export interface PreciseOptions {
  /** Replications to begin with; the rule's least number where that is more. */
  readonly from: number;
  /** Half-width over mean that each interval must come under; 0 for as precise as the time allows. */
  readonly precision: number;
  /** Wall-clock time, ms; a stage that would exceed it is not begun. */
  readonly budgetMs: number;
  /** Whether the ranking that was asked for is settled; it is unless given. */
  readonly isRanked?: (result: RunResult) => boolean;
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
    const jobs = jobsOf({ inputs }, options.workers).filter(({ replication }) => replication >= done);
    options.onStage(wanted === done + 1 ? `replication ${wanted}` : `replications ${done + 1} to ${wanted}`);
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
    const isRanked = options.isRanked?.(result) ?? true;
    const wider = isRanked ? done : Math.ceil(done * UNRANKED_GROWTH);
    const next = Math.min(MOST_REPLICATIONS, Math.max(wider, nextReplications(targets, done, options.precision)));
    const spentMs = clockMs() - startedMs;
    const wouldTakeMs = (spentMs / done) * (next - done);
    const isDone = open.length === 0 && isRanked;
    if (isDone || done >= MOST_REPLICATIONS || spentMs + wouldTakeMs > options.budgetMs) {
      return { experiment, result: await withYardsticks(inputs, outputs, result, how), open };
    }
    wanted = next;
  }
}

/** Replications are so many times as many where only a ranking is open. */
const UNRANKED_GROWTH = 1.5;

/** What --precision and --budget ask for. */
export interface PrecisionRule {
  readonly precision: number;
  readonly budgetMs: number;
}

/** What --precision and --budget ask for; undefined where neither is given. */
export function precisionRule({ precision, budget, audit, cloudwatch }: CommonOptions): PrecisionRule | undefined {
  if (precision === undefined && budget === undefined) return undefined;
  const share = precision === undefined ? 0 : parseShare(String(precision));
  if (share === undefined || (precision !== undefined && (share <= 0 || share >= 1))) {
    throw new MeridianError("usage", {
      code: "PRECISION_VALUE",
      what: `"${String(precision)}" is not a precision`,
      where: "--precision",
      fix: "write a percentage above 0, for example 2%",
    });
  }
  const budgetMs = budget === undefined ? Number.POSITIVE_INFINITY : parseDurationMs(String(budget));
  if (budgetMs === undefined) {
    const fix = "write a time, for example 90s, 5m or 1h";
    throw new MeridianError("usage", {
      code: "BUDGET_VALUE",
      what: `"${String(budget)}" is not a duration`,
      where: "--budget",
      fix,
    });
  }
  if (audit !== undefined || cloudwatch !== undefined) {
    throw new MeridianError("usage", {
      code: "PRECISION_EVIDENCE",
      what: "evidence of single requests is not written while replications are added",
      fix: "run it again with --audit and the replications that were found, without --precision",
    });
  }
  return { precision: share, budgetMs };
}

export interface StageOptions extends Pick<ShownOptions, "workers" | "terminal" | "signal" | "foresight"> {
  /** Another place that is told how far each stage is. */
  readonly also?: () => NonNullable<ShownOptions["also"]>;
  readonly isRanked?: PreciseOptions["isRanked"];
}

/** Stages until precise or out of time. */
export function runInStages(
  rebuild: (replications: number) => Promise<PreparedExperiment>,
  experiment: PreparedExperiment,
  rule: PrecisionRule,
  { also, isRanked, ...shown }: StageOptions,
) {
  return runPrecise(rebuild, {
    ...rule,
    ...(isRanked === undefined ? {} : { isRanked }),
    from: experiment.inputs.plan.replications,
    workers: shown.workers ?? defaultWorkers(Number.POSITIVE_INFINITY),
    onStage: (text) => shown.terminal.note(text),
    how: (jobs) => withProgress(jobs, { ...shown, ...(also === undefined ? {} : { also: also() }) }),
  });
}

/** Says what stayed less precise than asked for; true where something did. A budget alone asks for nothing. */
export function imprecise(
  open: readonly PrecisionTarget[],
  rule: PrecisionRule | undefined,
  terminal: Terminal,
): boolean {
  if (rule === undefined || rule.precision === 0 || open.length === 0) return false;
  for (const { name, estimate, isShare } of open) {
    const { value, low, high, n } = estimate;
    const half =
      low === null || high === null || value === null ? null : (high - low) / 2 / (isShare ? 1 : Math.abs(value));
    const found = half === null ? "no interval" : `±${(100 * half).toPrecision(2)} ${isShare ? "points" : "%"}`;
    const what = `${name} is known to ${found} after ${n} replications, not to ${Number((100 * rule.precision).toPrecision(6))}`;
    terminal.problem(
      formatProblem({ code: "PRECISION_NOT_REACHED", what, fix: "give it more time with --budget, or ask for less" }),
    );
  }
  return true;
}
