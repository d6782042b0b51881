/** One job of a sweep, from its scenario to its result: the same bytes wherever and however often it runs. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import {
  assembleResult,
  type ExperimentInputs,
  type JobOutput,
  type JobProgress,
  planJobs,
  planPilots,
  runJob,
  runPilot,
  settleWarmup,
} from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { SweepFile, SweepJob } from "../../simulator/sweep/job.ts";
import { type PreparedExperiment, prepareText, resultProvenance } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { withBound } from "../io/run-experiment.ts";
import { stableJson } from "../io/text-files.ts";
import { parsePath } from "../io/yaml-source.ts";

/** What a thread is handed. */
export interface VariantTask {
  readonly scenarioYaml: string;
  readonly scenarioFile: string;
  readonly overrides: readonly Override[];
}

/** What a job leaves in the store in place of a result where the scenario cannot run at its point: that is final, too. */
export interface CannotRun {
  readonly kind: "cannot run";
  readonly problems: readonly Problem[];
}

/** The document that a job left. */
export function parseOutcome(text: string): RunResult | CannotRun {
  return JSON.parse(text) as RunResult | CannotRun;
}

export function isResult(outcome: RunResult | CannotRun): outcome is RunResult {
  return "strategies" in outcome;
}

export function taskOf(sweep: SweepFile, job: SweepJob): VariantTask {
  const { scenarioYaml, scenarioFile } = sweep;
  return { scenarioYaml, scenarioFile, overrides: overridesAt(sweep, job) };
}

/** The values of a point, written over the scenario; null leaves the scenario's own. */
export function overridesAt(
  { factors }: Pick<SweepFile, "factors">,
  { values, replications }: Omit<SweepJob, "key">,
): readonly Override[] {
  const own = factors.flatMap(({ path }, i) => {
    const value = values[i] ?? null;
    return value === null ? [] : [{ path: parsePath(path)!, value, origin: `${path}=${JSON.stringify(value)}` }];
  });
  if (replications === undefined) return own;
  return [...own, { path: ["replications"], value: replications, origin: `replications=${replications}` }];
}

/** Runs a job in this thread, step by step, so that a caller may stop between steps. @returns text for the store */
export async function* runVariant(task: VariantTask): AsyncGenerator<JobProgress, string> {
  let experiment: PreparedExperiment;
  try {
    const { scenarioYaml, scenarioFile, overrides } = task;
    experiment = await prepareText(scenarioYaml, scenarioFile, { overrides, strategies: [] });
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
    const outcome: CannotRun = { kind: "cannot run", problems: error.problems };
    return stableJson(outcome);
  }
  const { inputs, outputs } = yield* simulate(experiment);
  const result = assembleResult(inputs, outputs, resultProvenance(experiment));
  return stableJson(await withBound(inputs, outputs, result));
}

function* simulate(
  experiment: PreparedExperiment,
): Generator<JobProgress, { readonly inputs: ExperimentInputs; readonly outputs: readonly JobOutput[] }> {
  let inputs = { ...experiment.inputs, skipQuotaNeeds: true };
  const pilots = planPilots(inputs.plan);
  if (pilots.length > 0) {
    const outputs = [];
    for (const pilot of pilots) outputs.push(yield* runPilot(inputs, pilot));
    inputs = { ...inputs, plan: settleWarmup(inputs.plan, outputs) };
  }
  const jobs = planJobs(inputs.plan, 1);
  const outputs: JobOutput[] = [];
  for (const [at, job] of jobs.entries()) {
    const steps = runJob(inputs, job);
    let step = steps.next();
    while (step.done !== true) {
      yield { ...step.value, share: (at + step.value.share) / jobs.length };
      step = steps.next();
    }
    outputs.push(step.value);
  }
  return { inputs, outputs };
}
