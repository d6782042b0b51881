import { plannedCalls } from "../../simulator/replay/planned-calls.ts";
import type { ReplayOperation } from "../../simulator/replay/replay-plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { loadEndpoints } from "../io/k6/endpoints-file.ts";
import { type BenchTarget, emulatorTarget, endpointsTarget } from "../io/k6/target.ts";
import type { CommonOptions } from "./command.ts";

/**
 * What `--target` names.
 *
 * @throws MeridianError for a file of endpoints that cannot be read or must not be called
 */
export async function benchTargetOf(plan: Plan, options: CommonOptions): Promise<BenchTarget> {
  const operation = options.api as ReplayOperation;
  const name = String(options.target);
  if (name === "emulator") return emulatorTarget(plan, operation);
  const sources = new Set(plan.targets.map(({ region }) => plan.regionNames[region]!));
  const set = await loadEndpoints(name, {
    regions: [...sources],
    calls: plannedCalls(plan),
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    env: process.env,
  });
  return endpointsTarget(set, name, operation);
}
