/**
 * `meridian`: the package as a library. Load a scenario, check it, simulate it. Reports of the result are in
 * `meridian/reports`, endpoints with the scenario's physics in `meridian/emulator`, routing in `meridian/strategies`.
 */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { type PreparedExperiment, prepareExperiment, prepareText } from "../io/experiment.ts";
import { parseSet } from "../io/overrides.ts";

export * from "../../simulator/index.ts";

/** A scenario file's name, or its text. */
export type ScenarioSource = string | ScenarioText;

/** A scenario as text. */
export interface ScenarioText {
  readonly text: string;
  /** Names the text in problems; paths in it are relative to this file's folder. `scenario.yaml` unless given. */
  readonly file?: string;
}

/** Options of {@link loadScenario} and {@link check}. */
export interface LoadOptions {
  /** Values over the scenario's, as `--set` takes them: `["replications=3", "world.prices.billing=destination"]`. */
  readonly set?: readonly string[];
  /** Labels of the strategies to keep; all unless given. */
  readonly strategies?: readonly string[];
}

/** A scenario that has been read, checked and resolved: all that can be wrong with it has been found. */
export interface Scenario {
  readonly name: string;
  readonly file: string;
  /** The scenario as it will run. */
  readonly yaml: string;
  /** One line for people: how many strategies, regions, classes, how long. */
  readonly summary: string;
  /** What is legal and should be known, one sentence each. */
  readonly notes: readonly string[];
  /** Names turned into indices, defaults filled in, reference data looked up. */
  readonly plan: Plan;
}

/** What {@link check} found. */
export interface CheckResult {
  /** Everything that is wrong, each with its line and a fix; empty when the scenario can run. */
  readonly problems: readonly Problem[];
  /** What is legal and should be known, one sentence each. */
  readonly notes: readonly string[];
}

/** Options of {@link simulate}. */
export interface SimulateOptions {
  /** Labels of the strategies to run; all unless given. */
  readonly strategies?: readonly string[];
  /** Worker threads; one per core unless given. The result does not depend on it. */
  readonly workers?: number;
  /** Stops the run. */
  readonly signal?: AbortSignal;
  /** Called now and then with the share of the run that is done, in [0, 1]. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Reads and checks a scenario.
 *
 * @param source  path of a file, or the text itself
 * @param options values to change, and the strategies to keep
 * @returns the scenario as it will run, with its notes
 * @throws MeridianError (usage or data) with every problem found
 * @example
 * const scenario = await loadScenario("chat.yaml", { set: ["replications=3"] });
 */
export async function loadScenario(source: ScenarioSource, options: LoadOptions = {}): Promise<Scenario> {
  const { file, experiment } = await prepareSource(source, {
    set: options.set ?? [],
    strategies: options.strategies ?? [],
  });
  const { plan } = experiment.inputs;
  return { name: plan.name, file, yaml: experiment.yaml, summary: experiment.summary, notes: plan.notes, plan };
}

/**
 * Checks a scenario without running it: what `meridian check` prints, as data.
 *
 * @param source  path of a file, or the text itself
 * @param options values to change, and the strategies to keep
 * @returns every problem of a stage (none for a good scenario), and what is legal and should be known
 * @throws nothing for a wrong scenario: its problems are the result
 * @example
 * const { problems } = await check("chat.yaml");
 * for (const { code, where, what, fix } of problems) console.log(code, where, what, fix);
 */
export async function check(source: ScenarioSource, options: LoadOptions = {}): Promise<CheckResult> {
  try {
    const { notes } = await loadScenario(source, options);
    return { problems: [], notes };
  } catch (error) {
    if (!(error instanceof MeridianError) || error.kind === "internal") throw error;
    return { problems: error.problems, notes: [] };
  }
}

/**
 * Simulates every strategy of a scenario on the same traffic, on worker threads, and compares them. The same scenario
 * gives the same result, to the last bit, as `meridian simulate` saves in result.json.
 *
 * @param scenario from `loadScenario`
 * @param options  strategies to run, number of workers, a signal to stop, a callback for progress
 * @returns what result.json holds: latencies in ms, money in USD, shares in [0, 1], each with its interval
 * @throws MeridianError STRATEGY_NOT_IN_SCENARIO; INTERRUPTED when the signal fired; WORKER_OUT_OF_MEMORY
 * @example
 * const result = await simulate(await loadScenario("chat.yaml"), { strategies: ["single", "round-robin"] });
 * console.log(result.verdict);
 */
export async function simulate(scenario: Scenario, options: SimulateOptions = {}): Promise<RunResult> {
  const { strategies = [], signal = new AbortController().signal, onProgress } = options;
  const source = { text: scenario.yaml, file: scenario.file };
  const { experiment } = await prepareSource(source, { set: [], strategies });
  const { jobsOf, runExperiment } = await import("../io/run-experiment.ts");
  const jobs = jobsOf(experiment, options.workers);
  const shares = new Float64Array(jobs.length);
  const tell = (job: number, share: number): void => {
    shares[job] = share;
    onProgress?.(shares.reduce((sum, each) => sum + each, 0) / jobs.length);
  };
  return runExperiment(experiment, jobs, {
    workers: options.workers,
    signal,
    onProgress: (job, { share }) => tell(job, share),
    onJobDone: (job) => tell(job, 1),
  });
}

interface Changes {
  readonly set: readonly string[];
  readonly strategies: readonly string[];
}

async function prepareSource(
  source: ScenarioSource,
  { set, strategies }: Changes,
): Promise<{ readonly file: string; readonly experiment: PreparedExperiment }> {
  const options = { overrides: set.map(parseSet), strategies };
  if (typeof source === "string") return { file: source, experiment: await prepareExperiment(source, options) };
  const file = source.file ?? "scenario.yaml";
  return { file, experiment: await prepareText(source.text, file, options) };
}
