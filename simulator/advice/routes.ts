/**
 * Ways to route that a plan compares (one region, its geographic and global profile, batch, more regions), and how they came out
 * in their run: cost, latency and what was throttled; what a faster answer costs.
 */
import type { Estimate, RunResult, StandingLevel, StrategyResult } from "../experiment/result.ts";
import { hasQuantile, servesAlike, standingOf } from "../experiment/standing.ts";
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

/** One strategy of a run, in the figures that a plan speaks of. */
export interface Outcome {
  /** Which run, and the strategy's label in it. */
  readonly run: string;
  readonly strategy: string;
  /** USD for 30.4 days like the run, under the run's billing rule. */
  readonly usdPerMonth: Estimate;
  readonly usdPer1kServed: Estimate;
  /** Of the baseline of its run; null for the baseline itself. */
  readonly savingShare: Estimate | null;
  /** Whether it serves the requests that the baseline of its run serves; else its saving is of others. */
  readonly isLikeBaseline: boolean;
  /** p95 of the class that the plan watches, ms; of none where so many of it fail that it has no p95. */
  readonly p95Ms: Estimate;
  readonly throttledShare: Estimate;
  readonly failedShare: Estimate;
  readonly level: StandingLevel;
  readonly reason: string | null;
}

/** The class whose latency a plan watches: of those whose callers wait, the one with most requests. */
export function watchedClass({ classes, strategies }: RunResult): string {
  const sent = (name: string) => strategies[0]?.byClass.find((each) => each.name === name)?.counts.sent ?? 0;
  const waiting = classes.filter(({ deferrable }) => deferrable !== true);
  const [most] = (waiting.length > 0 ? waiting : classes).toSorted((a, b) => sent(b.name) - sent(a.name));
  return most?.name ?? "";
}

export function outcomeOf(run: string, result: RunResult, strategy: StrategyResult, className: string): Outcome {
  const { total, byClass } = strategy;
  const cost = total.cost[result.billing];
  const watched = byClass.find(({ name }) => name === className) ?? total;
  const { level, reason } = standingOf(strategy, result.classes);
  const baseline = result.strategies.find(({ name }) => name === result.baseline) ?? strategy;
  return {
    run,
    strategy: strategy.name,
    usdPerMonth: cost.usdPerMonth ?? cost.totalUsd,
    usdPer1kServed: cost.usdPer1kServed,
    savingShare: cost.savingShare,
    isLikeBaseline: servesAlike(strategy, baseline),
    p95Ms: hasQuantile(watched, 0.95)
      ? watched.e2eMs.p95
      : { ...watched.e2eMs.p95, value: null, low: null, high: null },
    throttledShare: total.throttledAttemptShare,
    failedShare: total.failedShare,
    level,
    reason,
  };
}

/** What compute capacity costs even with foresight. */
export interface CapacityWorth {
  /** Endpoint: region, model and route. */
  readonly id: string;
  /** What a tenth more of it would save at most, USD for 30.4 days like the run. */
  readonly usdPerMonthPerTenth: number;
}

/**
 * Shadow prices of compute capacity under a strategy's served requests, the dearest first: the dual values of the run's
 * bound, scaled to a month as its cost is.
 *
 * @returns null where the run states no bound, or one without capacity
 */
export function capacityWorth(result: RunResult, strategy: StrategyResult): readonly CapacityWorth[] | null {
  const bound = result.bound?.strategies.find((each) => each.strategy === strategy.name);
  if (bound === undefined || result.bound?.isWithoutLimits === true) return null;
  const { usdPerMonth, totalUsd } = strategy.total.cost[result.billing];
  const scale = usdPerMonth?.value == null || !totalUsd.value ? 1 : usdPerMonth.value / totalUsd.value;
  return (bound.endpoints ?? [])
    .map(({ id, usdPerTenthMore }) => ({ id, usdPerMonthPerTenth: usdPerTenthMore * scale }))
    .toSorted((a, b) => b.usdPerMonthPerTenth - a.usdPerMonthPerTenth);
}

/** A step along the frontier of cost and latency. */
export interface FrontierStep {
  readonly outcome: Outcome;
  /** Against the next faster one on the frontier: USD a month saved, ms of p95 given up for it; null for the fastest. */
  readonly savedUsd: number | null;
  /** The former with an interval that takes the two runs as independent, which is wide rather than narrow. */
  readonly savedRange: Estimate | null;
  readonly slowerMs: number | null;
}

/**
 * The outcomes that none is at once cheaper and faster than, the fastest first, and what each step saves for how much
 * time. Those that fail requests are left out: survivors look fast and cheap.
 */
export function frontierOf(outcomes: readonly Outcome[]): readonly FrontierStep[] {
  const fit = outcomes
    .filter(({ level, p95Ms, usdPerMonth }) => isServing(level) && p95Ms.value !== null && usdPerMonth.value !== null)
    .toSorted((a, b) => a.p95Ms.value! - b.p95Ms.value! || a.usdPerMonth.value! - b.usdPerMonth.value!);
  const steps: FrontierStep[] = [];
  for (const outcome of fit) {
    const before = steps.at(-1)?.outcome;
    // Less than a tenth of a per mille is rounding, not a saving.
    if (before !== undefined && outcome.usdPerMonth.value! > before.usdPerMonth.value! * 0.9999) continue;
    steps.push({
      outcome,
      savedUsd: before === undefined ? null : before.usdPerMonth.value! - outcome.usdPerMonth.value!,
      savedRange: before === undefined ? null : differenceOf(before.usdPerMonth, outcome.usdPerMonth),
      slowerMs: before === undefined ? null : outcome.p95Ms.value! - before.p95Ms.value!,
    });
  }
  return steps;
}

/** Half-widths add in quadrature; without an interval where either has none. */
function differenceOf(a: Estimate, b: Estimate): Estimate {
  const value = a.value! - b.value!;
  const n = Math.min(a.n, b.n);
  if (a.low === null || a.high === null || b.low === null || b.high === null)
    return { value, low: null, high: null, n };
  const half = Math.hypot(a.high - a.low, b.high - b.low) / 2;
  return { value, low: value - half, high: value + half, n };
}

function isServing(level: StandingLevel): boolean {
  return level === "keeps objectives" || level === "misses objectives";
}

/** What more regions bring: shares of attempts throttled, of requests failed. */
export interface PoolStep {
  readonly regions: number;
  readonly outcome: Outcome;
}

/**
 * How many regions are worth it: the fewest from which a further one lowers neither what fails nor what is throttled by
 * more than a tenth of a point, nor p95 by more than 1 %.
 */
export function regionsWorthIt(steps: readonly PoolStep[]): number {
  for (const [i, { regions, outcome }] of steps.entries()) {
    const later = steps.slice(i + 1);
    const gains = (after: Outcome) =>
      share(outcome.throttledShare) - share(after.throttledShare) > 0.001 ||
      share(outcome.failedShare) - share(after.failedShare) > 0.001 ||
      (after.p95Ms.value ?? Number.POSITIVE_INFINITY) < (outcome.p95Ms.value ?? Number.POSITIVE_INFINITY) * 0.99;
    if (!later.some(({ outcome: after }) => gains(after))) return regions;
  }
  return steps.at(-1)?.regions ?? 1;
}

function share({ value }: Estimate): number {
  return value ?? 0;
}
