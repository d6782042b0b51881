/** The bills of one run: under each rule, by kind of token, and at other prices than its own. */
import { HOUR_MS } from "../base/time.ts";
import type { Plan } from "../scenario/plan.ts";
import {
  type Bill,
  type BillingTerms,
  billedTokens,
  billLedger,
  cellsInUse,
  type Ledger,
} from "../service/pricing/billing.ts";
import { BILLING_RULES, type BillingRule, type PriceSchedule, TOKEN_KINDS } from "../service/pricing/prices.ts";

export type Bills = Readonly<Record<BillingRule, Bill>>;

/** Tokens billed by `BILLED_KINDS`, and what they cost, fUSD. */
export interface TokenStats {
  readonly count: readonly number[];
  readonly fUsd: Readonly<Record<BillingRule, readonly bigint[]>>;
}

/** A run's tokens at other prices, fUSD. */
export interface OtherBill {
  readonly fUsd: Readonly<Record<BillingRule, bigint>>;
  /** All tokens at the cheapest legal price of their hour: what perfect routing without limits would pay. */
  readonly leastFUsd: bigint;
}

/**
 * A run's ledger under each billing rule.
 *
 * @param cells    of the ledger that are in use
 * @param schedule prices, the run's own unless others are given
 */
export function billsOf(
  plan: Plan,
  ledger: Ledger,
  cells: readonly number[] = cellsInUse(ledger),
  schedule = plan.money.schedule,
): Bills {
  return perRule((rule) => billLedger(ledger, termsOf(plan, rule, schedule), cells));
}

/** Tokens and money by kind: they add up to the bill without fee and reserved capacity. */
export function tokensOf(plan: Plan, ledger: Ledger, bills: Bills, cells?: readonly number[]): TokenStats {
  return {
    count: billedTokens(ledger, termsOf(plan, "source", plan.money.schedule), cells),
    fUsd: perRule((rule) => bills[rule].all.byKind),
  };
}

/** The same ledger at each of the plan's other prices. */
export function otherBillsOf(plan: Plan, ledger: Ledger, cells?: readonly number[]): readonly OtherBill[] {
  return (plan.money.otherPrices ?? []).map(({ schedule }) => {
    const bills = billsOf(plan, ledger, cells, schedule);
    const { all, routingFee } = bills["lowest-cost"];
    return { fUsd: perRule((rule) => bills[rule].all.total), leastFUsd: all.total - routingFee.total };
  });
}

/** The ledger's tokens, wherever they ran. */
export function billedTokensOf({ epochs, placements, classes, tokens }: Ledger, used: readonly number[]): Float64Array {
  const kinds = TOKEN_KINDS.length;
  const sums = new Float64Array(epochs * classes * kinds);
  for (const cell of used) {
    const epoch = Math.floor(cell / classes / placements);
    const to = (epoch * classes + (cell % classes)) * kinds;
    for (let kind = 0; kind < kinds; kind++) sums[to + kind]! += tokens[cell * kinds + kind]!;
  }
  return sums;
}

/** Price epochs by the hour of the run in which they begin. */
export function epochsByHour({ money }: Plan): ReadonlyMap<number, readonly number[]> {
  const epochs = new Map<number, number[]>();
  money.schedule.epochStartMs.forEach((startMs, epoch) => {
    const hour = Math.floor(startMs / HOUR_MS);
    const own = epochs.get(hour);
    if (own === undefined) epochs.set(hour, [epoch]);
    else own.push(epoch);
  });
  return epochs;
}

function termsOf(plan: Plan, rule: BillingRule, schedule: PriceSchedule): BillingTerms {
  const { placements, candidateKeys, routingFeeUsdPer1kDecisions } = plan.money;
  return { rule, schedule, placements, candidateKeys, routingFeeUsdPer1kDecisions };
}

function perRule<T>(of: (rule: BillingRule) => T): Readonly<Record<BillingRule, T>> {
  return Object.fromEntries(BILLING_RULES.map((rule) => [rule, of(rule)])) as Record<BillingRule, T>;
}
