/** The routes behind targets: where a call of one model may run, and what pays for it there. */
import type { Problem } from "../base/errors.ts";
import type { RegionDirectory } from "../base/regions.ts";
import { STANDARD_LEVEL } from "../service/capacity/capacity.ts";
import type { Placement } from "../service/pricing/billing.ts";
import { PREPAID, type PriceKey, priceKeyName, type RouteFamily } from "../service/pricing/prices.ts";
import type { ProfileBook } from "../service/profiles.ts";
import type { ReservationSpec } from "../service/quota/token-quota.ts";
import type { DestinationRule } from "../service/service-plan.ts";
import type { RouteDraft, TargetDraft } from "./drafts.ts";
import type { EndpointKind, Endpoints } from "./endpoints.ts";
import type { SettledModel, SettledModels } from "./models.ts";
import type { Problems } from "./problems.ts";
import {
  type Bought,
  billedTierOf,
  decodeFactorOf,
  type ProvisionedInput,
  queueLevelOf,
  queueShareOf,
  quotaSourceOf,
  type ReservedInput,
  type TargetTier,
  type TiersInput,
  whyNotLatencyOptimized,
} from "./tiers.ts";

export interface RoutesInput {
  readonly world: {
    readonly models: SettledModels;
    readonly provisioned: readonly ProvisionedInput[];
    readonly reserved: readonly ReservedInput[];
    readonly tiers: TiersInput;
    readonly profileRule: DestinationRule;
  };
  readonly regionNames: readonly string[];
  /** Backbone round trip, ms, indexed `source * regions + destination`. */
  readonly hopMs: Float64Array;
  /** Regions of AWS are those with a geography other than `custom`. */
  readonly directory: RegionDirectory;
  readonly problems: Problems;
}

interface RouteParts {
  readonly source: number;
  readonly model: number;
  readonly places: Places;
  readonly kind: EndpointKind;
  readonly tier: TargetTier;
}

type IndexedDraft = TargetDraft & { readonly index: number };

/** Makes routes one by one, and keeps the keys, placements and reservations that they need. */
export class RouteMaker {
  readonly money = new PlacementList();
  readonly reservations: ReservationSpec[] = [];
  readonly bought: Bought[] = [];
  private readonly input: RoutesInput;
  private readonly endpoints: Endpoints;
  private readonly book: ProfileBook | undefined;

  /** @param book undefined where the scenario's profiles are wrong: then there are no routes */
  constructor(input: RoutesInput, endpoints: Endpoints, book: ProfileBook | undefined) {
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
    if (places === null || (target.tier === "latency-optimized" && this.isRefused(target, model, unsold))) return null;
    const kind = target.tier === "batch" ? "batch" : "on-demand";
    const base = { source: target.region, model, places, kind } as const;
    if (target.tier === "reserved") return this.reserved(base, target, unsold);
    const overflow = target.tier === "latency-optimized" ? this.plain({ ...base, tier: "standard" }) : null;
    const plain = this.plain({ ...base, tier: target.tier });
    return plain === null ? null : { ...plain, overflow };
  }

  /** A region of the scenario's own offers what the scenario says. */
  private isRefused(target: IndexedDraft, model: number, unsold: Problem[]): boolean {
    const { world, regionNames, directory } = this.input;
    const [name, spec] = Object.entries(world.models)[model]!;
    const region = regionNames[target.region]!;
    if (directory.get(region)?.geography === "custom") return false;
    const { route, where } = target;
    const profilesIn = (source: string) => this.book!.profilesOf(spec.id, source);
    const reason = whyNotLatencyOptimized({ model: { ...spec, name }, region, route, where, profilesIn });
    if (reason !== undefined) unsold.push(reason);
    return reason !== undefined;
  }

  /** The route with placements for long prompts, where its model has a price of their own. */
  withLongPrompts(route: RouteDraft, model: number): RouteDraft {
    const { longPrice } = Object.values(this.input.world.models)[model]!;
    const { money } = this;
    const overflow = route.overflow && this.withLongPrompts(route.overflow, model);
    const isPrepaid = money.isPrepaid(route.placements[0]!);
    if (longPrice === undefined || isPrepaid) return { ...route, overflow };
    const placements = route.placements.map((placement) => money.longPrompts(placement));
    return { ...route, overflow, longPrompts: { aboveTokens: longPrice.aboveInputTokens, placements } };
  }

