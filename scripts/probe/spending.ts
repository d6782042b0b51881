/** What a probe's calls cost: the ledger of its budget, the price of a call, and prompts of bounded length. */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import type { ProbeRecord } from "../../simulator/probe/summary.ts";
import type { RandomStream } from "../../simulator/random/keyed-random.ts";
import type { LongContextPrice, ModelFacts } from "../../simulator/service/model-facts.ts";
import type { PriceBook, PriceQuote } from "../../simulator/service/pricing/price-book.ts";
import type { RouteFamily, TokenPricesUsdPerMTok } from "../../simulator/service/pricing/prices.ts";
import type { ProfileData } from "../../simulator/service/profiles.ts";

/**
 * Money that may still be spent: the worst case is taken before a call, and what it did not cost is given back.
 *
 * Not the budget of a bench (simulator/bench/reservations.ts): that one runs inside k6, is divided among routers before the
 * run and prices a planned request by class and target. A probe has one ledger, and takes the price of each call as a
 * number.
 */
export interface SpendLedger {
  /** @returns false if the budget does not hold it */
  reserve(worstUsd: number): boolean;
  settle(worstUsd: number, costUsd: number): void;
  spentUsd(): number;
}

/** @param budgetUsd Infinity where all calls are free */
export function createSpendLedger(budgetUsd: number): SpendLedger {
  let reserved = 0;
  let spent = 0;
  return {
    reserve(worstUsd) {
      if (spent + reserved + worstUsd > budgetUsd) return false;
      reserved += worstUsd;
      return true;
    },
    settle(worstUsd, costUsd) {
      reserved -= worstUsd;
      spent += costUsd;
    },
    spentUsd: () => spent,
  };
}

/** What calls of one region and model cost. */
export interface CallPrice {
  /** At most, USD a call. */
  readonly worstUsd: number;
  readonly costUsd: (probe: ProbeRecord) => number;
  /** Where the price is from, as text for people. */
  readonly derivation: string;
}

export const FREE_OF_CHARGE: CallPrice = { worstUsd: 0, costUsd: () => 0, derivation: "this machine: free" };

export interface PricedCall {
  readonly region: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * The price of a call at the most expensive of the regions that may run it, since AWS does not say for every profile whose
 * price counts.
 *
 * @param ownPrices prices that the user gave, in place of the book's
 * @throws MeridianError usage, PROBE_PRICE_UNKNOWN
 */
export function priceOfCall(
  call: PricedCall,
  facts: CallFacts,
  ownPrices: Pick<TokenPricesUsdPerMTok, "input" | "output"> | undefined,
): CallPrice {
  const found = ownPrices === undefined ? mostExpensive(call, facts) : { prices: ownPrices, derivation: "--price" };
  if ("code" in found) throw new MeridianError("usage", priceUnknown(call, found));
  const { input, output } = found.prices;
  const long = longPriceOf(call, facts);
  const usd = (inputTokens: number, outputTokens: number) => {
    const isLong = long !== undefined && inputTokens > long.aboveInputTokens;
    const [inputFactor, outputFactor] = isLong ? [long.inputFactor, long.outputFactor] : [1, 1];
    return (inputTokens * input * inputFactor + outputTokens * output * outputFactor) / 1e6;
  };
  return {
    worstUsd: usd(inputTokensMax(call.inputTokens), call.outputTokens),
    costUsd: ({ inputTokens, outputTokens, cacheReadTokens }) => usd(inputTokens + cacheReadTokens, outputTokens),
    derivation: found.derivation,
  };
}

interface CallFacts {
  readonly book: PriceBook;
  readonly profiles: ProfileData;
  readonly models: ModelFacts;
}

/** What a call with a long prompt costs more; undefined where it does not, or where that is not known. */
function longPriceOf({ model }: PricedCall, { models }: CallFacts): LongContextPrice | undefined {
  const known = models.fact(model, "longContextPrice")?.value;
  return known === "none" ? undefined : known;
}

interface FoundPrice {
  readonly prices: Pick<TokenPricesUsdPerMTok, "input" | "output">;
  readonly derivation: string;
}

function mostExpensive({ region, model }: PricedCall, { book, profiles }: CallFacts): FoundPrice | Problem {
  const route = routeOf(model, region, profiles);
  const quote = (where: string, family: RouteFamily) =>
    book.quote({ model: route.modelId, region: where, family, tier: "standard" });
  const own = quote(region, route.family);
  if ("code" in own) return own;
  const others = route.destinations.filter((each) => each !== region).map((each) => quote(each, "regional"));
  const quotes = [own, ...others.filter((each): each is PriceQuote => !("code" in each))];
  const max = (kind: "input" | "output") => Math.max(...quotes.map(({ prices }) => prices[kind]));
  return { prices: { input: max("input"), output: max("output") }, derivation: `${own.source}, ${own.asOf}` };
}

/** What is called by an id: a model, or a profile's model with the regions that may run it. */
function routeOf(
  id: string,
  region: string,
  { profiles }: ProfileData,
): { readonly modelId: string; readonly family: RouteFamily; readonly destinations: readonly string[] } {
  const called = /^arn:[\w-]+:bedrock:[\w-]*:\d*:(?:foundation-model|inference-profile)\/(.+)$/.exec(id)?.[1] ?? id;
  const record = profiles.find((each) => each.profileId === called && each.historical !== true);
  if (record === undefined) return { modelId: called, family: "regional", destinations: [] };
  if (record.kind === "global") return { modelId: record.modelId, family: "global", destinations: [] };
  const destinations = Object.hasOwn(record.destinationsBySource, region) ? record.destinationsBySource[region]! : [];
  return { modelId: record.modelId, family: "geographic", destinations };
}

function priceUnknown({ region, model }: PricedCall, cause: Problem): Problem {
  return {
    code: "PROBE_PRICE_UNKNOWN",
    what: cause.what,
    where: `${region} ${model}`,
    fix: "state it: --price <USD per million input tokens>,<USD per million output tokens>, e.g. --price 3,15",
  };
}

/** Common English words: at least two characters for every token of any tokenizer in use, four on average. */
const WORDS = "lamp tree road fish wind salt moon leaf hill rain boat corn".split(" ");
const CHARS_PER_TOKEN = 4;
const TASK = "Write a long story about these words: ";

/**
 * A prompt of about so many input tokens at four characters each. It begins differently each time, so that no prompt
 * cache can serve it.
 */
export function probePrompt(inputTokens: number, random: RandomStream): string {
  const length = Math.max(1, Math.round(inputTokens * CHARS_PER_TOKEN));
  const word = () => WORDS[Math.floor(random.next() * WORDS.length)]!;
  let text = `${word()} ${word()} ${word()}. ${TASK}`;
  while (text.length < length) text += `${word()} `;
  return text.slice(0, length);
}

/**
 * An upper limit for the tokens of `probePrompt`'s text: no tokenizer in use makes more, and 100 are for the frame of a
 * chat.
 *
 * @example inputTokensMax(500) // => 1100
 */
export function inputTokensMax(inputTokens: number): number {
  return Math.ceil((inputTokens * CHARS_PER_TOKEN) / 2) + 100;
}
