import type { Problem } from "../../errors.ts";
import { createProfileBook, type ProfileBook } from "../../profiles/profile-book.ts";
import type { ProfileData } from "../../profiles/profile-data.ts";
import { isSoldOnlyThroughProfiles } from "../../profiles/profile-only-models.ts";
import { STANDARD_LEVEL } from "../../world/capacity/waiting-line.ts";
import type { Placement } from "../../world/pricing/ledger.ts";
import {
  type PriceKey,
  priceKeyName,
  type RouteFamily,
  SERVICE_TIERS,
  type ServiceTier,
} from "../../world/pricing/prices.ts";
import { type RegionDirectory, requireRegion } from "../../world/regions.ts";
import type { EndpointPlan, RoutePlan } from "../../world/world-plan.ts";
import { capacitySpecOf } from "../capacity-schema.ts";
import type { Scenario } from "../schema.ts";
import type { Problems } from "./problems.ts";

const HOUR_MS = 3_600_000;
const CACHE_TTL_MS = { "5m": 300_000, "1h": 3_600_000 } as const;
const QUEUE_LEVEL: Readonly<Partial<Record<ServiceTier, number>>> = { priority: 0, flex: 2, batch: 3 };

/** A target as written, its route still a name. */
export interface TargetDraft {
  readonly id: string;
  readonly region: number;
  readonly route: string;
  readonly tier: ServiceTier;
}

/** A route without its quotas, which follow from the accounts. */
export type RouteDraft = Omit<RoutePlan, "quotas"> & {
  readonly family: RouteFamily;
  /** The id that a caller names: of the model or of the profile. */
  readonly calledId: string;
  /** Every region that the route may use, inside the world or not: residency is judged on these. */
  readonly reaches: readonly string[];
};

export interface Targets {
  readonly targets: readonly TargetDraft[];
  /** Indexed `target * models + model`; null where the target does not sell the model. */
  readonly routes: readonly (RouteDraft | null)[];
  readonly endpoints: readonly EndpointPlan[];
  readonly priceKeys: readonly PriceKey[];
  readonly placements: readonly Placement[];
  readonly placementRegion: readonly number[];
  /** Schedule key of (target, model); -1 where it is not sold. */
  readonly keyOfTarget: Int32Array;
}

export interface TargetsInput {
  readonly scenario: Scenario;
  readonly regionNames: readonly string[];
  readonly directory: RegionDirectory;
  readonly profiles: ProfileData;
  /** Backbone round trip, ms, indexed `source * regions + destination`. */
  readonly hopMs: Float64Array;
  readonly startMs: number;
  readonly problems: Problems;
}

