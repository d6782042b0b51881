/**
 * What an answer rests on that is not known (prices, billing rule, capacities, window law of quotas), and what a run saves at
 * other prices than its own: the list prices beside a what-if, each reading of a swing.
 */
import { type Estimate, tInterval } from "../base/statistics.ts";
import { END } from "../client/request-rules.ts";
import type { MoneyPlan, Plan } from "../scenario/plan.ts";
import { isMeasured } from "../service/capacity/index.ts";
import { BILLING_RULES, type BillingRule } from "../service/pricing/prices.ts";
import { listText } from "./phrases.ts";
import type { ReplicationStats } from "./replication-stats.ts";
import type { PriceReading, RunResult } from "./result.ts";

/**
 * What carries the result and is assumed, one phrase each: stands right behind the verdict, so that no reader takes a
 * what-if for a fact.
 */
export function assumptionsOf(plan: Plan, kind: RunResult["kind"]): readonly string[] {
  const money = [pricesText(plan), `billing by the ${plan.money.billing} rule`];
  return kind === "measured" ? money : [...money, ...capacityTexts(plan), ...quotaTexts(plan)];
}

/** One sentence of all of them. */
export function assumptionSentence(assumptions: readonly string[]): string {
  return assumptions.length === 0 ? "" : `Assumes ${assumptions.join("; ")}.`;
}

function pricesText({ money }: Plan): string {
  const { ownPrices, schedule } = money;
  const { factor } = schedule;
  let low = 1;
  let high = 1;
  for (const each of factor) {
    if (each < low) low = each;
    if (each > high) high = each;
  }
  if (high - low < 1e-9) return PRICES_TEXTS[ownPrices];
  const ends = `${percent(low - 1)} to ${percent(high - 1)}`;
  const base = ownPrices === "all" ? "the scenario's own" : "the list";
  return `prices that leave ${base} by ${ends} over the run, a what-if of the scenario (AWS publishes no price by the hour)`;
}

const PRICES_TEXTS = {
  none: "list prices",
  some: "list prices, and the scenario's own where it states some",
  all: "the scenario's own prices",
} as const;

function percent(share: number): string {
  const rounded = Number((share * 100).toPrecision(2));
  return `${rounded < 0 ? "−" : "+"}${Math.abs(rounded)} %`;
}

function capacityTexts({ world }: Plan): readonly string[] {
  const origins = new Set(world.endpoints.map(({ capacity }) => isMeasured(capacity)));
  if (origins.size === 0) return [];
  const measured = origins.has(true);
  if (measured && !origins.has(false)) return ["capacities as fitted to measured calls"];
  return [
    measured
      ? "capacities partly fitted, partly as the scenario states them"
      : "capacities as the scenario states them, not measured",
  ];
}

function quotaTexts({ world }: Plan): readonly string[] {
  const laws = new Set(
    world.quotas.flatMap(({ tokensPerMinute, requests }) =>
      [tokensPerMinute, requests].flatMap((meter) => (meter === null ? [] : [meter.law])),
    ),
  );
  if (laws.size === 0) return world.quotas.length === 0 ? ["no quotas"] : [];
  return [
    `quotas that refill as a ${listText([...laws].map((law) => law.replace("-", " ")))} (AWS does not publish the law)`,
  ];
}

/**
 * Savings per served request against the baseline at each of the plan's other prices, from the same runs: the requests
 * are routed as they were, priced anew.
 *
 * @param byStrategy replications by strategy index
 */
export function priceReadingsOf(
  plan: Plan,
  byStrategy: readonly (readonly ReplicationStats[])[],
): readonly PriceReading[] {
  const baseline = byStrategy[plan.baseline]!;
  return (plan.money.otherPrices ?? []).map(({ name, ceilingShare }, at) => ({
    name,
    ceilingShare: ceilingShare ?? null,
    hindsightShare: tInterval(
      baseline.map(({ otherBills }) => {
        const { fUsd, leastFUsd } = otherBills[at]!;
        return fUsd.source === 0n ? null : 1 - Number(leastFUsd) / Number(fUsd.source);
      }),
    ),
    savings: plan.strategies.flatMap(({ name: strategy }, index) => {
      if (index === plan.baseline) return [];
      const savingShare = Object.fromEntries(
        BILLING_RULES.map((rule) => [rule, saving(byStrategy[index]!, baseline, at, rule)] as const),
      ) as Record<BillingRule, Estimate>;
      return [{ strategy, savingShare }];
    }),
  }));
}

