/** Questions about prices that a scenario states: far from the list, they may be per another number of tokens. */
import { createPriceBook, type PriceBookInput } from "./price-book.ts";
import { PREPAID, type PriceKey, type TokenPricesUsdPerMTok } from "./prices.ts";

/** Prices this many times off the list are asked about. */
const SUSPICIOUS = 100;

type Kind = keyof TokenPricesUsdPerMTok;
const KINDS: readonly (readonly [Kind, string])[] = [
  ["input", "input"],
  ["output", "output"],
  ["cacheRead", "cache reads"],
  ["cacheWrite", "cache writes"],
];

/**
 * A question for each model whose stated price is a hundred times or more above or below the list; none where a price
 * is 0: that is no mistake of the unit.
 *
 * @param input as the price book takes it, with the list prices that it is compared with
 * @param keys what the scenario sells
 * @returns such as "The price of s is 1,000 times below the list (0.0033 against 3.30 USD per million tokens of input):
 *   per 1K tokens?"
 */
export function priceQuestions(input: PriceBookInput, keys: readonly PriceKey[]): readonly string[] {
  if (input.overrides === undefined || input.overrides.length === 0) return [];
  const stated = createPriceBook(input);
  const list = createPriceBook({ ...input, overrides: [] });
  const asked = new Map<string, string>();
  for (const key of keys) {
    if (key.tier === PREPAID || asked.has(key.model)) continue;
    const [own, listed] = [stated.quote(key), list.quote(key)];
    if ("code" in own || "code" in listed || own.source !== "scenario") continue;
    const question = questionOf(key.model, own.prices, listed.prices);
    if (question !== undefined) asked.set(key.model, question);
  }
  return [...asked.values()];
}

function questionOf(model: string, own: TokenPricesUsdPerMTok, list: TokenPricesUsdPerMTok): string | undefined {
  for (const [kind, label] of KINDS) {
    if (!(own[kind] > 0 && list[kind] > 0)) continue;
    const isBelow = own[kind] < list[kind];
    const times = Number((isBelow ? list[kind] / own[kind] : own[kind] / list[kind]).toPrecision(3));
    if (times < SUSPICIOUS) continue;
    const factor = `${times.toLocaleString("en-US")} times ${isBelow ? "below" : "above"} the list`;
    const figures = `${usd(own[kind])} against ${usd(list[kind])} USD per million tokens of ${label}`;
    return `The price of ${model} is ${factor} (${figures}): ${unitOf(isBelow, times)}?`;
  }
  return undefined;
}

/** The unit in which the price would be about that of the list. */
function unitOf(isBelow: boolean, times: number): string {
  if (!isBelow) return "is it in USD";
  if (times >= 2e5) return "per token";
  return times >= 300 && times <= 3000 ? "per 1K tokens" : "per another number of tokens";
}

/** At least two decimals, and as many as the price has. */
function usd(price: number): string {
  const text = String(Number(price.toPrecision(6)));
  return /^\d+(\.\d)?$/.test(text) ? price.toFixed(2) : text;
}
