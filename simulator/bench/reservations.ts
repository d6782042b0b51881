/**
 * What a router counts itself, reserved before each attempt and settled after it: its share of the budget, by the worst case of
 * the attempt; and quotas as a client can count them, by the rules of the service.
 */
import type { TargetViewState } from "../client/target-view.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, promptTokensOf } from "../service/pricing/prices.ts";
import { TokenQuota } from "../service/quota/token-quota.ts";
import type { ClientQuotas, SpendPlan } from "./plan.ts";
import type { AttemptRow } from "./rows.ts";

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

/** An attempt, as far as a quota counts it. */
export interface QuotaOrder {
  readonly classIndex: number;
  readonly target: number;
  /** The whole prompt, tokens. */
  readonly inputTokens: number;
  /** Limit of the answer, tokens. */
  readonly maxTokens: number;
}

/** What an attempt in flight holds of a quota. */
export interface QuotaHold {
  readonly quota: TokenQuota;
  readonly takenMs: number;
  readonly tokens: number;
}

/**
 * What is left of each quota, for strategies that read it. The service does not tell: a client that is an account's only
 * caller knows it all the same, since it sends every call and reads every count of tokens. Other callers of the account
 * make it too hopeful, and a 429 then says so.
 */
export class QuotaMeters {
  private readonly plan: ClientQuotas;
  private readonly meters: readonly TokenQuota[];

  constructor(plan: ClientQuotas) {
    this.plan = plan;
    this.meters = plan.specs.map((spec) => new TokenQuota(spec, plan.startMs));
  }

  /** Writes what is left into the columns that the strategy sees. */
  show(view: TargetViewState, classIndex: number, nowMs: number): void {
    for (let i = 0; i < view.eligibleCount; i++) {
      const target = view.eligible[i]!;
      view.quotaHeadroom[target] = this.meterOf(classIndex, target)?.headroom(nowMs) ?? 1;
    }
  }

  /** An attempt leaves. @returns what it holds; undefined where no quota counts, or this one has no room for it */
  hold({ classIndex, target, inputTokens, maxTokens }: QuotaOrder, nowMs: number): QuotaHold | undefined {
    const quota = this.meterOf(classIndex, target);
    if (quota === undefined) return undefined;
    const tokens = quota.reservation(inputTokens, 0, maxTokens);
    return quota.reserve(nowMs, tokens) ? { quota, takenMs: nowMs, tokens } : undefined;
  }

  /**
   * An attempt has ended.
   *
   * @param usage tokens as the service counted them: uncached input, output, cache reads, cache writes; null where it did
   *   not, and then the attempt keeps what it holds if it was admitted
   */
  release(
    { quota, takenMs, tokens }: QuotaHold,
    nowMs: number,
    usage: readonly number[] | null,
    isAdmitted: boolean,
  ): void {
    if (usage === null) {
      if (!isAdmitted) quota.settle(nowMs, takenMs, tokens, 0);
      return;
    }
    const [input = 0, output = 0, cacheRead = 0, cacheWrite = 0] = usage;
    quota.settle(nowMs, takenMs, tokens, quota.settlement(input + cacheRead + cacheWrite, cacheRead, output));
  }

  private meterOf(classIndex: number, target: number): TokenQuota | undefined {
    return this.meters[this.plan.quotaOf[classIndex]![target]!];
  }
}
