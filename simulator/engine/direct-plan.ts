import type { SimulationObserver } from "../metrics/observer.ts";
import type { ClientPlan, Plan, StrategyPlan } from "../scenario/plan.ts";
import type { ClassTraffic } from "../traffic/class-traffic.ts";
import type { CapacitySpec } from "../world/capacity/index.ts";
import type { EndpointPlan, RoutePlan } from "../world/world-plan.ts";

/**
 * Whether callers and servers have nothing between them but quotas: no distance, no gateways, no service-side choice,
 * no faults, caches or tiers that spill over; plain servers; no clocks on the caller's side but those of retries; and
 * nobody who watches single requests. Then `DirectPath` runs the plan.
 */
export function isDirect(plan: Plan, strategy: StrategyPlan, observer: SimulationObserver | null): boolean {
  const { world, network } = plan;
  const client = strategy.client ?? plan.client;
  return (
    observer === null &&
    plan.gateways.length === 0 &&
    world.faults.length === 0 &&
    world.reservations.length === 0 &&
    network.rttMs.every((ms) => ms === 0) &&
    hasOnlyRetries(client) &&
    plan.targets.every(({ isAsync }) => !isAsync) &&
    world.endpoints.every(isPlain) &&
    (world.endpoints.every(({ cacheTtlMs }) => cacheTtlMs === 0) || !plan.traffic.some(hasPrefixes)) &&
    world.routes.every((route) => route === null || leadsStraight(route))
  );
}

function hasOnlyRetries({ retry, timeout, hedge }: ClientPlan): boolean {
  const isUntimed = timeout.attemptMs === Number.POSITIVE_INFINITY && timeout.requestMs === Number.POSITIVE_INFINITY;
  return retry.mode !== "adaptive" && isUntimed && hedge.hedgesMax === 0;
}

/** Servers with a law of their own: neither tokens nor tenants nor callers change it. */
function isPlain({ capacity, errorShare, windowMs }: EndpointPlan): boolean {
  return isPlainSlots(capacity) && errorShare === 0 && windowMs === Number.POSITIVE_INFINITY;
}

function isPlainSlots(capacity: CapacitySpec): boolean {
  return (
    capacity.kind === "slots" &&
    capacity.discipline === "fcfs" &&
    capacity.perInputTokenMs === 0 &&
    capacity.perOutputTokenMs === 0 &&
    capacity.patience === null &&
    capacity.background === null
  );
}

/** Whether prompts of a class may have a part that a cache could serve. */
function hasPrefixes({ tokens, recordings = {} }: ClassTraffic): boolean {
  const isRecorded = Object.values(recordings).some(
    (recording) => recording.kind === "trace" && recording.columns.prefixTokens !== undefined,
  );
  return isRecorded || tokens?.prefix !== undefined;
}

function leadsStraight(route: RoutePlan): boolean {
  return route.destinations.length === 1 && route.hopMs[0] === 0 && route.overflow === null && route.queueShare === 1;
}