  private provisioned(target: IndexedDraft, model: number, unsold: Problem[]): RouteDraft | null {
    const { world, regionNames } = this.input;
    const [name, spec] = Object.entries(world.models)[model]!;
    const region = regionNames[target.region]!;
    const i = world.provisioned.findIndex((entry) => entry.region === region && (entry.model ?? name) === name);
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
    const entry = world.provisioned[i]!;
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

  private reserved(base: Omit<RouteParts, "tier">, target: IndexedDraft, unsold: Problem[]): RouteDraft | null {
    const { world, regionNames } = this.input;
    const [name, spec] = Object.entries(world.models)[base.model]!;
    const region = regionNames[target.region]!;
    const i = world.reserved.findIndex(
      (each) =>
        each.region === region &&
        (each.model ?? name) === name &&
        routeOfReserved(each, spec, this.book) === target.route,
    );
    const entry = world.reserved[i];
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

  /** A route without an overflow; null where the model runs in none of its places. */
  private plain({ source, model, places, kind, tier }: RouteParts): RouteDraft | null {
    const { world, regionNames, hopMs } = this.input;
    const [name, spec] = Object.entries(world.models)[model]!;
    const known = places.inWorld.filter((region) => this.endpoints.indexOf(kind, region, model) >= 0);
    if (known.length === 0) return null;
    const ordered = [...known.filter((r) => r === source), ...known.filter((r) => r !== source)];
    const keyFor = (region: number): PriceKey => ({
      model: name,
      region: regionNames[region]!,
      family: places.family,
      tier: billedTierOf(tier),
      ...(spec.cache?.ttl === "1h" ? { cacheTtl: "1h" as const } : {}),
    });
    const sourceKey = this.money.key(keyFor(source));
    return {
      sourceRegion: source,
      destinations: ordered.map((region) => this.endpoints.indexOf(kind, region, model)),
      hopMs: ordered.map((region) => hopMs[source * regionNames.length + region]!),
      placements: ordered.map((region) => this.money.placement(sourceKey, this.money.key(keyFor(region)), region)),
      longPrompts: null,
      rule: world.profileRule,
      queueLevel: kind === "on-demand" ? queueLevelOf(tier) : STANDARD_LEVEL,
      decodeFactor: decodeFactorOf(tier, world.tiers),
      queueShare: queueShareOf(tier, world.tiers),
      reservation: -1,
      overflow: null,
      family: places.family,
      quotaSource: quotaSourceOf(tier),
      calledId: places.calledId,
      reaches: places.reaches,
    };
  }
}

/** The route of a reserved tier's calls: as stated, else the region's own endpoint or a profile that sells the model. */
export function routeOfReserved(
  { route, routing, region }: Pick<ReservedInput, "route" | "routing" | "region">,
  model: Pick<SettledModel, "id" | "onDemand">,
  book: ProfileBook | undefined,
): string {
  if (route !== undefined) return route;
  if (routing === "global") return "global";
  if (model.onDemand) return "regional";
  const profile = book?.profilesOf(model.id, region).find((id) => !id.startsWith("global."));
  return profile?.split(".")[0] ?? "regional";
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

/** Where a call of one model may run when it is sent to one region by one route. */
export interface Places {
  readonly family: RouteFamily;
  readonly calledId: string;
  readonly inWorld: readonly number[];
  /** Every region that the route may use, inside the world or not: residency is judged on these. */
  readonly reaches: readonly string[];
}

export interface PlacesQuestion {
  readonly region: number;
  /** `regional`, or a profile. */
  readonly route: string;
  readonly model: number;
  /** Follows the model's name in the suggested fix: `@batch`, or nothing. */
  readonly suffix: string;
  readonly where: string;
  /** Receives why the model is not sold there. */
  readonly unsold: Problem[];
}

export interface PlacesInput {
  readonly world: { readonly models: Readonly<Record<string, Pick<SettledModel, "id" | "onDemand">>> };
  readonly regionNames: readonly string[];
  readonly problems: Problems;
}

/** Codes that say: this model is not sold there, though another may be. */
const NOT_SOLD_THERE: readonly string[] = ["PROFILE_UNKNOWN", "PROFILE_NOT_OFFERED"];

/** The places, or null with a problem: in `unsold` if another model may be sold there, in `problems` if none can. */
export function placesOf(input: PlacesInput, book: ProfileBook, question: PlacesQuestion): Places | null {
  const { world, regionNames, problems } = input;
  const { where, unsold } = question;
  const spec = Object.values(world.models)[question.model]!;
  const source = regionNames[question.region]!;
  if (question.route === "regional") {
    if (spec.onDemand) {
      return { family: "regional", calledId: spec.id, inWorld: [question.region], reaches: [source] };
    }
    const profiles = book.profilesOf(spec.id, source).slice(0, 2);
    const examples = profiles.map((profile) => `${source}/${profile.split(".")[0]}${question.suffix}`);
    unsold.push({
      code: "MODEL_ONLY_THROUGH_PROFILES",
      where,
      what: `${spec.id} cannot be called in a region alone: it is sold only through inference profiles`,
      fix: `name profiles as targets, for example targets: [${examples.join(", ")}]; or say onDemand: true of the model if it is sold so`,
    });
    return null;
  }
  const answer = book.route({ profile: question.route, modelId: spec.id, source, where });
  if ("code" in answer) {
    (NOT_SOLD_THERE.includes(answer.code) ? unsold : problems.list).push(answer);
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
export class PlacementList {
  readonly priceKeys: PriceKey[] = [];
  readonly placements: Placement[] = [];
  /** Region of each placement's destination. */
  readonly placementRegion: number[] = [];
  private readonly keyIndex = new Map<string, number>();
  private readonly placementIndex = new Map<string, number>();

  /** Index of the key, new or known. */
  key(key: PriceKey): number {
    const name = priceKeyName(key);
    const known = this.keyIndex.get(name);
    if (known !== undefined) return known;
    this.keyIndex.set(name, this.priceKeys.length);
    return this.priceKeys.push(key) - 1;
  }

  /** Index of the placement, new or known. */
  placement(sourceKey: number, destinationKey: number, region: number): number {
    const name = `${sourceKey}/${destinationKey}/${region}`;
    const known = this.placementIndex.get(name);
    if (known !== undefined) return known;
    this.placementIndex.set(name, this.placements.length);
    this.placementRegion.push(region);
    return this.placements.push({ sourceKey, destinationKey }) - 1;
  }

  /** The placement of the same calls with long prompts. */
  longPrompts(placement: number): number {
    const { sourceKey, destinationKey } = this.placements[placement]!;
    const long = (key: number) => this.key({ ...this.priceKeys[key]!, prompt: "long" });
    return this.placement(long(sourceKey), long(destinationKey), this.placementRegion[placement]!);
  }

  isPrepaid(placement: number): boolean {
    return this.priceKeys[this.placements[placement]!.sourceKey]!.tier === PREPAID;
  }
}
