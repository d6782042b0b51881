import { MeridianError } from "../../simulator/errors.ts";
import type { ScheduleRow } from "../../simulator/replay/schedule.ts";
import { terminalAsk } from "../io/ask.ts";
import type { PreparedExperiment } from "../io/experiment.ts";
import { openBedrock, planBedrock } from "./bench-bedrock.ts";
import { bedrockDryRun, freeDryRun, k6Command, printDryRun } from "./bench-dry-run.ts";
import { executorOf } from "./bench-options.ts";
import { BEDROCK, type BenchSetup, freeSetup } from "./bench-target.ts";
import type { CommandInput, CommonOptions } from "./command.ts";

/**
 * What will be sent where, with all locks open; undefined after a dry run, which has said so and is done.
 *
 * @throws MeridianError for all that must not be sent
 */
export async function benchSetup(
  experiment: PreparedExperiment,
  drawn: readonly ScheduleRow[],
  { args, options, terminal, signal }: CommandInput,
): Promise<BenchSetup | undefined> {
  refuseBudgetOfExecutor(options);
  const { plan } = experiment.inputs;
  const file = args[0]!;
  const isDry = options.dryRun === true;
  if (options.target !== BEDROCK) {
    const setup = await freeSetup(plan, drawn, options);
    if (!isDry) return setup;
    printDryRun(freeDryRun(file, plan, setup, await k6Command()), options, terminal);
    return undefined;
  }
  const planned = await planBedrock(experiment, drawn, options);
  if (!isDry) {
    const note = (text: string): void => terminal.note(text);
    return openBedrock(plan, planned, options, { ask: terminalAsk(signal), signal, note });
  }
  printDryRun(bedrockDryRun(file, plan, planned, await k6Command()), options, terminal);
  return undefined;
}

/** Virtual users of k6's own executors come and go, so a budget cannot be shared among them. */
function refuseBudgetOfExecutor(options: CommonOptions): void {
  if (executorOf(options) === undefined || (options.budgetUsd === undefined && options.target !== BEDROCK)) return;
  throw new MeridianError("usage", {
    code: "BENCH_BUDGET_EXECUTOR",
    what: "no budget can be kept under an executor of k6",
    where: "--executor",
    fix: "leave --executor out, or bench an emulator without --budget-usd",
  });
}
