/** Ways to route that a plan compares: one region, its geographic and global profile, batch, and more regions. */
import type { Plan } from "../scenario/plan.ts";
import { PREPAID, type RouteFamily, TOKEN_KINDS } from "../service/pricing/prices.ts";
import type { ProfileData } from "../service/profiles.ts";

/** A way to route as a strategy of a scenario; the strategy `by-class` goes down each class's list. */
export interface RouteOption {
  readonly kind: "one region" | "geographic profile" | "global profile" | "batch" | "regions";
  /** Label of the strategy. */
  readonly name: string;
  /** By class: targets in order. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** Classes that it changes; the others go as under one region. */
  readonly classes: readonly string[];
  /** Classes that cannot be routed so, each with the reason. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
  /** Of `regions`: how many. */
  readonly regions?: number;
}

/** Most regions that are pooled: a further one gains little, and each costs a run. */
const REGIONS_MAX = 4;

/** Targets that a plan tries beside those of the scenario: each region's own, its profiles, and batch through each. */
export function candidateTargets(plan: Plan, profiles: ProfileData): readonly string[] {
  const known = new Set(plan.targets.map(({ id }) => id));
  const found = plan.regionNames.flatMap((region) => {
    const prefixes = profiles.profiles.flatMap((record) => {
      const isSold = plan.models.some(({ id }) => id === record.modelId);
      const sources = record.kind === "global" ? record.sourceRegions : Object.keys(record.destinationsBySource);
      return isSold && record.historical !== true && sources.includes(region) ? [record.prefix] : [];
    });
    const routes = ["", ...[...new Set(prefixes)].map((prefix) => `/${prefix}`)];
    return [...routes, ...routes.map((route) => `${route}@batch`)].map((route) => `${region}${route}`);
  });
  return found.filter((id) => !known.has(id) && !(id.endsWith("@batch") && known.has(id.replace("@batch", "/batch"))));
}

/**
 * The options for a plan whose targets include the candidates. An option that no class can take is left out, and so is
 * one that routes every class as an earlier one does.
 */
export function routeOptions(plan: Plan): readonly RouteOption[] {
  const offers = plan.classes.map((_, c) => offersOf(plan, c));
  const homes = offers.map(homeOf);
  const names = plan.classes.map(({ name }) => name);
  const option = (
    kind: RouteOption["kind"],
    name: string,
    listOf: (c: number) => readonly string[] | string,
  ): RouteOption => {
    const lists = names.map((_, c) => listOf(c));
    return {
      kind,
      name,
      targets: Object.fromEntries(
        names.map((each, c) => [each, typeof lists[c] === "string" ? homes[c]! : lists[c]!]),
      ) as RouteOption["targets"],
      classes: names.filter((_, c) => typeof lists[c] !== "string"),
      left: names.flatMap((each, c) => (typeof lists[c] === "string" ? [{ name: each, reason: lists[c] }] : [])),
    };
  };
  const ofFamily = (family: RouteFamily) => (c: number) => {
    const found = offers[c]!.find((offer) => offer.family === family && offer.tier === "standard");
    return found === undefined ? notOffered(plan, c, family) : [found.id];
  };
  const most = Math.min(REGIONS_MAX, Math.max(...offers.map((own) => pooled(own).length)));
  const options = [
    option("one region", "one region", (c) => homes[c]!),
    option("geographic profile", "geographic profile", ofFamily("geographic")),
    option("global profile", "global profile", ofFamily("global")),
    option("batch", "batch", (c) => {
      if (!plan.classes[c]!.deferrable) return "its callers wait for it (deferrable is not set)";
      const found = offers[c]!.find(({ tier }) => tier === "batch");
      return found === undefined ? "no batch is offered for it" : [found.id, ...homes[c]!];
    }),
    ...Array.from({ length: most }, (_, i) => i + 1).map((n) => ({
      ...option("regions", n === 1 ? "1 region" : `${n} regions`, (c) => pooled(offers[c]!).slice(0, n)),
      regions: n,
    })),
  ];
  return options.filter(({ classes }) => classes.length > 0);
}

