/** Routing on the service's side: which region of an inference profile runs a call. */
import type { SlotTable } from "../base/slot-table.ts";
import { keyedUniform, purposeKey } from "../random/keyed-random.ts";
import { ATTEMPT, ATTEMPT_INTS } from "./attempt-table.ts";
import type { Capacity } from "./capacity/capacity.ts";
import type { FaultState } from "./fault-state.ts";
import type { RoutePlan, ServicePlan } from "./service-plan.ts";

/** Most destinations whose trial an attempt records; profiles have fewer members. */
const TRIED_MAX = 31;

/**
 * The source region runs a call if it is a member and has room; otherwise a member with room, by the profile's rule;
 * when none has room, the one that is up with the shortest expected delay, the source before equals. If processing
 * fails there, the others are tried in turn; if none can, the failure is the answer.
 * Source: AWS Machine Learning Blog, "Getting started with cross-region inference" (capacity decides, never price).
 */
export class ServiceRouting {
  declare private readonly plan: ServicePlan;
  declare private readonly table: SlotTable;
  declare private readonly capacities: readonly Capacity[];
  declare private readonly faults: FaultState;
  declare private readonly key: number;

  constructor(
    plan: ServicePlan,
    table: SlotTable,
    physics: { readonly capacities: readonly Capacity[]; readonly faults: FaultState },
    seed: number,
  ) {
    this.plan = plan;
    this.table = table;
    this.capacities = physics.capacities;
    this.faults = physics.faults;
    this.key = purposeKey(seed, "profile");
  }

  /** Position in `route.destinations` of the one to try first; recorded as tried. */
  select(route: RoutePlan, attempt: number): number {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS;
    const choice = this.choose(route, ints[at + ATTEMPT.requestId]!, ints[at + ATTEMPT.ordinal]!);
    ints[at + ATTEMPT.tried] = choice < TRIED_MAX ? 1 << choice : 0;
    return choice;
  }

  /**
   * Position of the one to try after a failure: those with room first, in the profile's order; -1 when all were tried.
   */
  next(route: RoutePlan, attempt: number): number {
    const { ints } = this.table;
    const at = attempt * ATTEMPT_INTS + ATTEMPT.tried;
    const { destinations } = route;
    const tried = ints[at]!;
    let next = -1;
    for (let i = 0; i < destinations.length && i < TRIED_MAX; i++) {
      if ((tried & (1 << i)) !== 0 || this.isDown(destinations[i]!)) continue;
      if (next < 0 || this.capacities[destinations[i]!]!.hasRoom()) next = i;
      if (this.capacities[destinations[i]!]!.hasRoom()) break;
    }
    if (next >= 0) ints[at] = tried | (1 << next);
    return next;
  }

  isDown(endpoint: number): boolean {
    return this.faults.isDown(this.plan.endpoints[endpoint]!.region);
  }

  private choose(route: RoutePlan, requestId: number, ordinal: number): number {
    const { destinations } = route;
    const hasSource = this.plan.endpoints[destinations[0]!]!.region === route.sourceRegion;
    if (hasSource && this.isOpen(destinations[0]!)) return 0;
    const first = hasSource ? 1 : 0;
    let open = 0;
    for (let i = first; i < destinations.length; i++) if (this.isOpen(destinations[i]!)) open++;
    if (open === 0) return this.leastBusy(destinations, false);
    if (route.rule === "least-busy") return this.leastBusy(destinations, true);
    let skip = 0;
    if (route.rule === "random") skip = Math.floor(open * keyedUniform(this.key, requestId, ordinal));
    for (let i = first; i < destinations.length; i++) if (this.isOpen(destinations[i]!) && skip-- === 0) return i;
    return 0;
  }

  private isOpen(endpoint: number): boolean {
    return !this.isDown(endpoint) && this.capacities[endpoint]!.hasRoom();
  }

  private leastBusy(destinations: readonly number[], openOnly: boolean): number {
    let best = 0;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (let i = 0; i < destinations.length; i++) {
      const endpoint = destinations[i]!;
      if (this.isDown(endpoint)) continue;
      const capacity = this.capacities[endpoint]!;
      if (openOnly && !capacity.hasRoom()) continue;
      const load = capacity.expectedQueueDelayMs() + (capacity.inService + capacity.waiting) * 1e-6;
      if (load < bestLoad) {
        best = i;
        bestLoad = load;
      }
    }
    return best;
  }
}
