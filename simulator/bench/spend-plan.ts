/**
 * The budget of a bench against endpoints that cost money: highest prices, shares of the strategies, and what was
 * spent.
 */
import type { Plan } from "../scenario/plan.ts";
import { priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import { type PriceKey, TOKEN_KINDS, type TokenPricesUsdPerMTok } from "../service/pricing/prices.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import type { ReplayPlan, SpendPlan } from "./plan.ts";
import { settledUsd } from "./reservations.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduleRow } from "./rows.ts";

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
