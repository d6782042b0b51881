/**
 * What other ways to buy would cost for the same tokens, by list price: service tiers, bought model units, and batch for
 * classes whose callers can wait.
 */
import type { Plan } from "../scenario/plan.ts";
import { createPriceBook, type PriceBook } from "../service/pricing/price-book.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import {
  CACHE_READ,
  CACHE_WRITE,
  INPUT,
  OUTPUT,
  PREPAID,
  type ServiceTier,
  TOKEN_KINDS,
  type TokenPricesUsdPerMTok,
} from "../service/pricing/prices.ts";
import { PROVISIONED_TERMS, type ProvisionedTerm } from "../service/pricing/reserved.ts";
import { type Demand, type InputParts, inputParts } from "./demand.ts";

/** One tier beside the standard one. */
export interface TierCost {
  readonly tier: ServiceTier;
  /** Its list price of all tokens over the standard tier's; null where none of the classes' models has it. */
  readonly factor: number | null;
  /** Classes whose model has no list price at that tier where it is called. */
  readonly left: readonly string[];
}

/** Model units of provisioned throughput of one term against the tokens that their price would buy on demand. */
export interface ProvisionedBreakEven {
  readonly model: string;
  readonly region: string;
  readonly term: ProvisionedTerm;
  readonly usdPerHour: number;
  /** Tokens a minute, in the mix of the traffic, that cost as much on demand. */
  readonly breakEvenTpm: number;
  /** Mean of the run. */
  readonly meanTpm: number;
  /** USD a month of 730 h, all on demand. */
  readonly onDemandUsd: number;
  /** Where it is known what a unit serves: units that pay, and USD a month with what spills over. */
  readonly best?: { readonly units: number; readonly usd: number };
}

export interface TierInput {
  readonly plan: Plan;
  readonly demand: Demand;
  readonly prices: PriceBookData;
  readonly targetOf: Readonly<Record<string, string>>;
}

const TIERS = ["priority", "flex"] as const;

/** By class: its tokens of the run and the key it is billed by. */
function billed({ plan, demand, targetOf }: TierInput) {
  return plan.classes.flatMap(({ name, model }, c) => {
    const t = plan.targets.findIndex(({ id }) => id === targetOf[name]);
    const key = plan.money.schedule.keys[plan.money.keyOfTarget[t * plan.models.length + model] ?? -1];
    if (key === undefined || key.tier === PREPAID) return [];
    const sum = (values: Float64Array) => values.reduce((total, one) => total + one, 0);
    const { input, output } = demand.byClass[c]!;
    const { id } = plan.models[model]!;
    const parts = inputParts(demand.byClass[c]!);
    const minutes = input.map((tokens, i) => tokens + output[i]!);
    return [{ name, key: { ...key, model: id }, modelId: id, parts, minutes, output: sum(output) }];
  });
}

/** Priority and flex over standard, for the classes that have them. */
export function tierCosts(input: TierInput): readonly TierCost[] {
  const book = createPriceBook({ data: input.prices });
  const uses = billed(input);
  return TIERS.map((tier) => {
    let [standard, other] = [0, 0];
    const left: string[] = [];
    for (const { name, key, parts, output } of uses) {
      const [now, then] = [book.quote(key), book.quote({ ...key, tier })];
      if ("code" in now || "code" in then || then.isByRatio === true) {
        left.push(name);
        continue;
      }
      standard += inputUsd(parts, now.prices) + output * now.prices.output;
      other += inputUsd(parts, then.prices) + output * then.prices.output;
    }
    return { tier, factor: standard === 0 ? null : other / standard, left };
  });
}

function inputUsd({ plain, cacheRead, cacheWrite }: InputParts, prices: TokenPricesUsdPerMTok): number {
  return plain * prices.input + cacheRead * prices.cacheRead + cacheWrite * prices.cacheWrite;
}

/**
 * For each model and region with a published price of a model unit, every term, the cheapest hour first. Where it is
 * known what a unit serves, units are bought while the next one is in use for more than its break-even share of the
 * time (the critical fractile of the newsvendor model); what they do not serve is paid on demand.
 *
 * @param unitTpm tokens a minute, input and output together, that one model unit serves; AWS does not publish it
 */
export function provisionedBreakEvens(input: TierInput, unitTpm?: number): readonly ProvisionedBreakEven[] {
  const book = createPriceBook({ data: input.prices });
  return usedTogether(input).flatMap((use): readonly ProvisionedBreakEven[] => {
    const { key, modelId, minutes } = use;
    const row = input.prices.provisionedThroughput.find(
      ({ model }) => modelId === model || modelId.startsWith(`${model}-`),
    );
    const quote = book.quote(key);
    const all = minutes.reduce((sum, tokens) => sum + tokens, 0);
    if (row === undefined || "code" in quote || all === 0) return [];
    const usdPerToken = (inputUsd(use.parts, quote.prices) + use.output * quote.prices.output) / all / 1e6;
    if (usdPerToken === 0) return [];
    return PROVISIONED_TERMS.flatMap((term): readonly ProvisionedBreakEven[] => {
      const usdPerHour = row[term];
      if (usdPerHour === null || usdPerHour === undefined) return [];
      return [
        {
          model: modelId,
          region: key.region,
          term,
          usdPerHour,
          breakEvenTpm: usdPerHour / 60 / usdPerToken,
          meanTpm: all / minutes.length,
          onDemandUsd: (all / minutes.length) * MONTH_MINUTES * usdPerToken,
          ...(unitTpm === undefined ? {} : { best: bestUnits({ minutes, unitTpm, usdPerHour, usdPerToken }) }),
        },
      ];
    }).toSorted((a, b) => a.usdPerHour - b.usdPerHour);
  });
}

