/** The least cost of given tokens with foresight: where and when they may be bought, at what price, under which limits. */
import type { LinearProgramme, LinearRow, LinearSolver } from "../base/linear-programme.ts";
import type { Plan } from "../scenario/plan.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, PREPAID, TOKEN_KINDS } from "../service/pricing/prices.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import { type CapacityLimits, isTooSlow } from "./bound-capacity.ts";
import { type Limit, limitRows, type Purchase, type PurchaseOffer, ratioRows } from "./bound-limits.ts";

/** Kinds that are bought apart: a cache write could have been a read, so that both count as reads. */
const BOUGHT = [INPUT, OUTPUT, CACHE_READ] as const;
const M = 1e6;
const TENTH = 0.1;

/** Tokens of one class that can be bought in an epoch or, for work that may wait, in one up to `last`. */
export interface Supply {
  readonly classIndex: number;
  /** Position in `TOKEN_KINDS`. */
  readonly kind: number;
  readonly epoch: number;
  readonly last: number;
  readonly tokens: number;
}

/** How many tokens of a class and kind must be bought, of its supplies. */
export interface Demand {
  readonly supplies: readonly Supply[];
  readonly tokens: number;
}

export interface Optimum {
  readonly costUsd: number;
  /** By class, and by the epoch in which the tokens could have been bought first. */
  readonly byClassUsd: Float64Array;
  readonly byEpochUsd: Float64Array;
  /** By quota: what one more million tokens a minute would have saved, USD over the run. */
  readonly quotaWorthUsd: Float64Array;
  /** By endpoint: what a tenth more of its capacity would have saved, USD over the run. */
  readonly endpointWorthUsd: Float64Array;
  /** What is bought, millions of tokens: of which class and kind, of which target, from which epoch in which. */
  readonly bought: readonly Bought[];
}

/** The bound of one strategy in one replication, USD: plain data. */
export interface ReplicationBound {
  readonly cost: number;
  readonly bound: number;
  readonly wasted: number;
  readonly placement: number;
  readonly timing: number;
  /** What quotas, reservations and capacity cost even with foresight. */
  readonly limits: number;
  readonly byClass: readonly number[];
  readonly byHour: readonly number[];
  readonly quotaWorth: Float64Array;
  readonly endpointWorth: Float64Array;
}

/** Tokens of a class that a target serves. */
export interface Bought {
  readonly classIndex: number;
  readonly kind: number;
  readonly target: number;
  /** Of the arrival, at the earliest, and in which they are sent. */
  readonly arrivalEpoch: number;
  readonly epoch: number;
  readonly millions: number;
}

/** A way to buy: a target, or what its calls overflow to. */
interface Offer extends PurchaseOffer {
  readonly target: number;
  /** USD per token, indexed `epoch * TOKEN_KINDS.length + kind`. */
  readonly priceUsd: Float64Array;
}

/**
 * Whether a bound can be stated: capacity that is paid by the hour without a limit of tokens (provisioned throughput)
 * would take everything for nothing.
 */
export function hasFreeCapacity(plan: Plan): boolean {
  return plan.world.routes.some((route) => {
    for (let r = route; r !== null; r = r.overflow) if (isPrepaid(plan, r) && r.reservation < 0) return true;
    return false;
  });
}

/**
 * The least cost at which demands can be bought where the strategy's classes are allowed to: prices, residency, quotas,
 * reserved tokens, deadlines and capacity hold, and targets that are too slow for a class are left out. Whatever a
 * strategy did is one feasible choice, so that its cost is never below. Quotas are counted by input + output, which every
 * admission reserves at least, over whole epochs with a window to spare.
 *
 * @param solve null: where limits bind they are left out, which is a bound too
 * @returns null where the limits leave no choice (a deadline that was missed)
 */
export function leastCost(
  plan: Plan,
  strategy: number,
  demands: readonly Demand[],
  solve: LinearSolver | null,
  { isLimited = true, capacity = null, spare = 1, isWhole = false }: CostOptions = {},
): Optimum | null {
  const offers = plan.classes.map((_, c) => offersOf(plan, strategy, c));
  const columns = columnsOf(plan, demands, offers);
  const limits = isLimited ? limitRows(plan, columns, capacity, spare) : [];
  const simple = cheapestFirst(columns, demands);
  const together = boughtTogether(columns);
  const shape = isWhole ? wholeRows(columns, together) : ratioRows(plan, columns, together);
  const rows = [...shape, ...limits.map(({ row }) => row)];
  const meetsLimits = rows.every((row) => sumOf(row, simple) <= row.limit + 1e-9 * Math.max(1, row.limit));
  if (meetsLimits && !isWhole) return optimumOf(plan, columns, simple, [], []);
  if (solve === null) return optimumOf(plan, columns, simple, [], []);
  const programme = programmeOf(columns, demands, rows);
  const solution = solve(programme);
  if (solution === null) return null;
  const duals = solution.duals.slice(programme.rows.length - limits.length);
  return optimumOf(plan, columns, solution.x, limits, duals);
}

