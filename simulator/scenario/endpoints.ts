import { type RegionDirectory, requireRegion } from "../base/regions.ts";
import type { Discipline } from "../service/capacity/capacity.ts";
import { type CapacitySpec, capacitySpecOf, isQueueing, scaleCapacity } from "../service/capacity/index.ts";
import type { EndpointPlan } from "../service/service-plan.ts";
import type { TargetDraft } from "./drafts.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";

const HOUR_MS = 3_600_000;
const CACHE_TTL_MS = { "5m": 300_000, "1h": 3_600_000 } as const;
/** Tiers whose calls are served before or after others. */
const LEVELLED: readonly string[] = ["priority", "flex", "reserved"];

export interface EndpointsInput {
  readonly scenario: Scenario;
  readonly regionNames: readonly string[];
  readonly directory: RegionDirectory;
  readonly startMs: number;
  readonly targets: readonly TargetDraft[];
  readonly problems: Problems;
}

/** Endpoint indices by what they are for. */
export interface Endpoints {
  readonly list: readonly EndpointPlan[];
  /** -1 where the model does not run in the region. */
  of(kind: "on-demand" | "batch" | "provisioned", region: number, model: number): number;
}

/**
 * The machines of a world: those for calls on demand, then those for batch where a target uses them, then what is
 * provisioned. Where tiers differ in level, endpoints serve by priority unless the scenario says `fcfs`.
 */
export function resolveEndpoints(input: EndpointsInput): Endpoints {
  const { scenario, regionNames, problems } = input;
  const { models, provisioned } = scenario.world;
  const modelNames = Object.keys(models);
  const list: EndpointPlan[] = [];
  const index = new Map<string, number>();
  const add = (kind: string, region: number, model: number, of: Pick<EndpointPlan, "capacity" | "windowMs">) => {
    index.set(`${kind}/${region}/${model}`, list.length);
    list.push({
      ...commonOf(input, region, model),
      ...of,
      id: endpointId(regionNames[region]!, modelNames[model]!, kind),
    });
  };
  const usual: Discipline = input.targets.some(({ tier }) => LEVELLED.includes(tier)) ? "priority" : "fcfs";
  const forEach = (
    visit: (model: Scenario["world"]["models"][string], m: number, region: number, name: string) => void,
  ) =>
    modelNames.forEach((name, m) => {
      regionNames.forEach((regionName, region) => {
        const model = models[name]!;
        if (model.regions === undefined || model.regions.includes(regionName)) visit(model, m, region, regionName);
      });
    });
  checkNames(input, modelNames);
  forEach((model, m, region, name) => {
    const capacity = capacitySpecOf(model.capacityIn[name] ?? model.capacity, usual);
    add("on-demand", region, m, { capacity, windowMs: Number.POSITIVE_INFINITY });
  });
  if (input.targets.some(({ tier }) => tier === "batch")) {
    forEach((model, m, region, name) => {
      const own = model.batch.capacity;
      const capacity =
        own === undefined
          ? spareMachines(capacitySpecOf(model.capacityIn[name] ?? model.capacity))
          : capacitySpecOf(own);
      const { window: windowMs } = model.batch;
      add("batch", region, m, { capacity: expiring(capacity, windowMs), windowMs });
    });
  }
  provisioned.forEach((entry, i) => {
    const where = `world.provisioned[${i}]`;
    const region = regionNames.indexOf(entry.region);
    const model = entry.model === undefined ? 0 : modelNames.indexOf(entry.model);
    if (region < 0 || model < 0) return;
    if (index.has(`provisioned/${region}/${model}`)) {
      const what = `${modelNames[model]} is provisioned in ${entry.region} twice`;
      problems.add("PROVISIONED_TWICE", where, what, "add the units up in one entry");
      return;
    }
    const unit = capacitySpecOf(entry.capacity);
    if (isQueueing(unit) && unit.background !== null) {
      const what = "provisioned machines have no other tenants";
      problems.add("PROVISIONED_WITH_BACKGROUND", `${where}.capacity.background`, what, "leave background out");
    }
    const capacity = scaleCapacity(unit, entry.units);
    add("provisioned", region, model, { capacity, windowMs: Number.POSITIVE_INFINITY });
  });
  return { list, of: (kind, region, model) => index.get(`${kind}/${region}/${model}`) ?? -1 };
}

function checkNames({ scenario, regionNames, problems }: EndpointsInput, modelNames: readonly string[]): void {
  for (const name of modelNames) {
    const spec = scenario.world.models[name]!;
    const where = `world.models.${name}`;
    for (const region of spec.regions ?? []) problems.indexOf(region, regionNames, "region", `${where}.regions`);
    for (const region of Object.keys(spec.capacityIn)) {
      problems.indexOf(region, regionNames, "region", `${where}.capacityIn.${region}`);
    }
  }
}

function endpointId(region: string, model: string, kind: string): string {
  return kind === "on-demand" ? `${region}/${model}` : `${region}/${model}/${kind}`;
}

function commonOf(input: EndpointsInput, region: number, model: number) {
  const spec = Object.values(input.scenario.world.models)[model]!;
  const facts = requireRegion(input.directory, input.regionNames[region]!, "world.regions");
  return {
    region,
    model,
    errorShare: spec.errors,
    cacheTtlMs: spec.cache === undefined ? 0 : CACHE_TTL_MS[spec.cache.ttl],
    cacheMinimumTokens: spec.cache?.minimumTokens ?? 0,
    localHourAtStart: (((input.startMs / HOUR_MS + facts.utcOffsetMinutes / 60) % 24) + 24) % 24,
  };
}

/** As many machines as for calls, all for batch, with a queue that takes everything. */
function spareMachines(spec: CapacitySpec): CapacitySpec {
  if (!isQueueing(spec)) return spec;
  const endless = Number.POSITIVE_INFINITY;
  return { ...spec, waitingRoom: endless, queueDelayMsMax: endless, background: null, patience: null };
}

/** Who has not begun when the window closes leaves the queue. */
function expiring(spec: CapacitySpec, windowMs: number): CapacitySpec {
  if (!isQueueing(spec) || spec.patience !== null) return spec;
  return { ...spec, patience: { kind: "constant", value: windowMs } };
}
