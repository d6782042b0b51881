import { MeridianError } from "../../../simulator/errors.ts";
import type { ListPrice } from "../../../simulator/replay/spend-rates.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createPriceBook } from "../../../simulator/world/pricing/price-book.ts";
import type { PriceBookData } from "../../../simulator/world/pricing/price-book-data.ts";

/**
 * AWS's list prices of what a plan buys: a budget must not rest on a scenario's own what-if prices.
 *
 * @throws MeridianError usage, with every key that has no list price
 */
export function listPricesOf(plan: Plan, data: PriceBookData): ListPrice {
  const modelIds = Object.fromEntries(plan.models.map(({ name, id }) => [name, id]));
  const book = createPriceBook({ data, modelIds });
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
