/** What the service tiers and bought model units would cost for the same tokens, by list price. */
import type { Plan } from "../scenario/plan.ts";
import { createPriceBook } from "../service/pricing/price-book.ts";
import type { PriceBookData } from "../service/pricing/price-book-data.ts";
import { PREPAID, type ServiceTier } from "../service/pricing/prices.ts";
import { PROVISIONED_TERMS } from "../service/pricing/reserved.ts";
import type { Demand } from "./demand.ts";

/** One tier beside the standard one. */
export interface TierCost {
  readonly tier: ServiceTier;
  /** Its list price of all tokens over the standard tier's; null where none of the classes' models has it. */
  readonly factor: number | null;
  /** Classes whose model has no list price at that tier where it is called. */
  readonly left: readonly string[];
}

/** One model unit of provisioned throughput against the tokens that its price would buy on demand. */
export interface ProvisionedBreakEven {
  readonly model: string;
  readonly region: string;
  readonly term: string;
  readonly usdPerHour: number;
  /** Tokens a minute, in the mix of the traffic, that cost as much on demand. */
  readonly breakEvenTpm: number;
  /** Mean of the run. */
  readonly meanTpm: number;
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
    return [{ name, key: { ...key, model: id }, modelId: id, input: sum(input), output: sum(output) }];
  });
}

/** Priority and flex over standard, for the classes that have them. */
export function tierCosts(input: TierInput): readonly TierCost[] {
  const book = createPriceBook({ data: input.prices });
  const uses = billed(input);
  return TIERS.map((tier) => {
    let [standard, other] = [0, 0];
    const left: string[] = [];
    for (const { name, key, input: inputTokens, output } of uses) {
      const [now, then] = [book.quote(key), book.quote({ ...key, tier })];
      if ("code" in now || "code" in then) {
        left.push(name);
        continue;
      }
      standard += inputTokens * now.prices.input + output * now.prices.output;
      other += inputTokens * then.prices.input + output * then.prices.output;
    }
    return { tier, factor: standard === 0 ? null : other / standard, left };
  });
}

/** For each model and region with a published price of a model unit, the cheapest term. */
export function provisionedBreakEvens(input: TierInput): readonly ProvisionedBreakEven[] {
  const book = createPriceBook({ data: input.prices });
  return billed(input).flatMap(({ key, modelId, input: inputTokens, output }): readonly ProvisionedBreakEven[] => {
    const row = input.prices.provisionedThroughput.find(
      ({ model }) => modelId === model || modelId.startsWith(`${model}-`),
    );
    const quote = book.quote(key);
    if (row === undefined || "code" in quote || inputTokens + output === 0) return [];
    const usdPerToken =
      (inputTokens * quote.prices.input + output * quote.prices.output) / (inputTokens + output) / 1e6;
    const [term, usdPerHour] = PROVISIONED_TERMS.flatMap((each) => {
      const price = row[each];
      return price === null || price === undefined ? [] : [[each, price] as const];
    }).toSorted((a, b) => a[1] - b[1])[0] ?? [undefined, 0];
    if (term === undefined || usdPerToken === 0) return [];
    return [
      {
        model: modelId,
        region: key.region,
        term,
        usdPerHour,
        breakEvenTpm: usdPerHour / 60 / usdPerToken,
        meanTpm: (inputTokens + output) / input.demand.minutes,
      },
    ];
  });
}