function saving(
  mine: readonly ReplicationStats[],
  theirs: readonly ReplicationStats[],
  at: number,
  rule: BillingRule,
): Estimate {
  const perServed = ({ otherBills, total }: ReplicationStats) => {
    const served = total.fields[END.served]!;
    return served === 0 ? null : Number(otherBills[at]!.fUsd[rule] + total.reservedFUsd) / served;
  };
  return tInterval(
    mine.map((each, i) => {
      const [own, base] = [perServed(each), perServed(theirs[i]!)];
      return own === null || base === null || base === 0 ? null : 1 - own / base;
    }),
  );
}

/**
 * The truth beside a what-if, one sentence: what a strategy saves at prices without the swing under each billing rule, in each
 * reading of the swing, and the most that any routing by price could save. Empty where prices are the list's.
 */
export function priceSentence(
  readings: readonly PriceReading[],
  strategy: string,
  { billing, ownPrices }: Pick<MoneyPlan, "billing" | "ownPrices">,
): string {
  const of = (reading: PriceReading) => reading.savings.find((each) => each.strategy === strategy)?.savingShare;
  const list = readings.find(({ name }) => name === "list prices");
  const atList = list === undefined ? undefined : of(list);
  if (list === undefined || atList === undefined) return "";
  const shares = new Set(BILLING_RULES.map((rule) => shareOf(atList[rule])));
  const rules =
    shares.size === 1
      ? ofEveryRule(savesText([[atList[billing], ""]]))
      : savesText(BILLING_RULES.map((rule) => [atList[rule], ` (${rule})`]));
  const swings = readings.filter((each) => each !== list);
  const other = swings.map((each) => {
    const saving = of(each)![billing];
    return [saving, ` (${each.name}; ${ceilingText(each, saving)})`] as const;
  });
  const beside = other.length === 0 ? "" : `; in each reading of the swing it ${savesText(other)}`;
  const flat = ownPrices === "all" ? "the scenario's own prices without their swing" : "list prices";
  return `At ${flat}, routed as here, ${strategy} ${rules}${beside}.`;
}

/** `saves 9 % under every billing rule`, `saves nothing under any billing rule`. */
function ofEveryRule(saves: string): string {
  return `${saves} under ${saves.endsWith("nothing") ? "any" : "every"} billing rule`;
}

/** `saves 9 % (a), 12 % (b)`; savings that are all below zero are a cost: `costs 9 % (a), 12 % (b) more`. */
function savesText(savings: readonly (readonly [Estimate, string])[]): string {
  const shares = savings.map(([saving, label]) => [shareOf(saving), label] as const);
  if (shares.length === 1 && shares[0]![0] === "0 %") return `saves nothing${shares[0]![1]}`;
  if (!shares.every(([share]) => share.startsWith("−"))) {
    return `saves ${shares.map((each) => each.join("")).join(", ")}`;
  }
  return `costs ${shares.map(([share, label]) => `${share.slice(1)}${label}`).join(", ")} more`;
}

function shareOf({ value }: Estimate): string {
  if (value === null) return "n/a";
  const percent = value * 100;
  const rounded = Number(percent.toFixed(Math.abs(percent) < 1 ? 2 : 1));
  return `${rounded < 0 ? "−" : ""}${Math.abs(rounded)} %`;
}

/** The closed form is of a demand that is flat over the day: one that peaks with the price may save more. */
function ceilingText({ ceilingShare, hindsightShare }: PriceReading, { value }: Estimate): string {
  const share = ceilingShare ?? hindsightShare.value;
  const shown = share === null ? "n/a" : `${Number((share * 100).toFixed(1))} %`;
  const isExceeded = ceilingShare !== null && value !== null && value > ceilingShare + 5e-4;
  return isExceeded ? `a flat demand at most ${shown}` : `ceiling ${shown}`;
}
