/** Which classes to defer to batch: what half the price saves for each, and whether its callers can wait. */
import type { Plan } from "../scenario/plan.ts";
import { CACHE_READ, CACHE_WRITE, INPUT, OUTPUT, TOKEN_KINDS } from "../service/pricing/prices.ts";
import { type Demand, type InputParts, inputParts } from "./demand.ts";

/** 30.4 days, as reports count a month. */
const MONTH_MINUTES = 730 * 60;

/** One class. */
export interface Deferral {
  readonly className: string;
  readonly deferrable: boolean;
  /** USD a month of the class's tokens without batch, by list price. */
  readonly usdPerMonth: number | null;
  /** Of it, by list price: what batch saves; null where no batch is offered for its model where it may be. */
  readonly savingShare: number | null;
  readonly target: string | undefined;
}

/**
 * By list price at the start of the run; prompts are cached as in one region.
 *
 * @param plan  whose targets include batch
 * @param targetOf the target of each class without batch
 */
export function deferrals(plan: Plan, demand: Demand, targetOf: Readonly<Record<string, string>>): readonly Deferral[] {
  return plan.classes.map(({ name, model, deferrable }, c): Deferral => {
    const parts = inputParts(demand.byClass[c]!);
    const output = demand.byClass[c]!.output.reduce((sum, one) => sum + one, 0);
    const costAt = (target: number) => {
      const key = plan.money.keyOfTarget[target * plan.models.length + model] ?? -1;
      const price = (kind: number) => plan.money.schedule.fUsdPerToken[key * TOKEN_KINDS.length + kind]!;
      return key < 0 ? null : inputCost(parts, price) + output * price(OUTPUT);
    };
    const now = costAt(plan.targets.findIndex(({ id }) => id === targetOf[name]));
    const batches = plan.targets
      .map(({ id, isAsync }, t) => ({ id, cost: isAsync && mayBe(plan, c, t) ? costAt(t) : null }))
      .filter(({ cost }) => cost !== null)
      .toSorted((a, b) => a.cost! - b.cost!);
    const best = batches[0];
    return {
      className: name,
      deferrable,
      usdPerMonth: now === null ? null : ((now / 1e15) * MONTH_MINUTES) / demand.minutes,
      savingShare: best === undefined || now === null || now === 0 ? null : 1 - best.cost! / now,
      target: best?.id,
    };
  });
}

function inputCost({ plain, cacheRead, cacheWrite }: InputParts, price: (kind: number) => number): number {
  return plain * price(INPUT) + cacheRead * price(CACHE_READ) + cacheWrite * price(CACHE_WRITE);
}

/** Whether nothing but the wait keeps a class from a batch target: its region and family are legal for the class. */
function mayBe(plan: Plan, classIndex: number, target: number): boolean {
  const { legal, model } = plan.classes[classIndex]!;
  if (legal[target] === 1) return true;
  const familyOf = (t: number) =>
    plan.money.schedule.keys[plan.money.keyOfTarget[t * plan.models.length + model] ?? -1]?.family;
  return plan.targets.some(
    ({ region, isAsync }, t) =>
      !isAsync && legal[t] === 1 && region === plan.targets[target]!.region && familyOf(t) === familyOf(target),
  );
}
