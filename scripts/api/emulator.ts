/**
 * `meridian/emulator`: Bedrock-compatible endpoints inside a test suite, with the physics of a scenario behind them.
 * It is the emulator's own entry, but `startFleet` also takes a scenario file.
 */
import {
  type Fleet,
  type FleetOptions as FleetOptionsOfPlan,
  startFleet as startFleetOfPlan,
} from "../../emulator/index.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { loadScenario, type Scenario, type ScenarioSource } from "./index.ts";

export * from "../../emulator/index.ts";

/** Options of {@link startFleet}; all are optional. */
export interface FleetOptions extends Omit<FleetOptionsOfPlan, "scenario"> {
  /** A scenario file, its text, a loaded scenario or its plan: regions, models and profiles, quotas, capacity, faults. */
  readonly scenario?: ScenarioSource | Scenario | Plan;
}

/**
 * Starts Bedrock-compatible endpoints in this process, one for each source region.
 *
 * @param options regions, physics and addresses
 * @returns the running fleet; close it when done
 * @throws MeridianError with every problem of the scenario; EMULATOR_HOST_NEEDS_TOKEN,
 *         EMULATOR_HOST_UNKNOWN, EMULATOR_PORT_RANGE (kind usage), EMULATOR_PORT_TAKEN (kind environment); nothing is left listening
 * @example
 * const fleet = await startFleet({ scenario: "chat.yaml" });
 * const client = new BedrockRuntimeClient({
 *   region: "us-east-1",
 *   endpoint: fleet.endpoint("us-east-1"),
 *   credentials: fleet.credentials,
 * });
 * // ... calls of the code under test ...
 * await fleet.close();
 */
export async function startFleet({ scenario, ...options }: FleetOptions = {}): Promise<Fleet> {
  return startFleetOfPlan(scenario === undefined ? options : { ...options, scenario: await planOf(scenario) });
}

async function planOf(scenario: NonNullable<FleetOptions["scenario"]>): Promise<Plan> {
  if (typeof scenario === "string" || "text" in scenario) return (await loadScenario(scenario)).plan;
  return "plan" in scenario ? scenario.plan : scenario;
}
