/** What a bench is expected to cost, what it can cost at worst, and whether a budget is worth starting with. */
import { MeridianError } from "../../simulator/base/errors.ts";
import { MINUTE_MS } from "../../simulator/base/time.ts";
import type { SpendPlan } from "../../simulator/bench/plan.ts";
import { worstCaseUsd } from "../../simulator/bench/reservations.ts";
import { requestOf, type ScheduleRow } from "../../simulator/bench/rows.ts";
import type { ListPrice } from "../../simulator/bench/spend-plan.ts";
import { createRetryPolicy } from "../../simulator/client/retry-policy.ts";
import type { RetrySpec } from "../../simulator/client/retry-rules.ts";
import { assembleResult, type RunResult, runJob } from "../../simulator/experiment/index.ts";
import type { QuotaSummary } from "../../simulator/experiment/result.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { createPriceBook } from "../../simulator/service/pricing/price-book.ts";
import type { PriceBookData } from "../../simulator/service/pricing/price-book-data.ts";

export interface StrategyEstimate {
  readonly name: string;
  /** What the simulator bills, at the scenario's prices and rule. */
  readonly expectedUsd: number;
  /** Every attempt that the client may make billed in full; Infinity where it may try for ever. */
  readonly worstUsd: number;
  readonly attempts: number;
  readonly attemptsThrottled: number;
  /** Of one request, retries and hedges together. */
  readonly attemptsMax: number;
  readonly quotas: readonly QuotaSummary[];
}

export interface BenchEstimate {
  readonly strategies: readonly StrategyEstimate[];
  readonly expectedUsd: number;
  readonly worstUsd: number;
  /** The most tokens that the arrivals of any minute ask for: input, and max_tokens as quotas reserve it. */
  readonly busiestMinuteTokens: number;
}

/** What a bench will cost and meet: from a simulation of the very schedule, and from the worst case of each call. */
export function estimateBench(plan: Plan, schedule: readonly ScheduleRow[], spend: SpendPlan): BenchEstimate {
  const result = simulateOnce(plan);
  const strategies = result.strategies.map(({ name, total, quotas }, index): StrategyEstimate => {
    const { retry, hedge } = plan.strategies[index]!.client ?? plan.client;
    const attemptsMax = createRetryPolicy(retry as RetrySpec).attemptsMax + hedge.hedgesMax;
    return {
      name,
      expectedUsd: total.cost[plan.money.billing].totalUsd.value ?? 0,
      worstUsd: attemptsMax * worstOnceUsd(plan, schedule, spend),
      attempts: total.counts.attempts,
      attemptsThrottled: total.counts.attemptsThrottled,
      attemptsMax,
      quotas,
    };
  });
  return {
    strategies,
    expectedUsd: strategies.reduce((sum, each) => sum + each.expectedUsd, 0),
    worstUsd: strategies.reduce((sum, each) => sum + each.worstUsd, 0),
    busiestMinuteTokens: busiestMinute(plan, schedule),
  };
}

function simulateOnce(plan: Plan): RunResult {
  const single = { ...plan, replications: 1, assertions: [] };
  const job = runJob(
    { plan: single, skipQuotaNeeds: true },
    { replication: 0, strategyIndices: plan.strategies.map((_, index) => index) },
  );
  for (;;) {
    const step = job.next();
    if (step.done !== true) continue;
    const provenance = { scenarioSha256: "", meridianVersion: "", traces: [] };
    return assembleResult({ plan: single }, [step.value], provenance);
  }
}

/** Every request once, at the most expensive target that its class may be sent to. */
function worstOnceUsd(plan: Plan, schedule: readonly ScheduleRow[], spend: SpendPlan): number {
  return schedule.reduce((sum, row) => sum + worstOfUsd(plan, row, spend), 0);
}

function worstOfUsd(plan: Plan, row: ScheduleRow, spend: SpendPlan): number {
  const { classIndex, inputTokens, prefixTokens, maxTokens } = requestOf(row, 0);
  const { model, legal } = plan.classes[classIndex]!;
  const most = maxTokens > 0 ? maxTokens : plan.models[model]!.maxOutputTokens;
  let worst = 0;
  legal.forEach((isLegal, target) => {
    if (isLegal !== 1) return;
    const order = { classIndex, model, target, inputTokens, prefixTokens, maxTokens: most };
    worst = Math.max(worst, worstCaseUsd(spend, order));
  });
  return worst;
}

/**
 * Refuses a budget that some router's first calls could already pass: the run would stop before it has measured anything.
 *
 * @throws MeridianError usage SPEND_BUDGET_TOO_SMALL
 */
export function refuseTinyBudget(plan: Plan, schedule: readonly ScheduleRow[], spend: SpendPlan): void {
  const parts = plan.strategies.length * plan.routers;
  const highestUsd = schedule.reduce((most, row) => Math.max(most, worstOfUsd(plan, row, spend)), 0);
  if (spend.budgetUsd / parts >= highestUsd) return;
  const usd = (amount: number): string => String(Number(amount.toPrecision(2)));
  throw new MeridianError("usage", {
    code: "SPEND_BUDGET_TOO_SMALL",
    what: `each of ${plan.routers} routers has ${usd(spend.budgetUsd / parts)} USD for a strategy, and the most expensive call may cost ${usd(highestUsd)}: the run would stop at once`,
    where: "--budget-usd",
    fix: `give at least --budget-usd ${usd(1.05 * highestUsd * parts)}, or bench fewer strategies, fewer routers or shorter prompts`,
  });
}

function busiestMinute(plan: Plan, schedule: readonly ScheduleRow[]): number {
  const weights = plan.classes.map(({ model }) => reservedWeight(plan, model));
  const tokensOf = (row: ScheduleRow): number => {
    const { classIndex, inputTokens, maxTokens } = requestOf(row, 0);
    const most = maxTokens > 0 ? maxTokens : plan.models[plan.classes[classIndex]!.model]!.maxOutputTokens;
    return inputTokens + most * weights[classIndex]!;
  };
  let from = 0;
  let tokens = 0;
  let most = 0;
  for (const row of schedule) {
    tokens += tokensOf(row);
    while (schedule[from]![0] <= row[0] - MINUTE_MS) tokens -= tokensOf(schedule[from++]!);
    most = Math.max(most, tokens);
  }
  return most;
}

/** How often max_tokens counts where a quota of the model reserves the most. */
function reservedWeight({ world }: Plan, model: number): number {
  const weighing = world.quotas.filter((quota) => quota.model === model && quota.reservesWeightedOutput);
  return Math.max(1, ...weighing.map(({ burndown }) => burndown));
}

/**
 * AWS's list prices of what a plan buys: a budget must not rest on a scenario's own what-if prices.
 *
 * @throws MeridianError usage, with every key that has no list price
 */
export function listPricesOf(plan: Plan, data: PriceBookData): ListPrice {
  const modelIds = Object.fromEntries(plan.models.map(({ name, id }) => [name, id]));
  const longPriceOf = (model: string) => plan.models.find(({ name }) => name === model)?.longPrice ?? undefined;
  const book = createPriceBook({ data, modelIds, longPriceOf });
  const unknown = plan.money.schedule.keys.flatMap((key) => {
    const quote = book.quote(key);
    return "code" in quote ? [{ ...quote, fix: `real money needs a known price. ${quote.fix ?? ""}`.trim() }] : [];
  });
  if (unknown.length > 0) throw new MeridianError("usage", unknown);
  return (key) => {
    const quote = book.quote(key);
    return "code" in quote ? undefined : quote.prices;
  };
}