/** Endpoints, targets and the routes between them; and what each pair is billed by. */
export function resolveTargets(input: TargetsInput): Targets {
  const { scenario, problems } = input;
  const { world } = scenario;
  const modelNames = Object.keys(world.models);
  const endpoints = endpointsOf(input, modelNames);
  const endpointOf = new Map(endpoints.map((endpoint, index) => [`${endpoint.region}/${endpoint.model}`, index]));
  const targets = draftsOf(input);
  const book = problems.attempt(() =>
    createProfileBook({
      data: input.profiles,
      spec: world.profiles,
      directory: input.directory,
      worldRegions: input.regionNames,
    }),
  );
  const money = new PlacementList();
  const keyOfTarget = new Int32Array(targets.length * modelNames.length).fill(-1);
  const routes: (RouteDraft | null)[] = [];
  targets.forEach((target, t) => {
    const unsold: Problem[] = [];
    modelNames.forEach((_model, m) => {
      const places = book === undefined ? null : placesOf(input, book, { target, model: m, index: t, unsold });
      if (places === null) {
        routes.push(null);
        return;
      }
      const known = places.inWorld.filter((region) => endpointOf.has(`${region}/${m}`));
      if (known.length === 0) {
        routes.push(null);
        return;
      }
      const ordered = [...known.filter((r) => r === target.region), ...known.filter((r) => r !== target.region)];
      const keyFor = (region: number): PriceKey => ({
        model: modelNames[m]!,
        region: input.regionNames[region]!,
        family: places.family,
        tier: target.tier,
        ...(world.models[modelNames[m]!]!.cache?.ttl === "1h" ? { cacheTtl: "1h" as const } : {}),
      });
      const sourceKey = money.key(keyFor(target.region));
      keyOfTarget[t * modelNames.length + m] = sourceKey;
      routes.push({
        sourceRegion: target.region,
        destinations: ordered.map((region) => endpointOf.get(`${region}/${m}`)!),
        hopMs: ordered.map((region) => input.hopMs[target.region * input.regionNames.length + region]!),
        placements: ordered.map((region) => money.placement(sourceKey, money.key(keyFor(region)), region)),
        rule: world.profileRule,
        queueLevel: QUEUE_LEVEL[target.tier] ?? STANDARD_LEVEL,
        overflow: null,
        family: places.family,
        calledId: places.calledId,
        reaches: places.reaches,
      });
    });
    // Models are sold through different routes: a target is wrong only if no model is sold there.
    if (unsold.length === modelNames.length) problems.list.push(...unsold);
  });
  for (let t = 0; t < targets.length; t++) {
    const own = routes.slice(t * modelNames.length, (t + 1) * modelNames.length);
    if (own.every((route) => route === null) && problems.list.length === 0) {
      problems.add(
        "TARGET_SELLS_NOTHING",
        `world.targets[${t}]`,
        `target "${targets[t]!.id}" sells none of the scenario's models`,
        "take it out, or give a model that its region or profile offers",
      );
    }
  }
  return { targets, routes, endpoints, ...money.result(), keyOfTarget };
}

function endpointsOf(input: TargetsInput, modelNames: readonly string[]): readonly EndpointPlan[] {
  const endpoints: EndpointPlan[] = [];
  const { scenario, regionNames, problems } = input;
  modelNames.forEach((name, model) => {
    const spec = scenario.world.models[name]!;
    const where = `world.models.${name}`;
    for (const region of spec.regions ?? []) problems.indexOf(region, regionNames, "region", `${where}.regions`);
    for (const region of Object.keys(spec.capacityIn)) {
      problems.indexOf(region, regionNames, "region", `${where}.capacityIn.${region}`);
    }
    regionNames.forEach((regionName, region) => {
      if (spec.regions !== undefined && !spec.regions.includes(regionName)) return;
      const facts = requireRegion(input.directory, regionName, "world.regions");
      endpoints.push({
        id: `${regionName}/${name}`,
        region,
        model,
        capacity: capacitySpecOf(spec.capacityIn[regionName] ?? spec.capacity),
        errorShare: spec.errors,
        cacheTtlMs: spec.cache === undefined ? 0 : CACHE_TTL_MS[spec.cache.ttl],
        cacheMinimumTokens: spec.cache?.minimumTokens ?? 0,
        localHourAtStart: (((input.startMs / HOUR_MS + facts.utcOffsetMinutes / 60) % 24) + 24) % 24,
      });
    });
  });
  return endpoints;
}

/** `us-east-1`, `eu-west-1/eu`, `us-east-1@priority`, or an object. */
function draftsOf(input: TargetsInput): readonly TargetDraft[] {
  const { scenario, regionNames, problems } = input;
  const models = Object.values(scenario.world.models);
  const runsAny = (name: string) => models.some(({ regions }) => regions === undefined || regions.includes(name));
  const written = scenario.world.targets ?? regionNames.filter(runsAny);
  const drafts = written.map((target, t): TargetDraft => {
    const where = `world.targets[${t}]`;
    const parts = typeof target === "string" ? parseTarget(target) : target;
    const { region, route, tier } = parts;
    if (!(SERVICE_TIERS as readonly string[]).includes(tier)) {
      problems.add(
        "TIER_UNKNOWN",
        where,
        `there is no service tier "${tier}"`,
        `tiers are ${SERVICE_TIERS.join(", ")}`,
      );
    }
    const usual = `${region}${route === "regional" ? "" : `/${route}`}${tier === "standard" ? "" : `@${tier}`}`;
    return {
      id: (typeof target === "string" ? undefined : target.id) ?? usual,
      region: Math.max(0, problems.indexOf(region, regionNames, "region", where)),
      route,
      tier: tier as ServiceTier,
    };
  });
  drafts.forEach((draft, t) => {
    if (drafts.findIndex((other) => other.id === draft.id) === t) return;
    problems.add(
      "TARGET_TWICE",
      `world.targets[${t}]`,
      `target "${draft.id}" is there twice`,
      "take one out, or give it an id",
    );
  });
  return drafts;
}