/** How `leastCost` counts. */
export interface CostOptions {
  /** False leaves quotas, reservations and capacity out: what they cost. */
  readonly isLimited?: boolean;
  /** Null = no limit. */
  readonly capacity?: CapacityLimits | null;
  /** Share of the limits that is used: for plans that leave room, not for bounds. */
  readonly spare?: number;
  /** Kinds of token are bought in the proportion of the supply, as requests are: for plans, not for bounds. */
  readonly isWhole?: boolean;
}

/** Tokens of a supply, bought of an offer in an epoch; amounts in millions of tokens. */
interface Column extends Purchase {
  readonly supply: Supply;
  readonly demand: number;
  readonly offer: Offer;
  /** USD per million tokens. */
  readonly price: number;
}

function columnsOf(plan: Plan, demands: readonly Demand[], offers: readonly (readonly Offer[])[]): readonly Column[] {
  const epochs = plan.money.schedule.epochStartMs.length;
  return demands.flatMap(({ supplies }, demand) =>
    supplies.flatMap((supply) =>
      offers[supply.classIndex]!.flatMap((offer) => {
        const found: Column[] = [];
        for (let epoch = supply.epoch; epoch <= Math.min(supply.last, epochs - 1); epoch++) {
          const price = offer.priceUsd[epoch * TOKEN_KINDS.length + supply.kind]! * M;
          const { classIndex, kind } = supply;
          if (Number.isFinite(price)) found.push({ supply, demand, classIndex, kind, offer, epoch, price });
        }
        return found;
      }),
    ),
  );
}

/** Without limits each supply is bought where and when it is cheapest, and the cheapest supplies are bought. */
function cheapestFirst(columns: readonly Column[], demands: readonly Demand[]): readonly number[] {
  const best = new Map<Supply, number>();
  columns.forEach(({ supply, price }, i) => {
    const other = best.get(supply);
    if (other === undefined || price < columns[other]!.price) best.set(supply, i);
  });
  const x = new Array<number>(columns.length).fill(0);
  const left = demands.map(({ tokens }) => tokens / M);
  for (const i of [...best.values()].sort((a, b) => columns[a]!.price - columns[b]!.price)) {
    const { supply, demand } = columns[i]!;
    x[i] = Math.min(supply.tokens / M, left[demand]!);
    left[demand]! -= x[i]!;
  }
  return x;
}

function programmeOf(
  columns: readonly Column[],
  demands: readonly Demand[],
  limits: readonly LinearRow[],
): LinearProgramme {
  const rows: LinearRow[] = [];
  const add = (members: readonly number[], relation: "<=" | "=", limit: number) =>
    rows.push({ columns: members, coefficients: members.map(() => 1), relation, limit });
  for (const members of grouped(columns, ({ supply }) => supply).values()) {
    add(members, "<=", columns[members[0]!]!.supply.tokens / M);
  }
  for (const [demand, members] of grouped(columns, (column) => column.demand)) {
    add(members, "=", demands[demand]!.tokens / M);
  }
  return { costs: columns.map(({ price }) => price), rows: [...rows, ...limits] };
}

function optimumOf(
  plan: Plan,
  columns: readonly Column[],
  x: readonly number[],
  limits: readonly Limit[],
  duals: readonly number[],
): Optimum {
  const byClassUsd = new Float64Array(plan.classes.length);
  const byEpochUsd = new Float64Array(plan.money.schedule.epochStartMs.length);
  const quotaWorthUsd = new Float64Array(plan.world.quotas.length);
  const endpointWorthUsd = new Float64Array(plan.world.endpoints.length);
  let costUsd = 0;
  columns.forEach(({ supply, price }, i) => {
    const usd = price * x[i]!;
    costUsd += usd;
    byClassUsd[supply.classIndex]! += usd;
    byEpochUsd[supply.epoch]! += usd;
  });
  limits.forEach(({ quota, minutes, endpoints, row }, i) => {
    const worthUsd = Math.max(0, -duals[i]!);
    if (quota >= 0) quotaWorthUsd[quota]! += worthUsd * minutes;
    for (const endpoint of endpoints) endpointWorthUsd[endpoint]! += (worthUsd * TENTH * row.limit) / endpoints.length;
  });
  const bought = columns.flatMap(({ classIndex, kind, offer, supply, epoch }, i) =>
    x[i]! > 0 ? [{ classIndex, kind, target: offer.target, arrivalEpoch: supply.epoch, epoch, millions: x[i]! }] : [],
  );
  return { costUsd, byClassUsd, byEpochUsd, quotaWorthUsd, endpointWorthUsd, bought };
}

