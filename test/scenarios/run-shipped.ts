import { join } from "node:path";
import { prepareExperiment } from "../../scripts/io/experiment.ts";
import { parseSet } from "../../scripts/io/overrides.ts";
import { assembleResult, type JobOutput, planJobs, runJob } from "../../simulator/experiment/index.ts";
import type { GroupResult, RunResult } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "scenarios");

/** A shipped scenario as `meridian simulate <name>.yaml --set ...` would run it. */
export async function prepareShipped(name: string, sets: readonly string[] = [], strategies: readonly string[] = []) {
  return prepareExperiment(join(FOLDER, `${name}.yaml`), { overrides: sets.map(parseSet), strategies });
}

/**
 * Runs it on this thread with one replication; `sets` make it shorter. Strategies meet the same draws whoever else
 * runs, so `strategies` leaves out those that a test does not ask about; and what quotas the calls would need, which
 * takes as long as the run, is asked by tests of its own.
 */
export async function runShipped(
  name: string,
  sets: readonly string[],
  strategies: readonly string[] = [],
): Promise<{ readonly plan: Plan; readonly result: RunResult }> {
  const prepared = await prepareShipped(name, ["replications=1", ...sets], strategies);
  const inputs = { ...prepared.inputs, skipQuotaNeeds: true };
  const outputs: JobOutput[] = [];
  for (const job of planJobs(inputs, 1)) {
    const steps = runJob(inputs, job);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    outputs.push(step.value);
  }
  const result = assembleResult(inputs, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
  return { plan: inputs.plan, result };
}

/** What a strategy did, in all or with one class. */
export function groupOf(result: RunResult, strategy: string, className?: string): GroupResult {
  const found = result.strategies.find((each) => each.name === strategy);
  const group = className === undefined ? found?.total : found?.byClass.find((each) => each.name === className);
  if (group === undefined) throw new Error(`the result has no ${strategy} / ${className ?? "total"}`);
  return group;
}

/** Cost of a served request, USD per 1,000, as the scenario is billed. */
export function costOf(result: RunResult, strategy: string, className?: string): number {
  return groupOf(result, strategy, className).cost[result.billing].usdPer1kServed.value!;
}

/** 1 - cost per served request / that of the other strategy. */
export function savingOf(result: RunResult, strategy: string, other: string, className?: string): number {
  return 1 - costOf(result, strategy, className) / costOf(result, other, className);
}