function parseTarget(text: string): { region: string; route: string; tier: string } {
  const [place = "", tier = "standard"] = text.split("@");
  const slash = place.indexOf("/");
  return slash < 0
    ? { region: place, route: "regional", tier }
    : { region: place.slice(0, slash), route: place.slice(slash + 1), tier };
}

interface Places {
  readonly family: RouteFamily;
  readonly calledId: string;
  readonly inWorld: readonly number[];
  readonly reaches: readonly string[];
}

/** Codes that say: this model is not to be had there, though another may be. */
const NOT_SOLD_THERE: readonly string[] = ["PROFILE_UNKNOWN", "PROFILE_NOT_OFFERED"];

interface Pair {
  readonly target: TargetDraft;
  readonly model: number;
  /** The target's place in the scenario. */
  readonly index: number;
  /** Receives why the model is not sold there. */
  readonly unsold: Problem[];
}

function placesOf(input: TargetsInput, book: ProfileBook, pair: Pair): Places | null {
  const { target, model, unsold } = pair;
  const { scenario, regionNames, problems } = input;
  const name = Object.keys(scenario.world.models)[model]!;
  const spec = scenario.world.models[name]!;
  const source = regionNames[target.region]!;
  const where = scenario.world.targets === undefined ? "world.targets" : `world.targets[${pair.index}]`;
  if (target.route === "regional") {
    if (isSoldOnlyThroughProfiles(spec.id)) {
      const profiles = book.profilesOf(spec.id, source).slice(0, 2);
      unsold.push({
        code: "MODEL_ONLY_THROUGH_PROFILES",
        where,
        what: `${spec.id} cannot be called in a region alone: it is sold only through inference profiles`,
        fix: `name profiles as targets, for example targets: [${profiles
          .map((profile) => `${source}/${profile.split(".")[0]}`)
          .join(", ")}]`,
      });
      return null;
    }
    return { family: "regional", calledId: spec.id, inWorld: [target.region], reaches: [source] };
  }
  const answer = book.route({ profile: target.route, modelId: spec.id, source });
  if ("code" in answer) {
    (NOT_SOLD_THERE.includes(answer.code) ? unsold : problems.list).push({ ...answer, where });
    return null;
  }
  return {
    family: answer.family,
    calledId: answer.profileId,
    inWorld: answer.inWorld.map((region) => regionNames.indexOf(region)),
    reaches: answer.destinations,
  };
}

/** Price keys and billing placements, each once. */
class PlacementList {
  private readonly keys: PriceKey[] = [];
  private readonly keyIndex = new Map<string, number>();
  private readonly placements: Placement[] = [];
  private readonly regions: number[] = [];
  private readonly placementIndex = new Map<string, number>();

  key(key: PriceKey): number {
    const name = priceKeyName(key);
    const known = this.keyIndex.get(name);
    if (known !== undefined) return known;
    this.keyIndex.set(name, this.keys.length);
    return this.keys.push(key) - 1;
  }

  placement(sourceKey: number, destinationKey: number, region: number): number {
    const name = `${sourceKey}/${destinationKey}/${region}`;
    const known = this.placementIndex.get(name);
    if (known !== undefined) return known;
    this.placementIndex.set(name, this.placements.length);
    this.regions.push(region);
    return this.placements.push({ sourceKey, destinationKey }) - 1;
  }

  result() {
    return { priceKeys: this.keys, placements: this.placements, placementRegion: this.regions };
  }
}
