/**
 * One job of a sweep, from its scenario to its result: the same bytes wherever and however often it runs, under a key of all that
 * the result follows from, so that equal content is one job.
 */
import { createHash } from "node:crypto";
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
import type { Scenario } from "../../simulator/scenario/schema.ts";
import { priceBookFile, recordedPriceFiles } from "../../simulator/service/pricing/schema.ts";
import type { SweepFile, SweepJob } from "../../simulator/sweep/job.ts";
import { type PreparedExperiment, prepareText, resultProvenance } from "../io/experiment.ts";
import type { Override } from "../io/overrides.ts";
import { packageVersion } from "../io/process.ts";
import { withBound } from "../io/run-experiment.ts";
import { type NamedDigest, tracesOf } from "../io/scenario-inputs.ts";
import { stableJson } from "../io/text-files.ts";
import { parsePath } from "../io/yaml-source.ts";
import type { JobStore } from "./job-store.ts";

/** What a thread is handed. */
export interface VariantTask {
  /** Of the job: what is run has to have it. */
  readonly key: string;
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
  return { key: job.key, scenarioYaml, scenarioFile, overrides: overridesAt(sweep, job) };
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

/**
 * Runs a job in this thread, step by step, so that a caller may stop between steps.
 *
 * @returns text for the store
 * @throws MeridianError environment, where this machine cannot read what the scenario names; data, JOB_CHANGED, where
 * the scenario or a file of it is not the one that was planned: its result must not go under the job's key
 */
export async function* runVariant(task: VariantTask): AsyncGenerator<JobProgress, string> {
  let experiment: PreparedExperiment;
  try {
    const { scenarioYaml, scenarioFile, overrides } = task;
    experiment = await prepareText(scenarioYaml, scenarioFile, { overrides, strategies: [] });
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
    // What this machine lacks says nothing of the job.
    if (error.problems.some(({ code }) => OF_THIS_MACHINE.test(code)))
      throw new MeridianError("environment", error.problems, { cause: error });
    const outcome: CannotRun = { kind: "cannot run", problems: error.problems };
    return stableJson(outcome);
  }
  if (jobKey(experiment) !== task.key) throw changed(task);
  const { inputs, outputs } = yield* simulate(experiment);
  const result = assembleResult(inputs, outputs, resultProvenance(experiment));
  return stableJson(await withBound(inputs, outputs, result));
}

const OF_THIS_MACHINE = /_(NOT_FOUND|NOT_A_FILE|IS_DIRECTORY|UNREADABLE|TOO_LARGE)$/;

function changed({ key, scenarioFile, overrides }: VariantTask): MeridianError {
  const at = overrides.map(({ origin }) => origin).join(", ");
  return new MeridianError("data", {
    code: "JOB_CHANGED",
    where: scenarioFile,
    what: `the scenario or a file that it reads is not the one that was planned (job ${key.slice(0, 12)}${at === "" ? "" : `, at ${at}`})`,
    fix: "give the sweep's command again, which plans what is there now; on other machines, bring the same files",
  });
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
  const jobs = planJobs(inputs, 1);
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

/** Whether this thread published the job's result, or another had before. */
export interface SweepOutcome {
  readonly state: "ran" | "was done";
}

/** Runs a job of a sweep that is not done yet and publishes its result. */
export async function* runStored(
  store: JobStore,
  sweep: SweepFile,
  job: SweepJob,
): AsyncGenerator<JobProgress, SweepOutcome> {
  if (await store.isDone(job.key)) return { state: "was done" };
  const text = yield* runVariant(taskOf(sweep, job));
  return { state: (await store.publish(job.key, text)) ? "ran" : "was done" };
}

/**
 * SHA-256 of the scenario as it runs, of the files that it reads and of the version that runs it.
 *
 * @param files in any order
 * @returns 64 hexadecimal digits
 */
export function jobKey({ yaml, files }: Pick<PreparedExperiment, "yaml" | "files">): string {
  const named = files.map(({ name, sha256 }) => [name, sha256]).toSorted(([a], [b]) => (a! < b! ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([packageVersion(), yaml, named]))
    .digest("hex");
}

/**
 * Of files that were read for a sweep, those that one of its scenarios names.
 *
 * @returns undefined where it names others, too, so that it has to be read itself
 */
export function filesFor(scenario: Scenario, known: readonly NamedDigest[]): readonly NamedDigest[] | undefined {
  const names = namesOfFiles(scenario);
  const found = known.filter(({ name }) => names.includes(name));
  return found.length === new Set(names).size ? found : undefined;
}

/** Names of the files of its own that a scenario asks for: those of `files`, where all of them can be read. */
function namesOfFiles(scenario: Scenario): readonly string[] {
  const { prices } = scenario.world;
  const book = priceBookFile(prices);
  const strategies = scenario.strategies.flatMap(({ file }) => (file === undefined ? [] : [file]));
  return [
    ...tracesOf(scenario).keys(),
    ...recordedPriceFiles(prices),
    ...(book === undefined ? [] : [book]),
    ...new Set(strategies),
  ];
}
