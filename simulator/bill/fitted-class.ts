/**
 * A fitted class of a bill: what it is known by, day by day; the routes that it may take and their prices, what was billed
 * times ratios of list prices; and what of it moves to another cache, for its uncertainty.
 */
import { AWS_REGIONS } from "../base/regions.ts";
import { DAY_MS } from "../base/time.ts";
import type { PriceBook } from "../service/pricing/price-book.ts";
import { formatDecimal, sumOf, toNumber } from "./bill-line.ts";
import { type ClassifiedLine, usdPerMTok } from "./classify.ts";
import { type Bill, daysOf, tokenLines } from "./spend.ts";

/** Sizes of calls of a model, from logs; a bill alone does not tell them. */
export interface CallSizes {
  readonly meanOutput: number;
  readonly cvInput: number;
  readonly cvOutput: number;
  /** What the log tells of hits that a global profile loses; undefined where it tells nothing of them. */
  readonly hitsLost?: HitsLost;
}

/** Share of the cache hits that a class loses on a global profile. */
export interface HitsLost {
  /** 0 unless given. */
  readonly least?: number;
  /** If the profile runs `ELSEWHERE_MAX` of the calls outside the region that was called. */
  readonly most: number;
  /** Of what goes through a global profile already against the rest, on the bill and in the log; where there are both. */
  readonly measured?: MeasuredLoss;
}

/** A share of hits that was found lost, with its standard error. */
export interface MeasuredLoss {
  readonly share: number;
  readonly error: number;
}

/** What is assumed of calls where no log tells: the spend does not depend on it, the width of intervals does. */
export const ASSUMED_SIZES: CallSizes = { meanOutput: 200, cvInput: 1.5, cvOutput: 1.5 };

/** One class of a replay, as its uncertainty is drawn from it. */
export interface FittedClass {
  readonly name: string;
  readonly team: string;
  /** USD billed on each day of the bill, in the order of days. */
  readonly usdByDay: readonly number[];
  readonly callsPerDay: number;
  /** Of the model, where a log has its calls. */
  readonly sizes: CallSizes | undefined;
  /** As the bill and the log show it or the user says; `HITS_LOST_ASSUMED` where nothing does. */
  readonly hitsLost?: HitsLost;
  /** What the class would cost more, as a share of what is billed, if every cache hit were a write. */
  readonly hitsAtStake: number;
  /** Strategies of the replay that move it from its region to a global profile, where hits may be lost. */
  readonly globalUnder: readonly string[];
}

/**
 * USD of some lines on each of the days; a line of several days is spread evenly over them.
 *
 * @param days as days since 1970, ascending
 */
export function usdByDay(lines: readonly ClassifiedLine[], days: readonly number[]): readonly number[] {
  const at = new Map(days.map((day, i) => [day, i]));
  const usd = new Array<number>(days.length).fill(0);
  for (const each of lines) {
    const own = daysOf([each]);
    for (const day of own) usd[at.get(day)!]! += toNumber(each.line.costUsd) / own.size;
  }
  return usd;
}

/** Whether every line is of one day at most: else days cannot be told apart. */
export function isByDay(lines: readonly ClassifiedLine[]): boolean {
  return lines.every(({ line }) => line.endMs - line.startMs <= DAY_MS);
}

/**
 * @param writeOverInput list price of a cache write over that of plain input, for lines that bought none
 * @returns (price of a write - price of a hit) × tokens of hits / cost of all lines; 0 without hits
 */
export function hitsAtStake(lines: readonly ClassifiedLine[], writeOverInput: number): number {
  const of = (kind: string) => {
    const own = lines.filter(({ tokenKind }) => tokenKind === kind);
    const tokens = toNumber(sumOf(own.map((each) => each.tokens ?? 0n)));
    const usd = toNumber(sumOf(own.map(({ line }) => line.costUsd)));
    return { tokens, usd, price: tokens === 0 ? 0 : usd / tokens };
  };
  const [reads, writes, input] = [of("cacheRead"), of("cacheWrite"), of("input")];
  const all = toNumber(sumOf(lines.map(({ line }) => line.costUsd)));
  const write = writes.price > 0 ? writes.price : input.price * writeOverInput;
  return all <= 0 ? 0 : Math.max(0, (reads.tokens * (write - reads.price)) / all);
}

/** A profile prefers the region that was called; how often it does not is not published. At most so often, assumed. */
export const ELSEWHERE_MAX = 0.2;
/** A hit is lost in the region that was called if the calls before it ran elsewhere. Source: default cache TTL of Bedrock. */
const CACHE_TTL_MS = 300_000;

