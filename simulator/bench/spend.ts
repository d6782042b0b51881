/**
 * The budget of a bench against endpoints that cost money: highest prices and shares of the strategies; the worst case of each
 * attempt, reserved before it is sent and settled after; and what was spent.
 */
import type { Plan } from "../scenario/plan.ts";
import { priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import {
  CACHE_READ,
  CACHE_WRITE,
  INPUT,
  OUTPUT,
  type PriceKey,
  promptTokensOf,
  TOKEN_KINDS,
  type TokenPricesUsdPerMTok,
} from "../service/pricing/prices.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import type { ReplayPlan, SpendPlan } from "./plan.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduleRow } from "./rows.ts";

/** The properties of an attempt that determine its price. */
export interface SpendOrder {
  readonly classIndex: number;
  readonly model: number;
  readonly target: number;
  readonly inputTokens: number;
  readonly prefixTokens: number;
  /** Limit of the answer. */
  readonly maxTokens: number;
}

/** The properties of an ended attempt that determine its cost. */
export type SpendEnd = Pick<AttemptRow, "c" | "u">;

/** Whole nano-dollars: sums of them are exact up to nine million dollars. */
const NANO_USD = 1e9;
/** USD per million tokens times tokens is millionths of a dollar. */
const NANO_USD_PER_USD_PER_MTOK = 1e3;

/**
 * One router's share of a budget. The worst case of an attempt (the highest token count of its prompt, an answer of
 * max_tokens, at the highest price) is reserved before sending and settled with the tokens that the service reports;
 * where it reports none, the reservation counts as spent. The first attempt that does not fit stops the router: a run
 * that skips only its expensive requests would measure something else.
 *
 * Routers share no state, so each has an equal share of the budget, and the sum cannot exceed it.
 */
export class SpendLedger {
  private readonly plan: SpendPlan;
  private readonly shareNanoUsd: number;
  private committedNanoUsd = 0;
  private stopped = false;

  constructor(plan: SpendPlan, routers: number) {
    this.plan = plan;
    this.shareNanoUsd = Math.floor((plan.budgetUsd * NANO_USD) / routers);
  }

  /** The budget has refused an attempt: nothing more is sent. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Spent, or reserved for attempts in flight, USD. */
  get committedUsd(): number {
    return this.committedNanoUsd / NANO_USD;
  }

  /** @returns the reservation, nano-dollars; undefined when the attempt must not be sent */
  reserve(order: SpendOrder): number | undefined {
    const worst = worstNanoUsd(this.plan, order);
    // Written so that an unknown price (NaN) refuses.
    if (this.stopped || !(this.committedNanoUsd + worst <= this.shareNanoUsd)) {
      this.stopped = true;
      return undefined;
    }
    this.committedNanoUsd += worst;
    return worst;
  }

  /** Replaces a reservation, nano-dollars, by the cost of the ended attempt. */
  settle(reserved: number, order: SpendOrder, end: SpendEnd): void {
    this.committedNanoUsd += settledNanoUsd(this.plan, order, end, reserved) - reserved;
  }
}

/** The most that an attempt can cost, USD. */
export function worstCaseUsd(plan: SpendPlan, order: SpendOrder): number {
  return worstNanoUsd(plan, order) / NANO_USD;
}

/** Upper bound of what an ended attempt cost, USD. */
export function settledUsd(plan: SpendPlan, order: SpendOrder, end: SpendEnd): number {
  return settledNanoUsd(plan, order, end, worstNanoUsd(plan, order)) / NANO_USD;
}

/** By kind of token; the prices of long prompts are never below those of short ones here. */
function dearestOf(plan: SpendPlan, { classIndex, model, target }: SpendOrder, promptTokens: number) {
  const isLong = promptTokens > plan.longAboveTokens[model]!;
  const prices = isLong ? plan.dearestLongUsdPerMTok : plan.dearestUsdPerMTok;
  return prices[classIndex]![target]!;
}