function offersOf(plan: Plan, strategy: number, classIndex: number): readonly Offer[] {
  const { model, legal } = plan.classes[classIndex]!;
  const may = plan.strategies[strategy]!.offered?.[classIndex] ?? legal;
  const account = plan.world.accountOfClass[classIndex]!;
  return plan.targets.flatMap((_, t) => {
    if (may[t] === 0) return [];
    const offers: Offer[] = [];
    for (
      let route = plan.world.routes[t * plan.models.length + model] ?? null;
      route !== null;
      route = route.overflow
    ) {
      if (isTooSlow(plan, strategy, classIndex, route)) continue;
      const priceUsd = pricesOf(plan, route, classIndex);
      offers.push({ target: t, route, quota: route.quotas[account] ?? -1, reservation: route.reservation, priceUsd });
    }
    return offers;
  });
}

/** Least price of each epoch and kind at which the route may be billed under the scenario's rule. */
function pricesOf(plan: Plan, route: RoutePlan, classIndex: number): Float64Array {
  const { schedule, placements, candidateKeys, billing } = plan.money;
  const { sourceKey } = placements[route.placements[0]!]!;
  const { tier } = schedule.keys[sourceKey]!;
  const keys =
    billing === "source" || tier === PREPAID
      ? [sourceKey]
      : billing === "destination"
        ? route.placements.map((placement) => placements[placement]!.destinationKey)
        : candidateKeys[classIndex]!.filter((key) => schedule.keys[key]!.tier === tier);
  const kinds = TOKEN_KINDS.length;
  const epochs = schedule.epochStartMs.length;
  return Float64Array.from({ length: epochs * kinds }, (_, i) => {
    const epoch = Math.floor(i / kinds);
    const own = keys.map((key) => schedule.fUsdPerToken[(epoch * schedule.keys.length + key) * kinds + (i % kinds)]!);
    return Math.min(...own) / 1e15;
  });
}

function isPrepaid(plan: Plan, route: RoutePlan): boolean {
  return plan.money.schedule.keys[plan.money.placements[route.placements[0]!]!.sourceKey]!.tier === PREPAID;
}

/** Demands of one class in the epochs in which its tokens were billed. @param share which part of them must be bought */
export function demandsAsBilled(
  plan: Plan,
  billedTokens: Float64Array,
  classIndex: number,
  share: number,
): readonly Demand[] {
  const { length: classes } = plan.classes;
  const { length: epochs } = plan.money.schedule.epochStartMs;
  const tokensOf = (epoch: number, kind: number) =>
    billedTokens[(epoch * classes + classIndex) * TOKEN_KINDS.length + kind]!;
  return BOUGHT.flatMap((kind) => {
    const supplies: Supply[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const tokens = tokensOf(epoch, kind) + (kind === CACHE_READ ? tokensOf(epoch, CACHE_WRITE) : 0);
      if (tokens > 0) supplies.push({ classIndex, kind, epoch, last: epoch, tokens });
    }
    const total = supplies.reduce((sum, { tokens }) => sum + tokens, 0);
    return total > 0 ? [{ supplies, tokens: total * share }] : [];
  });
}

function sumOf({ columns, coefficients }: LinearRow, x: readonly number[]): number {
  return columns.reduce((sum, column, i) => sum + coefficients[i]! * x[column]!, 0);
}

/** Positions of the columns of one class, of the same epochs and offer: one for each kind of token. */
function boughtTogether(columns: readonly Column[]): readonly (readonly number[])[] {
  const keyOf = ({ classIndex, supply, epoch, offer }: Column) =>
    `${classIndex} ${supply.epoch} ${supply.last} ${epoch} ${offer.target} ${offer.quota} ${offer.reservation}`;
  return [...grouped(columns, keyOf).values()];
}

/** What is bought together is bought in the proportion of its supplies. */
function wholeRows(columns: readonly Column[], groups: readonly (readonly number[])[]): readonly LinearRow[] {
  const share = (i: number) => M / columns[i]!.supply.tokens;
  return groups.flatMap(([first, ...others]) =>
    others.map(
      (other): LinearRow => ({
        columns: [first!, other],
        coefficients: [share(first!), -share(other)],
        relation: "=",
        limit: 0,
      }),
    ),
  );
}

/** Positions of the items by a key, in the order of their first. */
function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly number[]> {
  const groups = new Map<Key, number[]>();
  items.forEach((item, i) => {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  });
  return groups;
}
