import type { QuotaSpec } from "../../../simulator/service/quota/token-quota.ts";
import type { EndpointPlan, FaultSpec, RoutePlan, ServicePlan } from "../../../simulator/service/service-plan.ts";
import { slotsSpec } from "./capacity/driver.ts";

/** Worlds for tests: regions a, b, c with one model; everything can be overridden. */
export function endpointPlan(region: number, over: Partial<EndpointPlan> = {}): EndpointPlan {
  return {
    id: `${"abc"[region]}/m`,
    region,
    model: 0,
    capacity: slotsSpec({ servers: 2, service: { kind: "constant", value: 1000 } }),
    errorShare: 0,
    cacheTtlMs: 0,
    cacheMinimumTokens: 0,
    localHourAtStart: 0,
    windowMs: Number.POSITIVE_INFINITY,
    ...over,
  };
}

export function routePlan(destinations: readonly number[], over: Partial<RoutePlan> = {}): RoutePlan {
  return {
    sourceRegion: destinations[0]!,
    destinations,
    hopMs: destinations.map((_, i) => (i === 0 ? 0 : 60)),
    placements: destinations,
    longPrompts: null,
    rule: "in-order",
    quotas: [-1],
    queueLevel: 1,
    decodeFactor: 1,
    queueShare: 1,
    reservation: -1,
    overflow: null,
    ...over,
  };
}

export function servicePlan(over: Partial<ServicePlan> = {}): ServicePlan {
  return {
    startMs: 0,
    durationMs: 3_600_000,
    regionNames: ["a", "b", "c"],
    modelCount: 1,
    endpoints: [endpointPlan(0), endpointPlan(1), endpointPlan(2)],
    quotas: [],
    reservations: [],
    routes: [routePlan([0, 1, 2])],
    accountOfClass: [0],
    faults: [],
    healthDelayMs: 0,
    epochStartMs: Float64Array.of(0),
    ...over,
  };
}

export function fault(kind: FaultSpec["kind"], over: Partial<FaultSpec> = {}): FaultSpec {
  return {
    kind,
    region: 0,
    model: -1,
    atMs: Number.NaN,
    forMs: Number.NaN,
    mtbfMs: Number.NaN,
    mttrMs: Number.NaN,
    amount: 0,
    ...over,
  };
}

export function quotaSpec(tokensPerMinute: number, over: Partial<QuotaSpec> = {}): QuotaSpec {
  return {
    id: "default/a/m/on-demand",
    region: 0,
    model: 0,
    tokensPerMinute: { law: "clock-window", limit: tokensPerMinute, windowMs: 60_000, burst: tokensPerMinute },
    tokensPerDay: null,
    requests: null,
    burndown: 1,
    reservesCacheReads: false,
    reservesWeightedOutput: false,
    retryAfterMs: Number.NaN,
    ...over,
  };
}