const MONTH_MINUTES = 730 * 60;

/** Classes that call one model in one region share its units. */
function usedTogether(input: TierInput) {
  const uses = new Map<string, ReturnType<typeof billed>[number]>();
  for (const each of billed(input)) {
    const id = `${each.modelId} ${each.key.region} ${each.key.family}`;
    const known = uses.get(id);
    uses.set(
      id,
      known === undefined
        ? each
        : {
            ...known,
            output: known.output + each.output,
            minutes: known.minutes.map((tokens, i) => tokens + each.minutes[i]!),
            parts: {
              plain: known.parts.plain + each.parts.plain,
              cacheRead: known.parts.cacheRead + each.parts.cacheRead,
              cacheWrite: known.parts.cacheWrite + each.parts.cacheWrite,
            },
          },
    );
  }
  return [...uses.values()];
}

function bestUnits(offer: {
  readonly minutes: Float64Array;
  readonly unitTpm: number;
  readonly usdPerHour: number;
  readonly usdPerToken: number;
}): NonNullable<ProvisionedBreakEven["best"]> {
  const { minutes, unitTpm, usdPerHour, usdPerToken } = offer;
  const perMonth = (tokens: number) => (tokens / minutes.length) * MONTH_MINUTES * usdPerToken;
  const servedBy = (unit: number) =>
    minutes.reduce((sum, tokens) => sum + Math.min(unitTpm, Math.max(0, tokens - unit * unitTpm)), 0);
  let units = 0;
  while (units < UNITS_MAX && perMonth(servedBy(units)) > usdPerHour * 730) units++;
  const spilled = minutes.reduce((sum, tokens) => sum + Math.max(0, tokens - units * unitTpm), 0);
  return { units, usd: units * usdPerHour * 730 + perMonth(spilled) };
}

/** More units than AWS sells to one customer. */
const UNITS_MAX = 10_000;

/** What batch would save a class. */
export interface Deferral {
  readonly className: string;
  readonly deferrable: boolean;
  /** USD a month of the class's tokens without batch, by list price. */
  readonly usdPerMonth: number | null;
  /** The share of it that batch saves, by list price; null where no batch is offered for its model where it may be. */
  readonly savingShare: number | null;
  readonly target: string | undefined;
  /** False where the price list has no batch price of its model: then the share is the usual ratio. */
  readonly isListed: boolean;
}

/**
 * What batch would save each class, by list price at the start of the run; prompts are cached as in one region.
 *
 * @param input its plan's targets include batch; the target of each class is without it
 */
export function deferrals({ plan, demand, prices, targetOf }: TierInput): readonly Deferral[] {
  const book = createPriceBook({ data: prices });
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
      .map(({ id, isAsync }, t) => ({ id, cost: isAsync && isAllowed(plan, c, t) ? costAt(t) : null }))
      .filter(({ cost }) => cost !== null)
      .toSorted((a, b) => a.cost! - b.cost!);
    const best = batches[0];
    return {
      className: name,
      deferrable,
      usdPerMonth: now === null ? null : ((now / 1e15) * MONTH_MINUTES) / demand.minutes,
      savingShare: best === undefined || now === null || now === 0 ? null : 1 - best.cost! / now,
      target: best?.id,
      isListed: best === undefined || !isByRatio(plan, book, { model, target: best.id }),
    };
  });
}

/** A model or a price of the scenario's own is in no list, and taken as said. */
function isByRatio(plan: Plan, book: PriceBook, { model, target }: { model: number; target: string }): boolean {
  const t = plan.targets.findIndex(({ id }) => id === target);
  const key = plan.money.schedule.keys[plan.money.keyOfTarget[t * plan.models.length + model] ?? -1];
  if (key === undefined) return false;
  const quote = book.quote({ ...key, model: plan.models[model]!.id });
  return !("code" in quote) && quote.isByRatio === true;
}

function inputCost({ plain, cacheRead, cacheWrite }: InputParts, price: (kind: number) => number): number {
  return plain * price(INPUT) + cacheRead * price(CACHE_READ) + cacheWrite * price(CACHE_WRITE);
}

/** Whether nothing but the wait keeps a class from a batch target: its region and family are legal for the class. */
function isAllowed(plan: Plan, classIndex: number, target: number): boolean {
  const { legal, model } = plan.classes[classIndex]!;
  if (legal[target] === 1) return true;
  const familyOf = (t: number) =>
    plan.money.schedule.keys[plan.money.keyOfTarget[t * plan.models.length + model] ?? -1]?.family;
  return plan.targets.some(
    ({ region, isAsync }, t) =>
      !isAsync && legal[t] === 1 && region === plan.targets[target]!.region && familyOf(t) === familyOf(target),
  );
}
