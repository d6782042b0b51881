import type { Problem } from "../base/errors.ts";
import type { RegionDirectory } from "../base/regions.ts";
import { STANDARD_LEVEL } from "../service/capacity/capacity.ts";
import type { Placement } from "../service/pricing/billing.ts";
import { PREPAID, type PriceKey, type ServiceTier } from "../service/pricing/prices.ts";
import { createProfileBook, type ProfileBook, type ProfileData } from "../service/profiles.ts";
import type { ReservationSpec } from "../service/quota/token-quota.ts";
import type { EndpointPlan } from "../service/service-plan.ts";
import type { RouteDraft, TargetDraft } from "./drafts.ts";
import { type Endpoints, resolveEndpoints } from "./endpoints.ts";
import { type Places, placesOf } from "./places.ts";
import { inWorld, type Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";
import { draftsOf, PlacementList, routeOfReserved } from "./target-drafts.ts";
import type { TargetTier } from "./tiers.ts";

/** Tiers that are served before the standard one, or after it. */
const QUEUE_LEVEL: Readonly<Partial<Record<TargetTier, number>>> = { priority: 0, reserved: 0, flex: 2 };

export interface Targets {
  readonly targets: readonly TargetDraft[];
  /** Indexed `target * models + model`; null where the target does not sell the model. */
  readonly routes: readonly (RouteDraft | null)[];
  readonly endpoints: readonly EndpointPlan[];
  readonly reservations: readonly ReservationSpec[];
  /** Which entry of the scenario a target stands for, by model. */
  readonly bought: readonly Bought[];
  readonly priceKeys: readonly PriceKey[];
  readonly placements: readonly Placement[];
  readonly placementRegion: readonly number[];
  /** Schedule key of (target, model); -1 where it is not sold. */
  readonly keyOfTarget: Int32Array;
}

export interface Bought {
  readonly kind: "provisioned" | "reserved";
  /** Index in `world.provisioned` or `world.reserved`. */
  readonly entry: number;
  readonly target: number;
  readonly model: number;
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
  const modelNames = Object.keys(scenario.world.models);
  const book = problems.attempt(
    () =>
      createProfileBook({
        data: input.profiles,
        spec: scenario.world.profiles,
        directory: input.directory,
        worldRegions: input.regionNames,
      }),
    inWorld,
  );
  const targets = draftsOf({ ...input, book });
  const endpoints = resolveEndpoints({ ...input, targets });
  const maker = new RouteMaker(input, endpoints, book);
  const routes: (RouteDraft | null)[] = [];
  for (const [t, target] of targets.entries()) {
    const unsold: Problem[] = [];
    const own = modelNames.map((_, m) => maker.route({ ...target, index: t }, m, unsold));
    routes.push(...own);
    // Models are sold through different routes: a target is wrong only if no model is sold there.
    if (unsold.length === modelNames.length) problems.list.push(...unsold);
    if (own.every((route) => route === null) && problems.list.length === 0) {
      problems.add(
        "TARGET_SELLS_NOTHING",
        target.where,
        `target "${target.id}" sells none of the scenario's models`,
        "take it out, or give a model that its region or profile offers",
      );
    }
  }
  const { money, reservations, bought } = maker;
  const keyOfTarget = Int32Array.from(routes, (route) =>
    route === null ? -1 : money.placements[route.placements[0]!]!.sourceKey,
  );
  const { priceKeys, placements, placementRegion } = money;
  return {
    targets,
    routes,
    endpoints: endpoints.list,
    reservations,
    bought,
    priceKeys,
    placements,
    placementRegion,
    keyOfTarget,
  };
}

interface RouteOf {
  readonly source: number;
  readonly model: number;
  readonly places: Places;
  readonly kind: Parameters<Endpoints["of"]>[0];
  readonly tier: TargetTier;
}

type IndexedDraft = TargetDraft & { readonly index: number };

/** Makes routes one by one, and keeps the keys, placements and reservations that they need. */
class RouteMaker {
  readonly money = new PlacementList();
  readonly reservations: ReservationSpec[] = [];
  readonly bought: Bought[] = [];
  private readonly input: TargetsInput;
  private readonly endpoints: Endpoints;
  private readonly book: ProfileBook | undefined;

  constructor(input: TargetsInput, endpoints: Endpoints, book: ProfileBook | undefined) {
    this.input = input;
    this.endpoints = endpoints;
    this.book = book;
  }

  /** @param unsold receives why the model is not sold at the target */
  route(target: IndexedDraft, model: number, unsold: Problem[]): RouteDraft | null {
    if (this.book === undefined) return null;
    if (target.route === "provisioned") return this.provisioned(target, model, unsold);
    const suffix = target.tier === "standard" ? "" : `@${target.tier}`;
    const route = target.route === "batch" ? "regional" : target.route;
    const { region, where } = target;
    const places = placesOf(this.input, this.book, { region, route, model, suffix, where, unsold });
    if (places === null) return null;
    const kind = target.tier === "batch" ? "batch" : "on-demand";
    const base = { source: target.region, model, places, kind } as const;
    if (target.tier === "reserved") return this.reserved(base, target, unsold);
    const overflow = target.tier === "latency-optimized" ? this.plain({ ...base, tier: "standard" }) : null;
    const plain = this.plain({ ...base, tier: target.tier });
    return plain === null ? null : { ...plain, overflow };
  }

  private provisioned(target: IndexedDraft, model: number, unsold: Problem[]): RouteDraft | null {
    const { scenario, regionNames } = this.input;
    const [name, spec] = Object.entries(scenario.world.models)[model]!;
    const region = regionNames[target.region]!;
    const i = scenario.world.provisioned.findIndex(
      (entry) => entry.region === region && (entry.model ?? name) === name,
    );
    if (i < 0) {
      unsold.push({
        code: "PROVISIONED_MISSING",
        where: target.where,
        what: `nothing is provisioned in ${region} for ${name}`,
        fix: `buy it: world.provisioned: [{ region: ${region}, model: ${name}, units: 1, capacity: {...} }]`,
      });
      return null;
    }
    const places: Places = { family: "regional", calledId: spec.id, inWorld: [target.region], reaches: [region] };
    const plain = this.plain({ source: target.region, model, places, kind: "provisioned", tier: "reserved" });
    const entry = scenario.world.provisioned[i]!;
    this.bought.push({ kind: "provisioned", entry: i, target: target.index, model });
    if (plain === null || entry.overflow === "none") return plain;
    const route = entry.overflow === "standard" ? "regional" : entry.overflow;
    const where = `world.provisioned[${i}].overflow`;
    const refused: Problem[] = [];
    const question = { region: target.region, route, model, suffix: "", where, unsold: refused };
    const overflowPlaces = placesOf(this.input, this.book!, question);
    this.input.problems.list.push(...refused.map((problem) => overflowProblem(problem, this.book!, spec.id, region)));
    if (overflowPlaces === null) return plain;
    const base = { source: target.region, model, places: overflowPlaces, kind: "on-demand", tier: "standard" } as const;
    return withOverflow(plain, this.plain(base));
  }

  private reserved(base: Omit<RouteOf, "tier">, target: IndexedDraft, unsold: Problem[]): RouteDraft | null {
    const { scenario, regionNames } = this.input;
    const [name, spec] = Object.entries(scenario.world.models)[base.model]!;
    const region = regionNames[target.region]!;
    const i = scenario.world.reserved.findIndex(
      (each) =>
        each.region === region &&
        (each.model ?? name) === name &&
        routeOfReserved(each, spec, this.book) === target.route,
    );
    const entry = scenario.world.reserved[i];
    if (entry === undefined) {
      unsold.push({
        code: "RESERVED_MISSING",
        where: target.where,
        what: `no tokens per minute of ${name} are reserved for "${target.id}"`,
        fix: `reserve them: world.reserved: [{ region: ${region}, model: ${name}, route: ${target.route}, inputTokensPerMinute: 100k, outputTokensPerMinute: 10k }]`,
      });
      return null;
    }
    const plain = this.plain({ ...base, tier: "reserved" });
    if (plain === null) return null;
    this.bought.push({ kind: "reserved", entry: i, target: target.index, model: base.model });
    const { inputTokensPerMinute, outputTokensPerMinute } = entry;
    const id = `${region}/${name}/${target.route}@reserved`;
    let reservation = this.reservations.findIndex((each) => each.id === id);
    if (reservation < 0) {
      const spec = { id, inputTokensPerMinute, outputTokensPerMinute, law: "token-bucket" } as const;
      reservation = this.reservations.push(spec) - 1;
    }
    return { ...plain, reservation, overflow: this.plain({ ...base, tier: "standard" }) };
  }

  /** A route that goes nowhere else; null where the model runs in none of its places. */
  private plain({ source, model, places, kind, tier }: RouteOf): RouteDraft | null {
    const { scenario, regionNames, hopMs } = this.input;
    const { models, profileRule, tiers } = scenario.world;
    const [name, spec] = Object.entries(models)[model]!;
    const known = places.inWorld.filter((region) => this.endpoints.of(kind, region, model) >= 0);
    if (known.length === 0) return null;
    const ordered = [...known.filter((r) => r === source), ...known.filter((r) => r !== source)];
    const keyFor = (region: number): PriceKey => ({
      model: name,
      region: regionNames[region]!,
      family: places.family,
      tier: billedTier(tier),
      ...(spec.cache?.ttl === "1h" ? { cacheTtl: "1h" as const } : {}),
    });
    const sourceKey = this.money.key(keyFor(source));
    const speedUp =
      tier === "priority" ? tiers.priority.speedUp : tier === "latency-optimized" ? tiers.latencyOptimized.speedUp : 0;
    return {
      sourceRegion: source,
      destinations: ordered.map((region) => this.endpoints.of(kind, region, model)),
      hopMs: ordered.map((region) => hopMs[source * regionNames.length + region]!),
      placements: ordered.map((region) => this.money.placement(sourceKey, this.money.key(keyFor(region)), region)),
      rule: profileRule,
      queueLevel: kind === "on-demand" ? (QUEUE_LEVEL[tier] ?? STANDARD_LEVEL) : STANDARD_LEVEL,
      decodeFactor: 1 / (1 + speedUp),
      queueShare: tier === "flex" ? tiers.flex.queueShare : 1,
      reservation: -1,
      overflow: null,
      family: places.family,
      quotaOf: quotaOf(tier),
      calledId: places.calledId,
      reaches: places.reaches,
    };
  }
}

function billedTier(tier: TargetTier): ServiceTier | typeof PREPAID {
  return tier === "reserved" ? PREPAID : tier;
}

/** Priority, standard and flex calls share a quota; batch and reserved ones have none (Bedrock User Guide, quotas). */
function quotaOf(tier: TargetTier): RouteDraft["quotaOf"] {
  if (tier === "latency-optimized") return tier;
  return tier === "batch" || tier === "reserved" ? "nobody" : "family";
}

function withOverflow(route: RouteDraft, overflow: RouteDraft | null): RouteDraft {
  if (overflow === null) return route;
  return { ...route, overflow, reaches: [...new Set([...route.reaches, ...overflow.reaches])] };
}

function overflowProblem(problem: Problem, book: ProfileBook, modelId: string, region: string): Problem {
  if (problem.code !== "MODEL_ONLY_THROUGH_PROFILES") return problem;
  const profiles = book.profilesOf(modelId, region).map((profile) => profile.split(".")[0]);
  return { ...problem, fix: `name a profile as its overflow: ${profiles.join(" or ")}; or write overflow: none` };
}
