import type { Plan } from "../simulator/scenario/plan.ts";
import { createWorldBackend, type WorldBackendOptions } from "./backends/world-backend.ts";
import type { CatalogData, ModelInfo, ProfileInfo } from "./catalog.ts";
import { DEFAULT_CATALOG } from "./default-catalog.ts";
import type { FleetOptions } from "./fleet.ts";

/** Context of a model of which nothing is known. */
const USUAL_CONTEXT_TOKENS = 200_000;

/**
 * What makes a fleet of a resolved scenario: an endpoint in each region that some target calls, the models and profiles
 * that its targets name, and its world behind them.
 */
export function scenarioFleet(
  plan: Plan,
  options: WorldBackendOptions = {},
): Pick<FleetOptions, "regions" | "catalog" | "backend"> {
  const sources = new Set(plan.targets.filter(({ isAsync }) => !isAsync).map(({ region }) => region));
  return {
    regions: plan.regionNames.filter((_, region) => sources.has(region)),
    catalog: catalogOf(plan),
    backend: (clock) => createWorldBackend(clock, plan, options),
  };
}

/** The models and profiles that a scenario's targets sell; the same id under several tiers is there once. */
export function catalogOf(plan: Plan): CatalogData {
  const profiles = new Map<string, ProfileInfo & { readonly destinationsBySource: Record<string, string[]> }>();
  const onDemand = plan.models.map(() => new Set<string>());
  plan.targets.forEach(({ region, calledIds, isAsync }, target) => {
    if (isAsync) return;
    const source = plan.regionNames[region]!;
    calledIds.forEach((calledId, model) => {
      const route = plan.world.routes[target * plan.models.length + model];
      if (calledId === null || route === null || route === undefined) return;
      const modelId = plan.models[model]!.id;
      if (calledId === modelId) {
        onDemand[model]!.add(source);
        return;
      }
      const kind = calledId.startsWith("global.") ? ("global" as const) : ("geographic" as const);
      const known = profiles.get(calledId) ?? { profileId: calledId, modelId, kind, destinationsBySource: {} };
      profiles.set(calledId, known);
      known.destinationsBySource[source] = route.destinations.map(
        (endpoint) => plan.regionNames[plan.world.endpoints[endpoint]!.region]!,
      );
    });
  });
  const models = plan.models.map(({ id, name, maxOutputTokens, burndown }, model): ModelInfo => {
    const facts = DEFAULT_CATALOG.models.find((known) => known.modelId === id);
    return {
      modelId: id,
      modelName: facts?.modelName ?? name,
      onDemandRegions: [...onDemand[model]!],
      contextTokens: facts?.contextTokens ?? USUAL_CONTEXT_TOKENS,
      maxOutputTokens,
      burndown,
    };
  });
  return { models: uniqueModels(models), profiles: [...profiles.values()] };
}

/** Two of the scenario's models may be one model of the service, with capacities of their own. */
function uniqueModels(models: readonly ModelInfo[]): readonly ModelInfo[] {
  const byId = new Map<string, ModelInfo>();
  for (const model of models) {
    const known = byId.get(model.modelId);
    const onDemandRegions = [...new Set([...(known?.onDemandRegions ?? []), ...model.onDemandRegions])];
    byId.set(model.modelId, { ...(known ?? model), onDemandRegions });
  }
  return [...byId.values()];
}
