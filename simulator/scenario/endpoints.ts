/** The endpoints that serve the models of a scenario. */
import { type RegionDirectory, requireRegion } from "../base/regions.ts";
import { HOUR_MS, MINUTE_MS } from "../base/time.ts";
import type { Discipline } from "../service/capacity/capacity.ts";
import { type CapacitySpec, capacitySpecOf, isQueueing, scaleCapacity } from "../service/capacity/index.ts";
import type { EndpointPlan } from "../service/service-plan.ts";
import type { TargetDraft } from "./drafts.ts";
import type { SettledModel, SettledModels } from "./models.ts";
import type { Problems } from "./problems.ts";
import { hasLevelOfItsOwn, type ProvisionedInput } from "./tiers.ts";

const CACHE_TTL_MS = { "5m": 5 * MINUTE_MS, "1h": HOUR_MS } as const;

export interface EndpointsInput {
  readonly world: { readonly models: SettledModels; readonly provisioned: readonly ProvisionedInput[] };
  readonly regionNames: readonly string[];
  readonly directory: RegionDirectory;
  readonly startMs: number;
  readonly targets: readonly Pick<TargetDraft, "tier">[];
  readonly problems: Problems;
}

export type EndpointKind = "on-demand" | "batch" | "provisioned";

/** Endpoint indices by what they are for. */
export interface Endpoints {
  readonly list: readonly EndpointPlan[];
  /** -1 where the model does not run in the region. */
  indexOf(kind: EndpointKind, region: number, model: number): number;
}

/**
 * The endpoints of a world: those for calls on demand, then those for batch where a target uses them, then what is
 * provisioned. Where tiers differ in level, endpoints serve by priority unless the scenario says `fcfs`.
 */
export function resolveEndpoints(input: EndpointsInput): Endpoints {
  checkRegions(input);
  const endpoints = new EndpointList(input);
  addOnDemand(input, endpoints);
  if (input.targets.some(({ tier }) => tier === "batch")) addBatch(input, endpoints);
  addProvisioned(input, endpoints);
  return endpoints;
}

function checkRegions({ world, regionNames, problems }: EndpointsInput): void {
  for (const [name, { regions, capacityIn }] of Object.entries(world.models)) {
    const where = `world.models.${name}`;
    for (const region of regions ?? []) problems.indexOf(region, regionNames, "region", `${where}.regions`);
    for (const region of Object.keys(capacityIn)) {
      problems.indexOf(region, regionNames, "region", `${where}.capacityIn.${region}`);
    }
  }
}

function addOnDemand(input: EndpointsInput, endpoints: EndpointList): void {
  const usual: Discipline = input.targets.some(({ tier }) => hasLevelOfItsOwn(tier)) ? "priority" : "fcfs";
  for (const { model, m, region, regionName } of placesOfModels(input)) {
    const capacity = capacitySpecOf(model.capacityIn[regionName] ?? model.capacity, usual);
    endpoints.add("on-demand", region, m, capacity, Number.POSITIVE_INFINITY);
  }
}

function addBatch(input: EndpointsInput, endpoints: EndpointList): void {
  for (const { model, m, region, regionName } of placesOfModels(input)) {
    const { capacity: own, window: windowMs } = model.batch;
    const capacity =
      own === undefined
        ? withEndlessQueue(capacitySpecOf(model.capacityIn[regionName] ?? model.capacity))
        : capacitySpecOf(own);
    endpoints.add("batch", region, m, expiring(capacity, windowMs), windowMs);
  }
}

function addProvisioned({ world, regionNames, problems }: EndpointsInput, endpoints: EndpointList): void {
  const modelNames = Object.keys(world.models);
  world.provisioned.forEach((entry, i) => {
    const where = `world.provisioned[${i}]`;
    const region = regionNames.indexOf(entry.region);
    const model = entry.model === undefined ? 0 : modelNames.indexOf(entry.model);
    if (region < 0 || model < 0) return;
    if (endpoints.indexOf("provisioned", region, model) >= 0) {
      const what = `${modelNames[model]} is provisioned in ${entry.region} twice`;
      problems.add("PROVISIONED_TWICE", where, what, "add the units up in one entry");
      return;
    }
    const unit = capacitySpecOf(entry.capacity);
    if (isQueueing(unit) && unit.background !== null) {
      const what = "provisioned machines have no other tenants";
      problems.add("PROVISIONED_WITH_BACKGROUND", `${where}.capacity.background`, what, "leave background out");
    }
    endpoints.add("provisioned", region, model, scaleCapacity(unit, entry.units), Number.POSITIVE_INFINITY);
  });
}

interface PlaceOfModel {
  readonly model: SettledModel;
  readonly m: number;
  readonly region: number;
  readonly regionName: string;
}

/** Each model in each region that runs it. */
function placesOfModels({ world, regionNames }: EndpointsInput): readonly PlaceOfModel[] {
  return Object.values(world.models).flatMap((model, m) =>
    regionNames.flatMap((regionName, region) =>
      model.regions === undefined || model.regions.includes(regionName) ? [{ model, m, region, regionName }] : [],
    ),
  );
}

class EndpointList implements Endpoints {
  readonly list: EndpointPlan[] = [];
  private readonly index = new Map<string, number>();
  private readonly input: EndpointsInput;

  constructor(input: EndpointsInput) {
    this.input = input;
  }

  indexOf(kind: EndpointKind, region: number, model: number): number {
    return this.index.get(`${kind}/${region}/${model}`) ?? -1;
  }

  add(kind: EndpointKind, region: number, model: number, capacity: CapacitySpec, windowMs: number): void {
    const { world, regionNames, directory, startMs } = this.input;
    const [modelName, spec] = Object.entries(world.models)[model]!;
    const regionName = regionNames[region]!;
    const { utcOffsetMinutes } = requireRegion(directory, regionName, "world.regions");
    this.index.set(`${kind}/${region}/${model}`, this.list.length);
    this.list.push({
      region,
      model,
      errorShare: spec.errors,
      cacheTtlMs: spec.cache === undefined ? 0 : CACHE_TTL_MS[spec.cache.ttl],
      cacheMinimumTokens: spec.cache?.minimumTokens ?? 0,
      localHourAtStart: (((startMs / HOUR_MS + utcOffsetMinutes / 60) % 24) + 24) % 24,
      capacity,
      windowMs,
      id: kind === "on-demand" ? `${regionName}/${modelName}` : `${regionName}/${modelName}/${kind}`,
    });
  }
}

/** The capacity that calls on demand have, all of it for batch, with a queue that takes everything. */
function withEndlessQueue(spec: CapacitySpec): CapacitySpec {
  if (!isQueueing(spec)) return spec;
  const endless = Number.POSITIVE_INFINITY;
  return { ...spec, waitingRoom: endless, queueDelayMsMax: endless, background: null, patience: null };
}

/** A job that has not begun when the window closes leaves the queue. */
function expiring(spec: CapacitySpec, windowMs: number): CapacitySpec {
  if (!isQueueing(spec) || spec.patience !== null) return spec;
  return { ...spec, patience: { kind: "constant", value: windowMs } };
}
