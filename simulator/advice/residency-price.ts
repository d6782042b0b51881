/** What a residency rule costs: the least cost of the same tokens with the rule and without it. */
import type { LinearSolver } from "../base/linear-programme.ts";
import { HOUR_MS, MINUTE_MS } from "../base/time.ts";
import { type Demand as Bought, leastCost } from "../experiment/bound-model.ts";
import type { Plan } from "../scenario/plan.ts";
import { epochAt } from "../service/pricing/price-schedule.ts";
import { CACHE_READ, INPUT, OUTPUT } from "../service/pricing/prices.ts";
import { type Demand, inputParts } from "./demand.ts";

/** The price of one class's rule. */
export interface ResidencyPrice {
  readonly className: string;
  readonly rule: string;
  /** USD a month of the class's tokens where they are cheapest, quotas and deadlines kept; null: the limits leave no way. */
  readonly withRuleUsd: number | null;
  readonly withoutRuleUsd: number | null;
  /** Targets that the rule forbids and that would be used without it. */
  readonly forbidden: readonly string[];
}

/** A rule that costs less than this a month, USD, costs nothing. */
export const FREE_USD = 0.005;

/**
 * Shadow prices by linear programming: the optimum with every rule, less the optimum when one class's rule is dropped.
 * Latency has no part in it; prompts are cached as in one region, and what a cache would write counts as plain input.
 *
 * @param without the plan with one class's rule dropped, by class; targets as in `plan`
 */
export function residencyPrices(
  plan: Plan,
  demand: Demand,
  without: ReadonlyMap<string, Plan>,
  solve: LinearSolver,
): readonly ResidencyPrice[] {
  const perMonth = (730 * HOUR_MS) / (demand.minutes * MINUTE_MS);
  const costOf = (of: Plan, c: number) => {
    const found = leastCost(of, 0, boughtOf(of, demand), solve);
    return found === null ? null : found.byClassUsd[c]! * perMonth;
  };
  return plan.classes.flatMap(({ name, residency, legal }, c): readonly ResidencyPrice[] => {
    const other = without.get(name);
    if (residency === null || other === undefined) return [];
    const widened = other.targets.flatMap(({ id }, t) => {
      const isNew = other.classes[c]!.legal[t] === 1 && legal[plan.targets.findIndex((each) => each.id === id)] !== 1;
      return isNew ? [id] : [];
    });
    return [
      {
        className: name,
        rule: residency,
        withRuleUsd: costOf(plan, c),
        withoutRuleUsd: costOf(other, c),
        forbidden: widened,
      },
    ];
  });
}

function columnsOf(cls: Demand["byClass"][number]): readonly (readonly [kind: number, minutes: Float64Array])[] {
  const { plain, cacheRead, cacheWrite } = inputParts(cls);
  if (cacheRead === 0)
    return [
      [INPUT, cls.input],
      [OUTPUT, cls.output],
    ];
  const read = cacheRead / (plain + cacheRead + cacheWrite);
  return [
    [INPUT, cls.input.map((tokens) => tokens * (1 - read))],
    [CACHE_READ, cls.input.map((tokens) => tokens * read)],
    [OUTPUT, cls.output],
  ];
}

/** A replication's tokens as what must be bought, by price epoch. */
function boughtOf(plan: Plan, demand: Demand): readonly Bought[] {
  const { schedule } = plan.money;
  return demand.byClass.flatMap((cls, classIndex) =>
    columnsOf(cls).flatMap(([kind, minutes]) => {
      const byEpoch = new Map<number, number>();
      minutes.forEach((tokens, minute) => {
        const epoch = epochAt(schedule, (demand.fromMinute + minute) * MINUTE_MS);
        byEpoch.set(epoch, (byEpoch.get(epoch) ?? 0) + tokens);
      });
      const supplies = [...byEpoch].flatMap(([epoch, tokens]) =>
        tokens === 0 ? [] : [{ classIndex, kind, epoch, last: epoch, tokens }],
      );
      const total = supplies.reduce((sum, { tokens }) => sum + tokens, 0);
      return total === 0 ? [] : [{ supplies, tokens: total }];
    }),
  );
}