function worstNanoUsd(plan: SpendPlan, order: SpendOrder): number {
  const factor = plan.inputFactor[order.model]!;
  const prefix = Math.min(order.prefixTokens, order.inputTokens);
  const prefixMost = Math.ceil(prefix * factor);
  const restMost = Math.ceil((order.inputTokens - prefix) * factor) + plan.inputTokensMore;
  const prices = dearestOf(plan, order, prefixMost + restMost);
  const prefixPrice = Math.max(prices[INPUT]!, prices[CACHE_READ]!, prices[CACHE_WRITE]!);
  const usdPerMTok = prefixMost * prefixPrice + restMost * prices[INPUT]! + order.maxTokens * prices[OUTPUT]!;
  return Math.ceil(usdPerMTok * NANO_USD_PER_USD_PER_MTOK);
}

/**
 * Reported tokens at the highest price, since the billing rule is not certain. A refusal costs nothing; no answer, a
 * broken stream and a server error may have cost the whole reservation.
 */
function settledNanoUsd(plan: SpendPlan, order: SpendOrder, { c, u }: SpendEnd, worst: number): number {
  if (u === null) return isRefusal(c) ? 0 : worst;
  const prices = dearestOf(plan, order, promptTokensOf(u));
  const usdPerMTok = u.reduce((sum, tokens, kind) => sum + tokens * prices[kind]!, 0);
  return Math.ceil(usdPerMTok * NANO_USD_PER_USD_PER_MTOK);
}

/** Refused before any token was made: by quota, by capacity, or as the caller's error; 408 and 424 come after work. */
function isRefusal(status: number): boolean {
  return (status >= 400 && status < 500 && status !== 408 && status !== 424) || status === 503;
}

/** The list price of a key, undefined where there is none; a scenario's own prices may be hypothetical. */
export type ListPrice = (key: PriceKey) => TokenPricesUsdPerMTok | undefined;

/**
 * The highest price of a token that a class sends to a target: over the regions that may run it, over the billing rules
 * (the target's own key, the destination's, and any that `lowest-cost` may choose at the same tier) and over the hours
 * of the run, and never below the list price.
 *
 * @param listPrice called for every key; undefined becomes NaN
 * @returns of short prompts and of long ones, USD per million tokens by class and target, in the order of `TOKEN_KINDS`; NaN where a class may not go or
 *   there is no price
 */
export function dearestPrices(
  plan: Plan,
  listPrice?: ListPrice,
): Pick<SpendPlan, "dearestUsdPerMTok" | "dearestLongUsdPerMTok"> {
  const { keys } = plan.money.schedule;
  const ofKey = keys.map((key, index) => dearestOfKey(plan, index, listPrice === undefined ? null : listPrice(key)));
  const dearest = (isWanted: (key: PriceKey) => boolean) =>
    plan.classes.map((each, c) =>
      plan.targets.map((_, t) => {
        const route = each.legal[t] === 1 ? plan.world.routes[t * plan.models.length + each.model] : null;
        if (route === null || route === undefined) return TOKEN_KINDS.map(() => Number.NaN);
        const own = keysOf(plan, route);
        const tiers = new Set(own.map((key) => keys[key]!.tier));
        const others = (plan.money.candidateKeys[c] ?? []).filter((key) => tiers.has(keys[key]!.tier));
        const fitting = [...own, ...others].filter((key) => isWanted(keys[key]!));
        return TOKEN_KINDS.map((__, kind) => Math.max(...fitting.map((key) => ofKey[key]![kind]!)));
      }),
    );
  // A long prompt may count as a short one where its tokens are counted otherwise than here.
  return { dearestUsdPerMTok: dearest(({ prompt }) => prompt !== "long"), dearestLongUsdPerMTok: dearest(() => true) };
}

/** Price keys under which a route and its overflow may be billed. */
function keysOf(plan: Plan, route: RoutePlan): readonly number[] {
  const own = [...route.placements, ...(route.longPrompts?.placements ?? [])].flatMap((placement) => {
    const { sourceKey, destinationKey } = plan.money.placements[placement]!;
    return [sourceKey, destinationKey];
  });
  return route.overflow === null ? own : [...own, ...keysOf(plan, route.overflow)];
}

