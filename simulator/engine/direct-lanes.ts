import type { Plan } from "../scenario/plan.ts";
import type { TokenQuota } from "../world/quota/token-quota.ts";
import type { DirectServers } from "./direct-servers.ts";
import { hasObjective } from "./row-books.ts";

/** All that a plan says of calls of one class at one target, looked up once. */
export interface Lane {
  readonly classIndex: number;
  readonly target: number;
  readonly model: number;
  /** Source region, and the region that runs it. */
  readonly region: number;
  readonly destination: number;
  readonly endpoint: number;
  readonly servers: DirectServers;
  /** Null where none applies. */
  readonly quota: TokenQuota | null;
  /** What the quota's refusals tell the caller to wait, ms; NaN = nothing. */
  readonly retryAfterMs: number;
  readonly placement: number;
  readonly isViolation: boolean;
  readonly hasObjective: boolean;
  readonly sloE2eMs: number;
  readonly sloTtftMs: number;
}

/** Indexed `class * targets + target`; null where the target does not sell the class's model. */
export function createLanes(
  plan: Plan,
  servers: readonly DirectServers[],
  quotas: readonly TokenQuota[],
): readonly (Lane | null)[] {
  const { world, models } = plan;
  return plan.classes.flatMap((each, classIndex) =>
    plan.targets.map(({ region }, target): Lane | null => {
      const route = world.routes[target * models.length + each.model];
      if (route === null || route === undefined) return null;
      const endpoint = route.destinations[0]!;
      const destination = world.endpoints[endpoint]!.region;
      const quota = route.quotas[world.accountOfClass[classIndex]!]!;
      return {
        classIndex,
        target,
        model: each.model,
        region,
        destination,
        endpoint,
        servers: servers[endpoint]!,
        quota: quota < 0 ? null : quotas[quota]!,
        retryAfterMs: world.quotas[quota]?.retryAfterMs ?? Number.NaN,
        placement: route.placements[0]!,
        isViolation: each.allowedRegions[destination] === 0,
        hasObjective: hasObjective(each),
        sloE2eMs: each.sloE2eMs,
        sloTtftMs: each.sloTtftMs,
      };
    }),
  );
}
