import type { Placement } from "../service/pricing/billing.ts";
import { type PriceKey, priceKeyName } from "../service/pricing/prices.ts";
import { isSoldOnlyThroughProfiles, type ProfileBook } from "../service/profiles.ts";
import type { TargetDraft } from "./drafts.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";
import { type ReservedInput, TARGET_TIERS, type TargetTier } from "./tiers.ts";

export interface DraftsInput {
  readonly scenario: Scenario;
  readonly regionNames: readonly string[];
  readonly book: ProfileBook | undefined;
  readonly problems: Problems;
}

/**
 * The targets that the scenario lists (`us-east-1`, `eu-west-1/eu`, `us-east-1@priority`, `us-east-1/batch` or an
 * object; every region that runs a model unless it lists any), and then those of reservations that it does not list.
 */
export function draftsOf(input: DraftsInput): readonly TargetDraft[] {
  const { scenario, regionNames, problems } = input;
  const models = Object.values(scenario.world.models);
  const runsAny = (name: string) => models.some(({ regions }) => regions === undefined || regions.includes(name));
  const written = scenario.world.targets ?? regionNames.filter(runsAny);
  const drafts = written.map((target, t): TargetDraft => {
    const where = scenario.world.targets === undefined ? "world.targets" : `world.targets[${t}]`;
    const parts = typeof target === "string" ? parseTarget(target) : target;
    const { region, route, tier } = checked(parts, where, problems);
    return {
      id: (typeof target === "string" ? undefined : target.id) ?? targetName(region, route, tier),
      region: Math.max(0, problems.indexOf(region, regionNames, "region", where)),
      route,
      tier,
      where,
    };
  });
  drafts.push(...reservedTargets(input, drafts));
  drafts.forEach((draft, t) => {
    if (drafts.findIndex((other) => other.id === draft.id) === t) return;
    problems.add("TARGET_TWICE", draft.where, `target "${draft.id}" is there twice`, "take one out, or give it an id");
  });
  return drafts;
}

/** Whether a region's own endpoint sells the model on demand. */
export function isSoldOnDemand(model: Scenario["world"]["models"][string]): boolean {
  return model.onDemand ?? !isSoldOnlyThroughProfiles(model.id);
}

/** The route of a reserved tier's calls. */
export function routeOfReserved(
  entry: ReservedInput,
  model: Scenario["world"]["models"][string],
  book: ProfileBook | undefined,
): string {
  if (entry.route !== undefined) return entry.route;
  if (entry.routing === "global") return "global";
  if (isSoldOnDemand(model)) return "regional";
  const profile = book?.profilesOf(model.id, entry.region).find((id) => !id.startsWith("global."));
  return profile?.split(".")[0] ?? "regional";
}

/** Index of the model that an entry names, or of the only one; -1 with a problem. */
export function modelOfEntry(
  entry: { readonly model?: string | undefined },
  modelNames: readonly string[],
  where: string,
  problems: Problems,
): number {
  if (entry.model !== undefined) return problems.indexOf(entry.model, modelNames, "model", `${where}.model`);
  if (modelNames.length === 1) return 0;
  problems.add("MODEL_MISSING", `${where}.model`, "which model is it for?", `name one of ${modelNames.join(", ")}`);
  return -1;
}

/** What a reservation is bought for is a target, listed or not. */
function reservedTargets(input: DraftsInput, listed: readonly TargetDraft[]): readonly TargetDraft[] {
  const { scenario, regionNames, book, problems } = input;
  const { models, provisioned, reserved } = scenario.world;
  const modelNames = Object.keys(models);
  const added: TargetDraft[] = [];
  const add = (regionName: string, route: string, tier: TargetTier, where: string) => {
    const region = problems.indexOf(regionName, regionNames, "region", `${where}.region`);
    const isThere = [...listed, ...added].some(
      (draft) => draft.region === region && draft.route === route && draft.tier === tier,
    );
    if (region >= 0 && !isThere) added.push({ id: targetName(regionName, route, tier), region, route, tier, where });
  };
  provisioned.forEach((entry, i) => {
    modelOfEntry(entry, modelNames, `world.provisioned[${i}]`, problems);
    add(entry.region, "provisioned", "standard", `world.provisioned[${i}]`);
  });
  reserved.forEach((entry, i) => {
    const model = modelOfEntry(entry, modelNames, `world.reserved[${i}]`, problems);
    if (model < 0) return;
    add(entry.region, routeOfReserved(entry, models[modelNames[model]!]!, book), "reserved", `world.reserved[${i}]`);
  });
  return added;
}

interface Parts {
  readonly region: string;
  readonly route: string;
  readonly tier: string;
}

function parseTarget(text: string): Parts {
  const [place = "", tier = "standard"] = text.split("@");
  const slash = place.indexOf("/");
  return slash < 0
    ? { region: place, route: "regional", tier }
    : { region: place.slice(0, slash), route: place.slice(slash + 1), tier };
}

function checked(parts: Parts, where: string, problems: Problems): Parts & { readonly tier: TargetTier } {
  const { region, route } = parts;
  const tier = TARGET_TIERS.find((each) => each === parts.tier);
  if (tier === undefined) {
    const known = TARGET_TIERS.join(", ");
    problems.add("TIER_UNKNOWN", where, `there is no service tier "${parts.tier}"`, `tiers are ${known}`);
    return { region, route, tier: "standard" };
  }
  if (/\/provisioned$|^provisioned\//.test(route)) {
    problems.add(
      "PROVISIONED_ON_PROFILE",
      where,
      "provisioned throughput is bought in one region: no profile can use it",
      `write ${region}/provisioned, and name the profile as the overflow of the world.provisioned entry`,
    );
    return { region, route: "provisioned", tier: "standard" };
  }
  if (
    (route === "provisioned" && tier !== "standard") ||
    (route === "batch" && tier !== "standard" && tier !== "batch")
  ) {
    const what = `a ${route} target has no service tier: "${tier}" is one of calls on demand`;
    problems.add("TIER_NOT_THERE", where, what, `write ${region}/${route}`);
    return { region, route, tier: "standard" };
  }
  // <region>@batch and <region>/batch are the same thing.
  return { region, route, tier: route === "batch" ? "batch" : tier };
}

function targetName(region: string, route: string, tier: TargetTier): string {
  const suffix = tier === "standard" || route === "batch" ? "" : `@${tier}`;
  return `${region}${route === "regional" ? "" : `/${route}`}${suffix}`;
}

/** Price keys and billing placements, each once. */
export class PlacementList {
  readonly priceKeys: PriceKey[] = [];
  readonly placements: Placement[] = [];
  /** Region of each placement's destination. */
  readonly placementRegion: number[] = [];
  private readonly keyIndex = new Map<string, number>();
  private readonly placementIndex = new Map<string, number>();

  key(key: PriceKey): number {
    const name = priceKeyName(key);
    const known = this.keyIndex.get(name);
    if (known !== undefined) return known;
    this.keyIndex.set(name, this.priceKeys.length);
    return this.priceKeys.push(key) - 1;
  }

  placement(sourceKey: number, destinationKey: number, region: number): number {
    const name = `${sourceKey}/${destinationKey}/${region}`;
    const known = this.placementIndex.get(name);
    if (known !== undefined) return known;
    this.placementIndex.set(name, this.placements.length);
    this.placementRegion.push(region);
    return this.placements.push({ sourceKey, destinationKey }) - 1;
  }
}
