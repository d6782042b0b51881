import { stringify } from "yaml";
import { assembleResult, type JobOutput, planJobs, runJob } from "../../simulator/experiment/index.ts";
import type { RunResult } from "../../simulator/experiment/result.ts";
import type { ScenarioInput } from "../../simulator/scenario/schema.ts";
import { prepareText } from "../io/experiment.ts";
import { type Budget, type Oracle, scenarioOf, toleranceOf } from "./oracle.ts";
import { type Reading, readQuantity } from "./quantities.ts";

/** What a row answered, and whether that will do. */
export interface Answer extends Reading {
  readonly oracle: Oracle;
  readonly tolerance: number;
  readonly isMet: boolean;
}

/** Asks one row: writes its scenario file, runs it in this thread, reads the result. */
export async function ask(oracle: Oracle, budget: Budget): Promise<Answer> {
  const reading = readQuantity(await runScenario(scenarioOf(oracle, budget)), oracle.quantity);
  const tolerance = toleranceOf(oracle, budget);
  return { ...reading, oracle, tolerance, isMet: meets(oracle, reading, tolerance) };
}

/** Runs a scenario by way of its YAML text, as the command does, on this thread and without writing a folder. */
export async function runScenario(scenario: ScenarioInput): Promise<RunResult> {
  const { inputs } = await prepareText(stringify(scenario, { aliasDuplicateObjects: false }), `${scenario.name}.yaml`);
  const outputs: JobOutput[] = [];
  for (const job of planJobs(inputs.plan, 1)) {
    const steps = runJob(inputs, job);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    outputs.push(step.value);
  }
  return assembleResult(inputs, outputs, { scenarioSha256: "", meridianVersion: "", traces: [] });
}

function meets({ compare, value }: Oracle, reading: Reading, tolerance: number): boolean {
  if (compare === "at-most") return (reading.high ?? reading.value) <= value;
  return Math.abs(reading.value / value - 1) <= tolerance;
}