function dearestOfKey(plan: Plan, key: number, list: TokenPricesUsdPerMTok | null | undefined): readonly number[] {
  const { schedule } = plan.money;
  return TOKEN_KINDS.map((name, kind) => {
    let dearest = list === null ? 0 : (list?.[name] ?? Number.NaN);
    for (let epoch = 0; epoch < schedule.epochStartMs.length; epoch++) {
      dearest = Math.max(dearest, priceUsdPerMTok(schedule, epoch, key, kind));
    }
    return dearest;
  });
}

/** How accurately the tokens of a prompt are known before it is sent. */
export type PromptCount = "exact" | { readonly charsPerToken: number; readonly isMeasured: boolean };

/** A text has at most one token per byte, and filler has one byte per character. */
const TOKENS_PER_CHAR_MAX = 1;
/** Allowance where the service has counted the same text at other lengths. */
const MEASURED_FACTOR = 1.05;
/** Allowance for what a chat template adds to a prompt of one message; undocumented, a dozen where known. */
const TEMPLATE_TOKENS = 100;

/** The spend plan of one strategy's run. @param counts by model, how its prompts are counted */
export function spendPlanOf(
  plan: Plan,
  budgetUsd: number,
  counts: readonly PromptCount[],
  listPrice?: ListPrice,
): SpendPlan {
  return {
    budgetUsd,
    ...dearestPrices(plan, listPrice),
    longAboveTokens: plan.models.map(({ longPrice }) => longPrice?.aboveInputTokens ?? Number.POSITIVE_INFINITY),
    inputFactor: counts.map((count) => {
      if (count === "exact") return 1;
      return count.isMeasured ? MEASURED_FACTOR : Math.max(1, count.charsPerToken * TOKENS_PER_CHAR_MAX);
    }),
    inputTokensMore: TEMPLATE_TOKENS,
  };
}

/** What one strategy's run spent of its budget. */
export interface SpendReport {
  readonly budgetUsd: number;
  /** An upper bound of the bill: at the highest prices, and the worst case where no tokens were reported. */
  readonly spentUsd: number;
  /** Requests that the budget stopped. */
  readonly requestsStopped: number;
}

/** The spending of a run, from the rows of its attempts and not from the client's own counter. */
export function spendReport(
  replay: ReplayPlan,
  spend: SpendPlan,
  schedule: readonly ScheduleRow[],
  rows: { readonly attempts: readonly AttemptRow[]; readonly requests: readonly RequestRow[] },
): SpendReport {
  const spentUsd = rows.attempts.reduce((sum, row) => {
    const { classIndex, inputTokens, prefixTokens, maxTokens } = requestOf(schedule[row.i]!, row.i);
    const { model } = replay.classes[classIndex]!;
    const most = maxTokens > 0 ? maxTokens : replay.modelMaxTokens[model]!;
    const order = { classIndex, model, target: row.g, inputTokens, prefixTokens, maxTokens: most };
    return sum + settledUsd(spend, order, row);
  }, 0);
  return {
    budgetUsd: spend.budgetUsd,
    spentUsd,
    requestsStopped: rows.requests.filter(({ why }) => why === "budget").length,
  };
}

/** An equal share of the remaining budget. @param strategies how many still have to run */
export function shareOf(left: SpendPlan, strategies: number): SpendPlan {
  return { ...left, budgetUsd: left.budgetUsd / strategies };
}

/**
 * The budget that remains for the following strategies: none once one was stopped, since the bench is invalid then.
 */
export function leftOf(left: SpendPlan, { spentUsd, requestsStopped }: SpendReport): SpendPlan {
  return { ...left, budgetUsd: requestsStopped > 0 ? 0 : Math.max(0, left.budgetUsd - spentUsd) };
}
