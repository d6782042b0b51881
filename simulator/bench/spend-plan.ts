import type { Plan } from "../scenario/plan.ts";
import { priceUsdPerMTok } from "../service/pricing/price-schedule.ts";
import { type PriceKey, TOKEN_KINDS, type TokenPricesUsdPerMTok } from "../service/pricing/prices.ts";
import type { RoutePlan } from "../service/service-plan.ts";
import type { ReplayPlan, SpendPlan } from "./plan.ts";
import { type AttemptRow, type RequestRow, requestOf, type ScheduleRow } from "./rows.ts";
import { settledUsd } from "./spend.ts";

/** The list price of a key, undefined where there is none; prices of a scenario may be what-ifs. */
export type ListPrice = (key: PriceKey) => TokenPricesUsdPerMTok | undefined;

/**
 * The dearest price of a token that a class sends to a target: over the regions that may run it, over the billing rules
 * (the target's own key, the destination's, and any that `lowest-cost` may take at the same tier) and over the hours of
 * the run, and never below the list price.
 *
 * @param listPrice asked for every key; NaN stands where it answers undefined
 * @returns by class and target, in the order of `TOKEN_KINDS`; NaN where a class may not go or has no price
 */
export function dearestPrices(plan: Plan, listPrice?: ListPrice): SpendPlan["dearestUsdPerMTok"] {
  const { keys } = plan.money.schedule;
  const ofKey = keys.map((key, index) => dearestOfKey(plan, index, listPrice === undefined ? null : listPrice(key)));
  return plan.classes.map((each, c) =>
    plan.targets.map((_, t) => {
      const route = each.legal[t] === 1 ? plan.world.routes[t * plan.models.length + each.model] : null;
      if (route === null || route === undefined) return TOKEN_KINDS.map(() => Number.NaN);
      const own = keysOf(plan, route);
      const tiers = new Set(own.map((key) => keys[key]!.tier));
      const others = (plan.money.candidateKeys[c] ?? []).filter((key) => tiers.has(keys[key]!.tier));
      return TOKEN_KINDS.map((__, kind) => Math.max(...[...own, ...others].map((key) => ofKey[key]![kind]!)));
    }),
  );
}

/** Keys that a route and its overflow may be billed by. */
function keysOf(plan: Plan, route: RoutePlan): readonly number[] {
  const own = route.placements.flatMap((placement) => {
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

/** How surely the tokens of a prompt are known before it is sent. */
export type PromptCount = "exact" | { readonly charsPerToken: number; readonly isMeasured: boolean };

/** No tokenizer makes more tokens of a text than it has bytes, and filler has one byte a character. */
const TOKENS_PER_CHAR_MAX = 1;
/** The service counted this very text, at other lengths. */
const MEASURED_FACTOR = 1.05;
/** What a chat template adds to a prompt of one message; no service documents it, known ones add a dozen. */
const TEMPLATE_TOKENS = 100;

/** What one strategy's run may spend, given how each model's prompts are counted. */
export function spendPlanOf(
  plan: Plan,
  budgetUsd: number,
  counts: readonly PromptCount[],
  listPrice?: ListPrice,
): SpendPlan {
  return {
    budgetUsd,
    dearestUsdPerMTok: dearestPrices(plan, listPrice),
    inputFactor: counts.map((count) => {
      if (count === "exact") return 1;
      return count.isMeasured ? MEASURED_FACTOR : Math.max(1, count.charsPerToken * TOKENS_PER_CHAR_MAX);
    }),
    inputTokensMore: TEMPLATE_TOKENS,
  };
}

/** What became of one strategy's budget. */
export interface SpendReport {
  readonly budgetUsd: number;
  /** At the dearest prices, and at the worst case where the service did not say: no bill is above it. */
  readonly spentUsd: number;
  /** Requests that the budget stopped. */
  readonly requestsStopped: number;
}

/** What attempts must be taken to have cost, from their rows: not from what the client says that it counted. */
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

/** The fair part of what is left for the first of so many strategies. */
export function shareOf(left: SpendPlan, strategies: number): SpendPlan {
  return { ...left, budgetUsd: left.budgetUsd / strategies };
}

/**
 * What is left for the strategies that follow: nothing once one was stopped, since the run is invalid by then and
 * further calls would only cost.
 */
export function leftOf(left: SpendPlan, { spentUsd, requestsStopped }: SpendReport): SpendPlan {
  return { ...left, budgetUsd: requestsStopped > 0 ? 0 : Math.max(0, left.budgetUsd - spentUsd) };
}
