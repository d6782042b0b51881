import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT } from "../service/pricing/prices.ts";
import type { SpendPlan } from "./plan.ts";
import type { AttemptRow } from "./rows.ts";

/** What an attempt asks for, as far as it sets its price. */
export interface SpendOrder {
  readonly classIndex: number;
  readonly model: number;
  readonly target: number;
  readonly inputTokens: number;
  readonly prefixTokens: number;
  /** The most that the answer can have. */
  readonly maxTokens: number;
}

/** How an attempt ended, as far as it tells what it cost. */
export type SpendEnd = Pick<AttemptRow, "c" | "u">;

/** Whole nano-dollars: sums of them are exact up to nine million dollars. */
const NANO_USD = 1e9;
/** USD per million tokens times tokens is millionths of a dollar. */
const NANO_USD_PER_USD_PER_MTOK = 1e3;

/**
 * Keeps one router within its share of a budget. The worst case of an attempt (a prompt counted as dearly as it can be,
 * an answer of max_tokens, at the dearest price) is reserved before it is sent and settled with the tokens that the
 * service reports; where it reports none, the reservation stands as spent. What does not fit any more is not sent, and
 * from then on nothing is: a run that skips only its dear requests would measure something else.
 *
 * Routers share nothing, so each has an equal share of the budget and the sum cannot pass it.
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

  /** The budget has refused an attempt: nothing is sent any more. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Spent, or set aside for what is under way. */
  get committedUsd(): number {
    return this.committedNanoUsd / NANO_USD;
  }

  /** @returns what was set aside, in nano-dollars; undefined when the attempt must not be sent */
  reserve(order: SpendOrder): number | undefined {
    const worst = worstNanoUsd(this.plan, order);
    // Written so that a price that is not known (NaN) refuses.
    if (this.stopped || !(this.committedNanoUsd + worst <= this.shareNanoUsd)) {
      this.stopped = true;
      return undefined;
    }
    this.committedNanoUsd += worst;
    return worst;
  }

  settle(reserved: number, order: SpendOrder, end: SpendEnd): void {
    this.committedNanoUsd += settledNanoUsd(this.plan, order, end, reserved) - reserved;
  }
}

/** The most that an attempt can cost, USD. */
export function worstCaseUsd(plan: SpendPlan, order: SpendOrder): number {
  return worstNanoUsd(plan, order) / NANO_USD;
}

/** What an attempt that has ended must be taken to have cost, USD. */
export function settledUsd(plan: SpendPlan, order: SpendOrder, end: SpendEnd): number {
  return settledNanoUsd(plan, order, end, worstNanoUsd(plan, order)) / NANO_USD;
}

function worstNanoUsd(plan: SpendPlan, order: SpendOrder): number {
  const prices = plan.dearestUsdPerMTok[order.classIndex]![order.target]!;
  const factor = plan.inputFactor[order.model]!;
  const prefix = Math.min(order.prefixTokens, order.inputTokens);
  const prefixPrice = Math.max(prices[INPUT]!, prices[CACHE_READ]!, prices[CACHE_WRITE]!);
  const usdPerMTok =
    Math.ceil(prefix * factor) * prefixPrice +
    (Math.ceil((order.inputTokens - prefix) * factor) + plan.inputTokensMore) * prices[INPUT]! +
    order.maxTokens * prices[OUTPUT]!;
  return Math.ceil(usdPerMTok * NANO_USD_PER_USD_PER_MTOK);
}

/**
 * Reported tokens at the dearest price, since who bills what is not certain. An answer that says "no" costs nothing;
 * silence, a broken stream and a server's own fault may have cost everything.
 */
function settledNanoUsd(plan: SpendPlan, order: SpendOrder, { c, u }: SpendEnd, worst: number): number {
  if (u === null) return isRefusal(c) ? 0 : worst;
  const prices = plan.dearestUsdPerMTok[order.classIndex]![order.target]!;
  const usdPerMTok = u.reduce((sum, tokens, kind) => sum + tokens * prices[kind]!, 0);
  return Math.ceil(usdPerMTok * NANO_USD_PER_USD_PER_MTOK);
}

/** Answered with a quota's, a capacity's or the caller's fault, before any token; 408 and 424 come after work was done. */
function isRefusal(status: number): boolean {
  return (status >= 400 && status < 500 && status !== 408 && status !== 424) || status === 503;
}
