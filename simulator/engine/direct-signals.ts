import type { Plan } from "../scenario/plan.ts";
import type { Epochs } from "../world/epochs.ts";
import { FaultState } from "../world/faults/fault-state.ts";
import type { Lane } from "./direct-lanes.ts";
import type { DirectServers } from "./direct-servers.ts";
import type { SignalSource } from "./signals.ts";

interface Sources {
  readonly servers: readonly DirectServers[];
  /** Indexed `class * targets + target`. */
  readonly lanes: readonly (Lane | null)[];
  readonly epochs: Epochs;
}

/** What signals are read from on a direct path, where the world is servers and quotas. */
export function directSignals(plan: Plan, seed: number, { servers, lanes, epochs }: Sources): SignalSource {
  return {
    faults: new FaultState(plan.world, seed),
    epochAt: (nowMs) => epochs.at(nowMs),
    outstanding: (target, model) => {
      const route = plan.world.routes[target * plan.models.length + model];
      return route?.destinations.reduce((sum, endpoint) => sum + servers[endpoint]!.outstanding, 0) ?? 0;
    },
    quotaHeadroom: (nowMs, target, _model, classIndex) =>
      lanes[classIndex * plan.targets.length + target]?.quota?.headroom(nowMs) ?? 1,
  };
}