/** Options that route alike, by the name of the first of them. */
export function distinctOptions(options: readonly RouteOption[]): ReadonlyMap<string, RouteOption> {
  const seen = new Map<string, RouteOption>();
  const first = new Map<string, RouteOption>();
  for (const option of options) {
    const key = JSON.stringify(option.targets);
    if (!seen.has(key)) seen.set(key, option);
    first.set(option.name, seen.get(key)!);
  }
  return first;
}

interface Offer {
  readonly id: string;
  readonly region: number;
  readonly family: RouteFamily;
  readonly tier: string;
  readonly rttMs: number;
}

/** Legal targets of a class, the nearest to its callers first; batch by price instead, since it does not wait. */
function offersOf(plan: Plan, classIndex: number): readonly Offer[] {
  const { model, legal } = plan.classes[classIndex]!;
  const { keyOfTarget, schedule } = plan.money;
  const offers = plan.targets.flatMap(({ id, region }, t) => {
    const key = schedule.keys[keyOfTarget[t * plan.models.length + model]!];
    if (legal[t] === 0 || key === undefined || key.tier === PREPAID) return [];
    const { family, tier } = key;
    return [{ id, region, family, tier, rttMs: rttOf(plan, classIndex, region), key }];
  });
  const price = ({ key }: (typeof offers)[number]) =>
    schedule.fUsdPerToken[schedule.keys.indexOf(key) * TOKEN_KINDS.length]!;
  return offers.toSorted((a, b) =>
    a.tier === "batch" && b.tier === "batch" ? price(a) - price(b) || a.rttMs - b.rttMs : a.rttMs - b.rttMs,
  );
}

/** Round trip from a class's callers, averaged over its origins, ms. */
function rttOf(plan: Plan, classIndex: number, region: number): number {
  const { rttMs } = plan.network;
  const regions = plan.regionNames.length;
  return plan.traffic[classIndex]!.originShares.reduce(
    (sum, { originIndex, share }) => sum + share * rttMs[originIndex * regions + region]!,
    0,
  );
}

/** The nearest region's own endpoint; where a model is sold through profiles alone, its geographic or global one. */
function homeOf(offers: readonly Offer[]): readonly string[] {
  const standard = offers.filter(({ tier }) => tier === "standard");
  const found = (["regional", "geographic", "global"] as const)
    .map((family) => standard.find((offer) => offer.family === family))
    .find((offer) => offer !== undefined);
  return found === undefined ? offers.slice(0, 1).map(({ id }) => id) : [found.id];
}

/** One target of each region, of the family of the nearest one, the nearest region first. */
function pooled(offers: readonly Offer[]): readonly string[] {
  const [home] = homeOf(offers);
  const family = offers.find(({ id }) => id === home)?.family;
  const own = offers.filter((offer) => offer.family === family && offer.tier === "standard");
  return own.filter(({ region }, i) => own.findIndex((each) => each.region === region) === i).map(({ id }) => id);
}

function notOffered(plan: Plan, classIndex: number, family: RouteFamily): string {
  const { model, reasons, residency } = plan.classes[classIndex]!;
  const { keyOfTarget, schedule } = plan.money;
  const [nearest] = plan.targets
    .flatMap(({ region }, t) => {
      const key = schedule.keys[keyOfTarget[t * plan.models.length + model]!];
      return key?.family === family && key.tier === "standard" ? [{ t, rttMs: rttOf(plan, classIndex, region) }] : [];
    })
    .toSorted((a, b) => a.rttMs - b.rttMs);
  const reason = nearest === undefined ? undefined : reasons[nearest.t];
  const rule = residency === null ? "" : ` (residency ${residency})`;
  return reason === null || reason === undefined
    ? `no ${family} profile of ${plan.models[model]!.name} is offered in this world`
    : `${reason}${rule}`;
}