/**
 * Expected share of hits that are lost if a share q of the calls runs elsewhere, each where no earlier call of its
 * prefix ran: q + (1 - q) q^m, where m earlier calls with the prefix are in the time to live. One such call is the
 * least that a hit needs, and all that is known without a log.
 *
 * @example hitsLostIf(0.5, 1) // => 0.75
 */
export function hitsLostIf(elsewhere: number, earlierCalls: number): number {
  return elsewhere + (1 - elsewhere) * elsewhere ** Math.max(1, earlierCalls);
}

/** What is taken where no log tells: from none to the most that calls so far apart can lose. */
export const HITS_LOST_ASSUMED: HitsLost = { most: hitsLostIf(ELSEWHERE_MAX, 1) };

/** Cached tokens of a call, or of a team in a region. */
export interface CachedTokens {
  readonly readTokens: number;
  readonly writeTokens: number;
  readonly isGlobal: boolean;
}

/** A call of a log that read or wrote a cache. */
export interface CachedCall extends CachedTokens {
  readonly atMs: number;
  /** Calls of one prefix have the same: tenant, region and number of cached tokens. */
  readonly prefix: string;
}

/**
 * What the cached calls of one model say of hits that a global profile loses: how near calls of one prefix are to one
 * another, and the share of cached tokens that were read rather than written, through global profiles and otherwise.
 *
 * @param calls ascending in time
 * @returns undefined where none of them read
 */
export function hitsLostOfLog(calls: readonly CachedCall[]): HitsLost | undefined {
  const times = new Map<string, number[]>();
  let [lost, all] = [0, 0];
  for (const { atMs, prefix, readTokens } of calls) {
    const before = times.get(prefix) ?? [];
    times.set(prefix, before);
    while (before.length > 0 && before[0]! < atMs - CACHE_TTL_MS) before.shift();
    lost += readTokens * hitsLostIf(ELSEWHERE_MAX, before.length);
    all += readTokens;
    before.push(atMs);
  }
  if (all === 0) return undefined;
  const measured = lossOf(calls);
  return { most: lost / all, ...(measured === undefined ? {} : { measured }) };
}

/** Hits lost where tokens go through a global profile, against where they do not; undefined without both. */
export function lossOf(tokens: readonly CachedTokens[]): MeasuredLoss | undefined {
  const [global, other] = [true, false].map((isGlobal) =>
    hitShare(tokens.filter((each) => each.isGlobal === isGlobal)),
  );
  if (global === undefined || other === undefined || other.share === 0) return undefined;
  const kept = global.share / other.share;
  return { share: 1 - kept, error: Math.hypot(global.error / other.share, (kept * other.error) / other.share) };
}

/** Two measurements as one, weighted by their precision; adds what one of them alone has. */
export function joined(known: HitsLost, other: MeasuredLoss | undefined): HitsLost {
  const { measured } = known;
  if (other === undefined) return known;
  if (measured === undefined) return { ...known, measured: other };
  const [a, b] = [measured.error ** -2, other.error ** -2];
  return { ...known, measured: { share: (a * measured.share + b * other.share) / (a + b), error: (a + b) ** -0.5 } };
}

/** Tokens read over tokens cached, a ratio of sums over calls or teams; its error is at least that of one of them. */
function hitShare(calls: readonly CachedTokens[]): MeasuredLoss | undefined {
  const cached = calls.reduce((sum, { readTokens, writeTokens }) => sum + readTokens + writeTokens, 0);
  if (calls.length < 2 || cached === 0) return undefined;
  const share = calls.reduce((sum, { readTokens }) => sum + readTokens, 0) / cached;
  const squares = calls.reduce(
    (sum, call) => sum + (call.readTokens - share * (call.readTokens + call.writeTokens)) ** 2,
    0,
  );
  return { share, error: Math.max(1 / calls.length, Math.sqrt(squares) / cached) };
}

/**
 * Quantile function of the share of hits that are lost: even from 0 to the most, weighted by how well each share fits what
 * was measured (a normal likelihood). What does not hang on the draw is computed once.
 *
 * @returns takes u in [0, 1]
 */
export function hitsLostQuantile({ least = 0, most, measured }: HitsLost): (u: number) => number {
  if (measured === undefined) return (u) => least + u * (most - least);
  const weights = Array.from({ length: GRID }, (_, i) => {
    const z = (((i + 0.5) / GRID) * most - measured.share) / measured.error;
    return Math.exp(-(z * z) / 2);
  });
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  // So far from what can be lost that nothing fits: the nearer end.
  if (!(all > 0)) return () => (measured.share > most ? most : 0);
  return (u) => {
    let [i, below] = [0, 0];
    while (i < GRID - 1 && below + weights[i]! < u * all) below += weights[i++]!;
    return ((i + Math.min(1, (u * all - below) / (weights[i]! || 1))) / GRID) * most;
  };
}

const GRID = 100;

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
