/** The routes that a class of a replayed bill may take, and their prices: what was billed times ratios of list prices. */
import { AWS_REGIONS } from "../base/regions.ts";
import type { PriceBook } from "../service/pricing/price-book.ts";
import { type ClassifiedLine, usdPerMTok } from "./classify.ts";
import { type Bill, tokenLines } from "./spend.ts";
import { formatDecimal, sumOf } from "./usd.ts";

/** USD per million tokens. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

/** An entry of a scenario's `prices.overrides`. */
export interface RoutePrice extends Prices {
  readonly model: string;
  readonly region: string;
  readonly family: "regional" | "global";
}

/** A way that a class may take beside its own. */
export interface OtherRoute {
  /** `global profile`, or a region. */
  readonly way: string;
  readonly target: string;
  readonly override: RoutePrice;
}

/** Exact until the last step: USD per million tokens, 0 where none were bought. */
export function effectivePrice(lines: readonly ClassifiedLine[]): number {
  const price = usdPerMTok(sumOf(lines.map(({ line }) => line.costUsd)), sumOf(lines.map(({ tokens }) => tokens!)));
  return price === undefined || price < 0n ? 0 : Number(formatDecimal(price));
}

/**
 * Regions of the bill in the same legal area, and the global profile from home, where both have a list price.
 *
 * @param model name of the class's model in the scenario
 */
export function otherRoutes(
  { bill, book }: { readonly bill: Bill; readonly book: PriceBook },
  { modelId, region, routing }: ClassifiedLine,
  billed: Prices,
  model: string,
): readonly OtherRoute[] {
  if (modelId === undefined) return [];
  const listed = (where: string, family: "regional" | "global"): Prices | undefined => {
    const quote = book.quote({ model: modelId, region: where, family, tier: "standard" });
    return "code" in quote ? undefined : quote.prices;
  };
  const now = listed(region!, routing === "global" ? "global" : "regional");
  const area = AWS_REGIONS.find(({ id }) => id === region)?.geography;
  const near = [...new Set(tokenLines(bill).map((line) => line.region))].filter(
    (other) => other !== undefined && AWS_REGIONS.find(({ id }) => id === other)?.geography === area,
  );
  const ways = [...near.map((other) => [other!, "regional"] as const), [region!, "global"] as const].filter(
    ([where, family]) => where !== region || (family === "global") !== (routing === "global"),
  );
  return ways.flatMap(([where, family]) => {
    const then = listed(where, family);
    if (now === undefined || then === undefined || now.input === 0 || now.output === 0) return [];
    const input = (billed.input * then.input) / now.input;
    const output = (billed.output * then.output) / now.output;
    const target = family === "global" ? `${where}/global` : where;
    return [
      {
        way: family === "global" ? "global profile" : where,
        target,
        override: { model, region: where, family, input, output },
      },
    ];
  });
}

/** By list price; 1.25 where there is none, as Claude's has always been. */
export function writeOverInput(book: PriceBook, { modelId, region }: ClassifiedLine): number {
  const quote = book.quote({ model: modelId ?? "", region: region!, family: "regional", tier: "standard" });
  return "code" in quote || quote.prices.input === 0 ? 1.25 : quote.prices.cacheWrite / quote.prices.input;
}

/** The target of the lowest price for a call of mean size; the first of equals. */
export function cheapestRoute(of: {
  readonly targets: readonly string[];
  readonly overrides: readonly Prices[];
  /** Tokens of a call. */
  readonly input: number;
  readonly output: number;
}): string {
  const costs = of.targets.map((_, i) => of.input * of.overrides[i]!.input + of.output * of.overrides[i]!.output);
  return of.targets[costs.indexOf(Math.min(...costs))]!;
}
