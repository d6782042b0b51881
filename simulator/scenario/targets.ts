/** `world.targets`: what strategies choose among, as text or objects, with the routes behind each target. */
import { z } from "zod";
import type { Problem } from "../base/errors.ts";
import { didYouMean, nearNames } from "../base/near-names.ts";
import type { Placement } from "../service/pricing/billing.ts";
import type { PriceKey } from "../service/pricing/prices.ts";
import { createProfileBook, type ProfileBook, type ProfileBookInput, type ProfileData } from "../service/profiles.ts";
import type { ReservationSpec } from "../service/quota/token-quota.ts";
import type { EndpointPlan } from "../service/service-plan.ts";
import type { RouteDraft, TargetDraft } from "./drafts.ts";
import { resolveEndpoints } from "./endpoints.ts";
import { inWorld, type Problems } from "./problems.ts";
import { RouteMaker, type RoutesInput, routeOfReserved } from "./routes.ts";
import { type Bought, TARGET_TIERS, type TargetTier } from "./tiers.ts";

const name = z.string().min(1).max(60);

export const targetSchema = z
  .union([
    name,
    z.strictObject({
      id: name.optional().meta({ description: "Name for strategies; <region>/<route>@<tier> unless given" }),
      region: name.meta({ description: "Source region: the endpoint that is called" }),
      route: name.default("regional").meta({
        description:
          "regional, the prefix of a system profile (us, eu, global ...), the name of a profile of your own, provisioned, or batch",
      }),
      tier: z.enum(TARGET_TIERS).default("standard").meta({ description: "Service tier: how the call is bought" }),
    }),
  ])
  .meta({ description: "Something a strategy can choose: us-east-1, eu-west-1/eu, or an object" });
type TargetInput = z.output<typeof targetSchema>;

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

export interface TargetsInput extends RoutesInput {
  readonly world: RoutesInput["world"] & {
    readonly targets?: readonly TargetInput[] | undefined;
    readonly profiles: ProfileBookInput["spec"];
  };
  readonly profiles: ProfileData;
  readonly startMs: number;
}

/** Endpoints, targets and the routes between them; and what each pair is billed by. */
export function resolveTargets(input: TargetsInput): Targets {
  const { world, problems } = input;
  const modelNames = Object.keys(world.models);
  const book = problems.attempt(
    () =>
      createProfileBook({
        data: input.profiles,
        spec: world.profiles,
        directory: input.directory,
        worldRegions: input.regionNames,
      }),
    inWorld,
  );
  const targets = targetDrafts(input, book);
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
  // After all others, so that keys and placements of short prompts are the same with and without long ones.
  const billed = routes.map((route, r) => route && maker.withLongPrompts(route, r % modelNames.length));
  const { priceKeys, placements, placementRegion } = money;
  const keyOfTarget = Int32Array.from(routes, (route) =>
    route === null ? -1 : placements[route.placements[0]!]!.sourceKey,
  );
  return {
    targets,
    routes: billed,
    endpoints: endpoints.list,
    reservations,
    bought,
    priceKeys,
    placements,
    placementRegion,
    keyOfTarget,
  };
}

/**
 * The targets that the scenario lists (`us-east-1`, `eu-west-1/eu`, `us-east-1@priority`, `us-east-1/batch` or an
 * object; every region that runs a model unless it lists any), and then those of reservations that it does not list.
 */
function targetDrafts(input: TargetsInput, book: ProfileBook | undefined): readonly TargetDraft[] {
  const { world, regionNames, problems } = input;
  const models = Object.values(world.models);
  const runsAny = (name: string) => models.some(({ regions }) => regions === undefined || regions.includes(name));
  const written = world.targets ?? regionNames.filter(runsAny);
  const drafts = written.map((target, t): TargetDraft => {
    const where = world.targets === undefined ? "world.targets" : `world.targets[${t}]`;
    const parts = typeof target === "string" ? parseTarget(target) : target;
    const { region, route, tier } = checked(parts, where, problems);
    const index = problems.indexOf(region, regionNames, "region", where);
    // A region that was probably meant is judged on, so that the rest of the scenario may name the target.
    const meant = index < 0 ? (nearNames(region, regionNames)[0] ?? region) : region;
    return {
      id: (typeof target === "string" ? undefined : target.id) ?? targetName(meant, route, tier),
      region: Math.max(0, regionNames.indexOf(meant)),
      route,
      tier,
      where,
    };
  });
  drafts.push(...reservedTargets(input, book, drafts));
  const isWrong = (where: string) => problems.list.some((problem) => problem.where === where);
  drafts.forEach((draft, t) => {
    if (isWrong(draft.where) || drafts.findIndex((other) => other.id === draft.id) === t) return;
    problems.add("TARGET_TWICE", draft.where, `target "${draft.id}" is there twice`, "take one out, or give it an id");
  });
  return drafts;
}

/** What a reservation is bought for is a target, listed or not. */
function reservedTargets(
  { world, regionNames, problems }: TargetsInput,
  book: ProfileBook | undefined,
  listed: readonly TargetDraft[],
): readonly TargetDraft[] {
  const { models, provisioned, reserved } = world;
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

/** Index of the model that an entry names, or of the only one; -1 with a problem. */
function modelOfEntry(
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

/** What a target names, before its tier is checked. */
interface TargetParts {
  readonly region: string;
  readonly route: string;
  readonly tier: string;
}

/**
 * A target as text, in its parts. The tier is not checked yet.
 *
 * @example parseTarget("eu-west-1/eu@priority") // => { region: "eu-west-1", route: "eu", tier: "priority" }
 * @example parseTarget("us-east-1") // => { region: "us-east-1", route: "regional", tier: "standard" }
 */
export function parseTarget(text: string): TargetParts {
  const [place = "", tier = "standard"] = text.split("@");
  const slash = place.indexOf("/");
  return slash < 0
    ? { region: place, route: "regional", tier }
    : { region: place.slice(0, slash), route: place.slice(slash + 1), tier };
}

/** The parts with a tier that exists and fits the route; what does not fit becomes a problem. */
function checked(parts: TargetParts, where: string, problems: Problems): TargetParts & { readonly tier: TargetTier } {
  const { region, route } = parts;
  const tier = TARGET_TIERS.find((each) => each === parts.tier);
  if (tier === undefined) {
    const near = nearNames(parts.tier, TARGET_TIERS)[0] as TargetTier | undefined;
    const what = `there is no service tier "${parts.tier}"${didYouMean(parts.tier, TARGET_TIERS)}`;
    const list = `tiers are ${TARGET_TIERS.join(", ")}`;
    problems.add("TIER_UNKNOWN", where, what, near === undefined ? list : `write ${near}; ${list}`);
    return { region, route, tier: near ?? "standard" };
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

/** The usual id of a target: `<region>/<route>@<tier>` without what is usual. */
function targetName(region: string, route: string, tier: TargetTier): string {
  const suffix = tier === "standard" || route === "batch" ? "" : `@${tier}`;
  return `${region}${route === "regional" ? "" : `/${route}`}${suffix}`;
}
